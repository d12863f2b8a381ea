"""`make bench-gpu`: compare our BLIP-2 handler with the sample's at full size, on a CUDA GPU.

`python -m scripts.bench.gpu [--quick]` builds a network with blip2-flan-t5-xl's dimensions and random weights in bf16,
and writes what it measures to build/bench/gpu.json after each step. `--quick` runs a tiny network on any machine, as a
smoke test.
"""

import argparse
import importlib.metadata
import itertools
import json
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import torch
import yaml
from torch.profiler import ProfilerActivity, profile

from local.models.random_checkpoint import CORPUS, NetworkSize
from scripts.bench.models import (
    PROMPTS,
    QUICK,
    ROOT,
    Network,
    build,
    our_way,
    picture,
    processor,
    sample_way,
    served,
)

JSON_FILE = ROOT / "build/bench/gpu.json"
PACK = ROOT / "lambdas/moderation/packs/default.yaml"

FULL = NetworkSize(
    image=224,
    patch=14,
    queries=32,
    vision={"hidden_size": 1408, "intermediate_size": 6144, "num_hidden_layers": 39, "num_attention_heads": 16},
    qformer={"hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12, "num_attention_heads": 12},
    text={"d_model": 2048, "d_kv": 64, "d_ff": 5120, "num_layers": 24, "num_heads": 32, "vocab_size": 32128},
)

VIEWS = (1, 4, 8)
# Views compared for the effect of batching on P: a multiple of each of VIEWS.
COMPARED = 8
MATRIX_SIDE = 8192

Item = TypeVar("Item")
Views = list[str]


class Pictures:
    """Endless pictures of noise, each a new one: the handler caches those that it has seen."""

    def __init__(self, side: int) -> None:
        self._seeds = itertools.count()
        self._side = side

    def draw(self, number: int) -> Views:
        """Return so many pictures."""
        return [picture(next(self._seeds), self._side) for _ in range(number)]


def prompts_of_default() -> tuple[str, ...]:
    """Return the prompts of the pack `default`."""
    questions = yaml.safe_load(PACK.read_text())["questions"]
    return tuple(f"Question: {question['text']} Answer:" for question in questions)


def timed(way: Callable[[Item], object], items: Sequence[Item]) -> float:
    """Return the median milliseconds of `way` for an item; the first two items only warm it up."""
    times = []
    for item in items:
        _wait()
        begin = time.perf_counter()
        way(item)
        _wait()
        times.append(1000 * (time.perf_counter() - begin))
    return statistics.median(times[2:])


def latencies(network: Network, prompts: Sequence[str], pictures: Pictures, rounds: int) -> dict[str, Any]:
    """Return the milliseconds of the sample's way for one view, and of ours for each number of views."""
    sample = timed(lambda image: sample_way(network, image, prompts), pictures.draw(2 + max(2, rounds // 3)))
    lengths = [len(network.blip2.tokens(prompt)) for prompt in prompts]
    ours = [ours_of(network, prompts, pictures, views, rounds) for views in VIEWS]
    return {"texts": len(prompts) + 1, "prompt_tokens": lengths, "sample_ms": sample, "ours": ours}


def ours_of(network: Network, prompts: Sequence[str], pictures: Pictures, views: int, rounds: int) -> dict[str, float]:
    """Return the milliseconds of one batch of so many views, and the memory that it took."""
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
    batches = [pictures.draw(views) for _ in range(2 + rounds)]
    whole = timed(lambda batch: our_way(network, *batch, prompts=prompts), batches)
    batches = [pictures.draw(views) for _ in range(2 + rounds)]
    asked = timed(lambda batch: our_way(network, *batch, prompts=prompts, caption=False), batches)
    side = network.model.config.vision_config.image_size
    encoded = timed(network.blip2.encode, [list(torch.randn(views, 3, side, side)) for _ in range(2 + rounds)])
    return {
        "views": views,
        "with_caption_ms": whole,
        "questions_only_ms": asked,
        "encode_ms": encoded,
        "views_a_second": 1000 * views / whole,
        "peak_memory_gb": torch.cuda.max_memory_allocated() / 1e9 if torch.cuda.is_available() else 0,
    }


def answers(network: Network, prompts: Sequence[str], images: Views, at_once: int) -> list[Any]:
    """Return the handler's answers about the images, so many in a batch."""
    network = served(network.model, network.processor)
    batches = [images[start : start + at_once] for start in range(0, len(images), at_once)]
    return [answer for batch in batches for answer in our_way(network, *batch, prompts=prompts)]


def compare(ones: Sequence[Any], others: Sequence[Any]) -> dict[str, float]:
    """Return how two series of answers differ: in P(yes), at 0.5, and in their texts."""
    pairs = list(zip(_flat(ones), _flat(others), strict=True))
    changes = [abs(one["p_yes"] - other["p_yes"]) for one, other in pairs]
    return {
        "answers": len(pairs),
        "max_change": max(changes),
        "mean_change": statistics.fmean(changes),
        "flips": sum((one["p_yes"] > 0.5) != (other["p_yes"] > 0.5) for one, other in pairs),
        "furthest_flip": max(
            (abs(one["p_yes"] - 0.5) for one, other in pairs if (one["p_yes"] > 0.5) != (other["p_yes"] > 0.5)),
            default=0.0,
        ),
        "same_texts": sum(one["text"] == other["text"] for one, other in pairs),
        "same_captions": sum(one["caption"] == other["caption"] for one, other in zip(ones, others, strict=True)),
    }


def same_as_sample(network: Network, prompts: Sequence[str], images: Views, ours: Sequence[Any]) -> dict[str, int]:
    """Count the texts, captions included, that equal those of the sample's way."""
    texts = [text for image in images for text in sample_way(network, image, prompts)]
    mine = [text for each in ours for text in (*(answer["text"] for answer in each["answers"]), each["caption"])]
    return {"texts": len(texts), "same": sum(one == other for one, other in zip(texts, mine, strict=True))}


def _flat(series: Sequence[Any]) -> Iterator[Any]:
    return (answer for each in series for answer in each["answers"])


def numerics(network: Network, prompts: Sequence[str], pictures: Pictures) -> Iterator[tuple[str, Any]]:
    """Compare batch sizes, and bf16 with fp32 on the same weights. The network is fp32 afterwards."""
    images = pictures.draw(COMPARED)
    alone = answers(network, prompts, images, 1)
    together = {views: answers(network, prompts, images, views) for views in VIEWS[1:]}
    p_yes = sorted(answer["p_yes"] for answer in _flat(alone))
    yield "p_yes_quartiles", [p_yes[len(p_yes) * part // 4] for part in (1, 2, 3)]
    yield "bf16_by_batch", {views: compare(alone, others) for views, others in together.items()}
    yield "bf16_texts", same_as_sample(network, prompts, images[:2], alone[:2])
    network = served(network.model.float(), network.processor)
    exact = answers(network, prompts, images, 1)
    yield "bf16_and_fp32", compare(exact, alone)
    yield "fp32_by_batch", {views: compare(exact, answers(network, prompts, images, views)) for views in VIEWS[1:]}
    yield "fp32_texts", same_as_sample(network, prompts, images[:2], exact[:2])


def busy_share(network: Network, prompts: Sequence[str], images: Views) -> float:
    """Return the share of a batch's time in which the GPU computes."""
    ready = [served(network.model, network.processor) for _ in range(5)]
    milliseconds = timed(lambda fresh: our_way(fresh, *images, prompts=prompts), ready)
    with profile(activities=[ProfilerActivity.CUDA]) as traced:
        our_way(served(network.model, network.processor), *images, prompts=prompts)
        _wait()
    microseconds: float = sum(event.self_device_time_total for event in traced.key_averages())
    return microseconds / 1000 / milliseconds


def peak_tflops() -> float:
    """Measure one large bf16 multiplication, the practical maximum of this GPU."""
    matrix = torch.randn(MATRIX_SIDE, MATRIX_SIDE, device="cuda", dtype=torch.bfloat16)
    return 2 * MATRIX_SIDE**3 / timed(lambda _: torch.mm(matrix, matrix), range(12)) / 1e9


def _wait() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def measure(quick: bool, rounds: int) -> Iterator[tuple[str, Any]]:
    """Yield each figure with its name as soon as it is there."""
    cuda = torch.cuda.is_available()
    device, dtype = ("cuda", torch.bfloat16) if cuda else ("cpu", torch.bfloat16)
    torch.backends.cudnn.allow_tf32 = False  # fp32 means fp32 in the vision tower's convolution, too
    yield "card", torch.cuda.get_device_name() if cuda else None
    yield "host", processor()
    yield "versions", {name: importlib.metadata.version(name) for name in ("torch", "transformers")}
    if cuda:
        yield "peak_tflops", peak_tflops()
    prompts = prompts_of_default()
    begin = time.perf_counter()
    network = build(QUICK if quick else FULL, device, dtype, (*CORPUS, *prompts))
    yield "built_in_s", time.perf_counter() - begin
    yield "parameters", sum(parameter.numel() for parameter in network.model.parameters())
    pictures = Pictures(network.model.config.vision_config.image_size)
    for asked in (PROMPTS, prompts):
        yield f"texts_{len(asked) + 1}", latencies(network, asked, pictures, rounds)
    if cuda:
        yield "busy", {views: busy_share(network, PROMPTS, pictures.draw(views)) for views in VIEWS}
    yield from numerics(network, prompts, pictures)


def main() -> None:
    """Measure, print and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="run a tiny network, on the CPU if there is no GPU")
    parser.add_argument("--rounds", type=int, default=15, help="number of rounds that the medians are taken over")
    parser.add_argument("--out", type=Path, default=JSON_FILE, help="file for the results")
    arguments = parser.parse_args()
    if not (arguments.quick or torch.cuda.is_available()):
        parser.error("there is no CUDA GPU; --quick runs a tiny network on the CPU")
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    results = {}
    for name, figure in measure(arguments.quick, arguments.rounds):
        results[name] = figure
        print(name, json.dumps(figure), flush=True)
        arguments.out.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
