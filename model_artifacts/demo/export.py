"""Write a training run's weights as the shipped checkpoint, in half precision.

python -m model_artifacts.demo.export build/demo-training
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from transformers import Blip2ForConditionalGeneration, Blip2Processor

CHECKPOINT = Path(__file__).parent / "checkpoint"
ANSWER_TOKENS = 32


def export(run: Path, checkpoint: Path) -> int:
    """Write model, configurations, tokenizer and processor, and return their size in bytes.

    Half precision is for storage: the model is served in 32 bits on a CPU.
    """
    # transformers keeps some parts in 32 bits when it loads half precision
    model = Blip2ForConditionalGeneration.from_pretrained(run, dtype=torch.float32).half()
    model.generation_config.max_new_tokens = ANSWER_TOKENS
    model.save_pretrained(checkpoint)
    Blip2Processor.from_pretrained(run).save_pretrained(checkpoint)
    return sum(file.stat().st_size for file in checkpoint.iterdir() if file.is_file())


def main() -> None:
    """Export the checkpoint and print the size."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("run", type=Path, help="output folder of train.py")
    parser.add_argument("--checkpoint", type=Path, default=CHECKPOINT)
    options = parser.parse_args()
    size = export(options.run, options.checkpoint)
    print(f"{options.checkpoint}: {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
