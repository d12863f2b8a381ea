"""Two uploads that are alike, as PrepareImage finds them, and the pipeline by hand."""

import io
from typing import Any

from PIL import Image

from moderation.domain.evidence import Answer, Caption, Evidence
from moderation.domain.image_ref import ImageRef
from moderation.domain.manifest import evidence_to_json
from moderation.domain.work_files import Workspace
from moderation.ports import Policies, StoredImage
from moderation.usecases.judge_image import judge_image
from moderation.usecases.prepare_image import PreparePorts, prepare_image
from moderation.usecases.record_verdict import Moderated, record_verdict
from tests.support.fakes import FakeImages, FakeJudge, FakePolicies, FakeVerdicts, FakeWork
from tests.unit.packs import PACK, SMOKER, WEAPON

THEN = "2026-11-23T10:00:00.000Z"
UNSAFE = '{"flag": "unsafe", "category": "Violence", "reason": "A weapon."}'
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


def space(image: ImageRef) -> Workspace:
    return Workspace.of(image, f"arn:execution:{image.version}")


def moderate(parts: Any, image: ImageRef, judge: FakeJudge) -> Any:
    """The whole pipeline by hand, with a vision model that sees a weapon; the record it leaves."""
    workspace = space(image)
    if not prepare_image(parts, image, workspace).reused_from:
        answers = (Answer("full", WEAPON.text, "yes", 0.97, 0.0), Answer("full", SMOKER.text, "no", 0.01, 0.0))
        evidence = evidence_to_json(Evidence(answers, (Caption("full", "a house"),)))
        parts.work.put_json(workspace.answers(0), {"model": "b", "milliseconds": 1, "evidence": evidence})
    judge_image(parts.work, judge, workspace)
    parts.verdicts.records[image] = {"owner": f"arn:{image.version}"}
    done = Moderated(image, f"arn:{image.version}", THEN, None, workspace, None, "")
    record_verdict(parts.images, parts.work, parts.verdicts, done, notify_safe=False)
    record = parts.verdicts.get(image)
    assert record
    return record
