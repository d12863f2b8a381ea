"""Demo checkpoint: its drawings, architecture, policy, training and evaluation."""

from pathlib import Path

DEMO_PACK = Path(__file__).with_name("pack.yaml")
# A drawing of a weapon, which shows no blood.
DEMO_CANARY = Path(__file__).with_name("canary.json")
