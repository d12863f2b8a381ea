"""Reader of text on this machine, for packs that read."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table

from moderate.failures import CommandFailed
from moderate.output import cell, probability, table
from moderation.domain.reading.text import Reading

if TYPE_CHECKING:
    from moderation.adapters.reader.ocr import OcrReader  # which takes a while to import

# What `make setup` makes in a checkout.
_MODELS = Path(__file__).parents[1] / "build/reader"


def text_table(reading: Reading) -> Table:
    """Return the lines, codes and finds of a picture; boxes are left, top, right, bottom in pixels of the view."""
    rows = table(("read as", "text", "view", "box", "confidence"), "Text in the picture", numbers=("confidence",))
    for part in reading.parts:
        box = " ".join(map(str, part.box))
        rows.add_row(cell(part.kind), cell(part.text), cell(part.view), box, probability(part.confidence))
    return rows


def find_reader() -> "OcrReader":
    """Return the reader. Raises CommandFailed if its models aren't here."""
    from moderation.adapters.reader.ocr import OcrReader
    from moderation.adapters.reader.pp_ocr import DETECTOR

    folder = Path(os.environ.get("READER_MODELS") or _MODELS)
    if not (folder / DETECTOR).is_file():
        raise CommandFailed(
            f"The reader's models aren't in {folder}. Run `make setup` in a checkout, or set READER_MODELS to a folder "
            "with the two .onnx files of the wheel of rapidocr 3.10.0 (rapidocr/models)."
        )
    return OcrReader(folder)
