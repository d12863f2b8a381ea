"""Reader of the text and the codes in a picture."""

import io
from collections.abc import Callable
from pathlib import Path

from onnxruntime.capi.onnxruntime_pybind11_state import (
    EPFail,
    Fail,
    InvalidArgument,
    InvalidGraph,
    InvalidProtobuf,
    NoSuchFile,
    RuntimeException,
)
from PIL import Image

from moderation.adapters.reader.codes import read_codes
from moderation.adapters.reader.page import read_page
from moderation.adapters.reader.phones import phones
from moderation.adapters.reader.pp_ocr import PpOcr
from moderation.domain.reading.detectors import finds
from moderation.domain.reading.text import Reading
from moderation.errors import ReadingFailed

_FAULTS = (
    *(EPFail, Fail, InvalidArgument, InvalidGraph, InvalidProtobuf, NoSuchFile, RuntimeException),
    *(OSError, ValueError, MemoryError),
)


class OcrReader:
    """Implements `ports.Reader` with PP-OCR and zxing-cpp."""

    def __init__(self, models: Path) -> None:
        """`models` is the folder of PP-OCR's ONNX files."""
        self._models = PpOcr(models)

    def read(self, png: bytes, check: Callable[[], None] = lambda: None) -> Reading:
        try:
            page = Image.open(io.BytesIO(png)).convert("RGB")
            lines, codes = tuple(read_page(self._models, page, check)), tuple(read_codes(page))
        except _FAULTS as error:
            raise ReadingFailed(f"The text in the picture can't be read ({type(error).__name__}).") from error
        return Reading(lines, codes, finds(lines, codes, phones, check))
