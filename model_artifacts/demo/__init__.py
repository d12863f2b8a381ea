"""The demo checkpoint: its drawings, its architecture, and how it is trained and judged."""
