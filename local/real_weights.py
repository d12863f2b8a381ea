"""Hints for users who upload photographs to models that know only drawings."""

from rich.console import Console

MODEL = "Salesforce/blip2-flan-t5-xl"
PARAMETERS = 3_942_446_592  # counted on the network that transformers builds from its published configuration
BYTES_EACH = 4  # fp32, what a CPU computes in
GIGABYTES = PARAMETERS * BYTES_EACH / 1e9


def warn_about_photographs(console: Console) -> None:
    """Print a warning, above and below the verdicts on the user's own images."""
    console.print(
        "These models know simple drawings, not photographs: their verdicts on your images mean nothing.",
        style="bold yellow",
        soft_wrap=True,
    )


def show_way_to_real_weights(console: Console, images: str) -> None:
    """Print the command for real weights, and the memory that it takes, with the calculation."""
    console.print(f'For real weights: BLIP2_MODEL={MODEL} make demo IMAGES="{images}"', soft_wrap=True)
    console.print(
        f"It needs about {GIGABYTES:.0f} GB of memory: {PARAMETERS / 1e9:.2f} billion parameters of "
        f"{BYTES_EACH} bytes (fp32) each, and downloads as much at most. It runs without a GPU, but slowly.",
        soft_wrap=True,
    )
