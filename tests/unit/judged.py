"""An image that was judged, as RecordVerdict finds it."""

from dataclasses import replace
from typing import Any

from moderation import wiring
from moderation.domain.decision import decide
from moderation.domain.evidence import Answer, Caption, Evidence
from moderation.domain.image_ref import ImageRef
from moderation.domain.judgement import Judgement
from moderation.domain.judgement_file import judgement_attributes
from moderation.domain.manifest import ImageFacts, Manifest, manifest_to_json, plan_queries
from moderation.domain.policy import Pack
from moderation.domain.work_files import Workspace
from moderation.ports import StoredImage
from moderation.usecases.record_verdict import Moderated, RecordedVerdict, record_verdict
from tests.support.fakes import FakeImages, FakeVerdicts, FakeWork
from tests.unit.packs import PACK, SMOKER, WEAPON

IMAGE = ImageRef("intake", "a.jpg", "v1")
ME, OTHER = "arn:aws:states:us-east-1:1:execution:m:me", "arn:aws:states:us-east-1:1:execution:m:other"
WORKSPACE = Workspace.of(IMAGE, ME)
THEN = "2026-11-23T10:00:00.000Z"


def judged_work(
    verdict: str = "unsafe", caption: str = "a house", questions: int = 0, views: int = 1, base: Pack = PACK
) -> FakeWork:
    """The work bucket as JudgeImage leaves it."""
    more = tuple(replace(SMOKER, id=f"q{n}", text=f"Question {n} " + "long " * 50 + "?") for n in range(questions))
    pack = replace(base, questions=(WEAPON, SMOKER, *more))
    names = ["full", *(f"tile-{number}" for number in range(views - 1))]
    p = 0.97 if verdict == "unsafe" else 0.01
    answers = tuple(_answer(view, q.text, p if q == WEAPON else 0.01) for q in pack.questions for view in names)
    evidence = Evidence(answers, tuple(Caption(view, caption) for view in names))
    judgement = Judgement("unsafe", "Violence", "A weapon.") if verdict == "unsafe" else Judgement("safe", None, "Ok.")
    decision = decide(pack, evidence, judgement)
    judged = {
        **judgement_attributes(decision, judgement, evidence),
        "shadow": {},
        "models": {"blip2": "b", "llama": "l"},
        "prompt_version": "judge-1",
    }
    facts = ImageFacts("ab" * 32, 12, 3, 4, "PNG", "image/png", "post-17", "u-9")
    work = FakeWork()
    work.put_json(
        WORKSPACE.manifest,
        manifest_to_json(Manifest(IMAGE, facts, pack, (), plan_queries([pack], ["full"]), "1", "f" * 64, 7)),
    )
    work.put_json(WORKSPACE.judgement, judged)
    return work


def _answer(view: str, question: str, p_yes: float) -> Answer:
    return Answer(view, question, "yes" if p_yes >= 0.5 else "no", p_yes, 0.0)


def parts(work: FakeWork, notify_safe: bool = False) -> Any:
    """Ports for `record_verdict`, whose fakes the tests look into."""
    images = FakeImages()
    images.objects[IMAGE] = StoredImage(b"", "image/png", None)
    verdicts = FakeVerdicts()
    verdicts.records[IMAGE] = {"owner": ME}
    return wiring.RecordPorts(images, work, verdicts, notify_safe)


def run(made: wiring.RecordPorts, prepared: bool = True, error: str | None = None, cause: str = "") -> RecordedVerdict:
    """Record what was judged, or the error that ended the execution."""
    done = Moderated(IMAGE, ME, THEN, 12, WORKSPACE if prepared else None, error, cause)
    return record_verdict(made.images, made.work, made.verdicts, done, made.notify_safe)


def record_of(made: wiring.RecordPorts) -> Any:
    """Return the image's record."""
    record = made.verdicts.get(IMAGE)
    assert record
    return record
