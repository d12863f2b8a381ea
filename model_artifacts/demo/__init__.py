"""The demo checkpoint: its drawings, its architecture, its policy, and how it is trained and judged."""

from pathlib import Path

DEMO_PACK = Path(__file__).with_name("pack.yaml")
