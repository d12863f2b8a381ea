"""Demo checkpoint: its drawings, architecture, policy, training and evaluation."""

from pathlib import Path

DEMO_PACK = Path(__file__).with_name("pack.yaml")
