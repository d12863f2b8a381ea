"""`make bench-models`: compare the speed of our BLIP-2 handler with the sample's, on the same random weights.

`python -m scripts.bench.models [--quick]` prints the medians and writes them to build/bench/models.json and
docs/performance.md. `scripts.bench.gpu` measures the full-size network on a GPU.
"""

import argparse
import base64
import datetime
import io
import itertools
import json
import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from rich.console import Console

from local.models import random_checkpoint
from local.models.blip2 import HANDLER
from local.models.container import load_handler
from local.models.random_checkpoint import NetworkSize
from model_artifacts.demo.drawings import QUESTIONS
from scripts.bench.judge_tokens import judge_tokens
from scripts.sections import write_section

# adds the handler's folder to the import path
load_handler(HANDLER)

from blip2_serving.blip2 import Blip2, Row  # noqa: E402
from blip2_serving.service import Service  # noqa: E402

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/performance.md"
JSON_FILE = ROOT / "build/bench/models.json"

PROMPTS = tuple(f"Question: {question} Answer:" for question in QUESTIONS)

# Random weights never end an answer, so both methods use the lengths of real answers:
# "yes" and the end token, and a caption of ten words.
ANSWER_TOKENS = 2
CAPTION_TOKENS = 12

QUICK = NetworkSize()
MEDIUM = NetworkSize(
    image=224,
    patch=14,
    queries=32,
    vision={"hidden_size": 352, "intermediate_size": 1536, "num_hidden_layers": 10, "num_attention_heads": 4},
    qformer={
        "hidden_size": 192,
        "intermediate_size": 768,
        "num_hidden_layers": 4,
        "num_attention_heads": 4,
        "vocab_size": 32,
    },
    text={"d_model": 512, "d_kv": 64, "d_ff": 1280, "num_layers": 6, "num_heads": 8},
)


@dataclass(frozen=True)
class Network:
    """Random weights, and our service with the same weights."""

    model: Any
    processor: Any
    blip2: Blip2
    service: Service


def build(
    size: NetworkSize,
    device: str = "cpu",
    dtype: torch.dtype = torch.float32,
    corpus: Sequence[str] = random_checkpoint.CORPUS,
) -> Network:
    """Return a network that never ends an answer by itself, so that every answer has its maximum length."""
    with torch.device(device):
        model, processor = random_checkpoint.build(size, corpus=corpus)
    model = model.to(device, dtype)
    with torch.no_grad():
        # the end token gets a logit of 0, which is never the maximum of hundreds
        model.language_model.lm_head.weight[model.config.text_config.eos_token_id] = 0
    return served(model, processor)


def served(model: Any, processor: Any) -> Network:
    """Return the network behind a handler that has cached nothing."""
    blip2 = Blip2(model, processor.image_processor, processor.tokenizer)
    service = Service(ANSWER_TOKENS, CAPTION_TOKENS)
    service.serve(blip2, "random")
    return Network(model, processor, blip2, service)


def sample_way(network: Network, image: str, prompts: Sequence[str] = PROMPTS) -> list[str]:
    """Run the sample's handler once a prompt and once for the caption: decode, encode and generate each time."""
    texts = []
    for prompt in (*prompts, None):
        picture = Image.open(io.BytesIO(base64.b64decode(image))).convert("RGB")
        inputs = network.processor(images=picture, text=prompt, return_tensors="pt")
        inputs = inputs.to(network.model.device, network.model.dtype)
        limit = CAPTION_TOKENS if prompt is None else ANSWER_TOKENS
        with torch.no_grad():
            generated = network.model.generate(**inputs, max_new_tokens=limit, do_sample=False)
        texts.append(network.processor.batch_decode(generated, skip_special_tokens=True)[0].strip())
    return texts


def encode_once(network: Network, image: str) -> None:
    """Encode once, then decode nine times in sequence."""
    for row in _rows(network, image):
        network.blip2.decode([row])


def one_batch(network: Network, image: str) -> None:
    """Encode once, then call `generate` for a padded batch of all nine, which runs until the caption is done."""
    network.blip2.generate(_rows(network, image), {"max_new_tokens": CAPTION_TOKENS, "do_sample": False})


def our_way(network: Network, *images: str, prompts: Sequence[str] = PROMPTS, caption: bool = True) -> list[Any]:
    """Run our handler on a dynamic batch, with P(yes): an answer leaves the batch when it is done."""
    requests = [{"image": image, "prompts": prompts, "caption": caption} for image in images]
    return network.service.answer([json.dumps(request).encode() for request in requests])


def _rows(network: Network, image: str) -> list[Row]:
    blip2 = network.blip2
    picture = Image.open(io.BytesIO(base64.b64decode(image))).convert("RGB")
    visual = blip2.encode([blip2.pixels(picture)])[0]
    caption = Row(visual, blip2.tokens(None), CAPTION_TOKENS)
    return [*(Row(visual, blip2.tokens(prompt), ANSWER_TOKENS) for prompt in PROMPTS), caption]


# Each method with its number of images at once.
WAYS: Mapping[str, tuple[Callable[..., object], int]] = {
    "the sample's way: nine requests": (sample_way, 1),
    "encoded once, decoded nine times": (encode_once, 1),
    "encoded once, one batch": (one_batch, 1),
    "ours: encoded once, one batch that answers leave, scored": (our_way, 1),
    "ours, four images in a dynamic batch": (our_way, 4),
}


def on_cpu(size: NetworkSize, repeats: int, console: Console) -> dict[str, float]:
    """Return the median milliseconds of processor time per image of each method. They take turns."""
    network = build(size)
    seconds: dict[str, list[float]] = {name: [] for name in WAYS}
    seeds = itertools.count()
    for number in range(repeats + 1):
        for name, (way, images) in WAYS.items():
            pictures = [picture(next(seeds), 512) for _ in range(images)]  # new each time: nothing is cached
            begin = time.process_time()
            way(network, *pictures)
            seconds[name].append((time.process_time() - begin) / images)
        console.print(f"round {number} of {repeats}" + (" (warming up)" if number == 0 else ""))
    return {name: 1000 * statistics.median(times[1:]) for name, times in seconds.items()}


def picture(seed: int, side: int) -> str:
    """Return a PNG of noise in base64."""
    pixels = np.random.default_rng(seed).integers(0, 255, (side, side, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def page(results: Mapping[str, Any]) -> str:
    """Return the results as a Markdown section."""
    cpu, first = results["cpu"], next(iter(results["cpu"].values()))
    lines = [
        f"Measured on {results['day']}, {results['machine']} (threads: {results['threads']}), by `make bench-models`: "
        f"random weights ({results['parameters']}), eight questions and a caption an image, medians of "
        f"{results['repeats']} rounds in processor time.",
        "",
        "| way | ms an image | times as fast |",
        "|---|---:|---:|",
        *(f"| {name} | {ms:.0f} | {first / ms:.2f} |" for name, ms in cpu.items()),
        "",
    ]
    lines += [
        "The judge's tokens for the sample's surfer picture, counted by Llama 2's tokenizer (`llama-tokenizer-js`):",
        "",
        "| | prompt | answer |",
        "|---|---:|---:|",
        *(f"| {name} | {each['prompt']} | {each['answer']} |" for name, each in results["judge"].items()),
    ]
    return "\n".join(lines)


def processor() -> str:
    """Return the processor's name, which `platform` knows on some systems only."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def main() -> None:
    """Measure, print and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="use tiny networks as a smoke test; writes no page")
    parser.add_argument("--repeats", type=int, default=7, help="number of rounds that the median is taken over")
    arguments = parser.parse_args()
    console = Console()
    size = QUICK if arguments.quick else MEDIUM
    results = {
        "day": f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}",
        "machine": processor(),
        "threads": torch.get_num_threads(),
        "parameters": _parameters(size),
        "repeats": arguments.repeats,
        "cpu": on_cpu(size, arguments.repeats, console),
        "judge": {name: asdict(each) for name, each in judge_tokens().items()},
    }
    console.print(page(results), markup=False)
    JSON_FILE.parent.mkdir(parents=True, exist_ok=True)
    JSON_FILE.write_text(json.dumps(results, indent=2) + "\n")
    if not arguments.quick:
        write_section(PAGE, "models", page(results))


def _parameters(size: NetworkSize) -> str:
    model, _ = random_checkpoint.build(size)
    networks = {"ViT": model.vision_model, "Q-Former": model.qformer, "T5": model.language_model}
    return ", ".join(
        f"{name} {sum(p.numel() for p in part.parameters()) / 1e6:.1f} M" for name, part in networks.items()
    )


if __name__ == "__main__":
    main()
