"""Two uploads that are alike, as PrepareImage finds them."""

import io
from typing import Any

from PIL import Image

from moderation.domain.image_ref import ImageRef
from moderation.ports import Policies, StoredImage
from moderation.usecases.prepare_image import PreparePorts
from tests.support.fakes import FakeImages, FakePolicies, FakeVerdicts, FakeWork
from tests.unit.packs import PACK

FIRST, SECOND = ImageRef("intake", "a.png", "v1"), ImageRef("intake", "b.png", "v2")


def png(colour: str = "red") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (300, 200), colour).save(buffer, "PNG")
    return buffer.getvalue()


def made(pack=PACK, shadow=(), models: str = "blip2=x llama=y", data: bytes | None = None) -> Any:
    """Ports for `prepare_image`, whose fakes the tests look into."""
    images = FakeImages()
    for image, reference in ((FIRST, "post-1"), (SECOND, "post-2")):
        images.objects[image] = StoredImage(png() if data is None else data, "image/png", reference, "u-1")
    verdicts, policies = FakeVerdicts(), FakePolicies(Policies(pack, shadow))
    return PreparePorts(images, FakeWork(), policies, verdicts, verdicts.decisions, 96, models)
