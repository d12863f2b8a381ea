"""PP-OCR's two ONNX files: a detector that finds lines of text, and a recogniser that reads them."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from PIL import Image

from moderation.adapters.reader.regions import Map, Region

DETECTOR, RECOGNISER = "PP-OCRv6_det_small.onnx", "PP-OCRv6_rec_small.onnx"

_STRIDE = 32  # the detector's sides are multiples of it
_LINE_HEIGHT = 48
_LEAST_LINE_WIDTH, _MOST_LINE_WIDTH = 48, 3200
_SMALL, _WIDENED = 40, 1.5  # lines less high, margins included, are widened: of two like letters one would be lost
_BATCH = 6


class PpOcr:
    """The models in a folder, on one thread by default."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        self._folder, self._threads = folder, threads

    def probabilities(self, picture: Image.Image) -> Map:
        """Return the map of P(text), one value for each pixel of an RGB picture."""
        width, height = (max(_STRIDE, round(side / _STRIDE) * _STRIDE) for side in picture.size)
        (found,) = self._detector.run(None, {"x": _tensor(picture.resize((width, height)))[None]})
        probabilities: Map = np.asarray(found, dtype=np.float32)[0, 0]
        return probabilities

    def read(self, picture: Image.Image, lines: Sequence[Region]) -> list[tuple[str, float]]:
        """Return the text of each line and the mean probability of its characters."""
        crops = [_cut(picture, line) for line in lines]
        read: dict[int, tuple[str, float]] = {}
        by_width = sorted(range(len(crops)), key=lambda number: crops[number].width)
        for start in range(0, len(by_width), _BATCH):
            numbers = by_width[start : start + _BATCH]
            read.update(zip(numbers, self._read([crops[number] for number in numbers]), strict=True))
        return [read[number] for number in range(len(crops))]

    def _read(self, crops: Sequence[Image.Image]) -> Iterator[tuple[str, float]]:
        widest = max(crop.width for crop in crops)
        batch = np.zeros((len(crops), 3, _LINE_HEIGHT, widest), dtype=np.float32)
        for number, crop in enumerate(crops):
            batch[number, :, :, : crop.width] = _tensor(crop)
        (scores,) = self._recogniser.run(None, {"x": batch})
        return (self._decoded(one) for one in np.asarray(scores, dtype=np.float32))

    def _decoded(self, scores: NDArray[np.float32]) -> tuple[str, float]:
        """Drop the blanks and repetitions of connectionist temporal classification."""
        best = scores.argmax(axis=1)
        kept = (best != 0) & np.append(True, best[1:] != best[:-1])
        text = "".join(self._characters[number] for number in best[kept])
        return text, float(scores.max(axis=1)[kept].mean()) if kept.any() else 0.0

    @cached_property
    def _detector(self) -> onnxruntime.InferenceSession:
        return self._session(DETECTOR)

    @cached_property
    def _recogniser(self) -> onnxruntime.InferenceSession:
        return self._session(RECOGNISER)

    @cached_property
    def _characters(self) -> list[str]:
        """Characters by their number; 0 is the blank, the last one a space."""
        listed = self._recogniser.get_modelmeta().custom_metadata_map["character"].splitlines()
        return ["", *listed, " "]

    def _session(self, name: str) -> onnxruntime.InferenceSession:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False
        options.log_severity_level = 3
        return onnxruntime.InferenceSession(str(self._folder / name), options, providers=["CPUExecutionProvider"])


def _tensor(picture: Image.Image) -> NDArray[np.float32]:
    """Return blue, green and red from -1 to 1, as both models were trained."""
    values = np.asarray(picture, dtype=np.float32)[:, :, ::-1] / 127.5 - 1
    return np.ascontiguousarray(values.transpose(2, 0, 1))


def _cut(picture: Image.Image, line: Region) -> Image.Image:
    """Return a line, turned so that its first corner is the top left, in the height that the recogniser reads."""
    width, height = max(1, round(line.width)), max(1, round(line.height))
    top_left, top_right, bottom_right, bottom_left = line.corners
    quad = (*top_left, *bottom_left, *bottom_right, *top_right)
    crop = picture.transform((width, height), Image.Transform.QUAD, quad, Image.Resampling.BILINEAR)
    widened = _WIDENED if crop.height < _SMALL else 1
    target = round(crop.width * _LINE_HEIGHT / crop.height * widened)
    return crop.resize((min(max(target, _LEAST_LINE_WIDTH), _MOST_LINE_WIDTH), _LINE_HEIGHT), Image.Resampling.BILINEAR)
