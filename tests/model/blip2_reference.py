"""transformers' own way to answer, which ours must equal."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from transformers import Blip2ForConditionalGeneration, Blip2Processor


@dataclass(frozen=True)
class Reference:
    """transformers' own way: one image, one prompt, one `generate`."""

    model: Any
    processor: Any

    @classmethod
    def load(cls, folder: Path) -> "Reference":
        model = Blip2ForConditionalGeneration.from_pretrained(folder).eval()
        return cls(model, Blip2Processor.from_pretrained(folder))

    def tokens(self, image: Image.Image, prompt: str | None, **parameters: Any) -> list[int]:
        inputs = self.processor(images=image, text=prompt, return_tensors="pt")
        generated: list[int] = self.model.generate(**inputs, **parameters)[0].tolist()
        return generated

    def text(self, image: Image.Image, prompt: str | None, **parameters: Any) -> str:
        text: str = self.processor.tokenizer.decode(self.tokens(image, prompt, **parameters), skip_special_tokens=True)
        return text.strip()
