"""Execution histories and logs can't be erased at will: nothing that was seen in an image is ever written there."""

import json

import pytest

from local.harness.instant_models import EndpointFault, Scored
from tests.workflow.steps import drawing

# Words that stand nowhere else, one for each way in which content enters the pipeline.
CAPTION, ANSWER, REASON, PROSE, REFERENCE, BYTES, BODY, MESSAGE = WORDS = (
    "quokkacaption",
    "walrusanswer",
    "ibisreason",
    "lynxprose",
    "geckoreference",
    "ottertext",
    "lemurbody",
    "tapirmessage",
)
JUDGEMENT = json.dumps({"flag": "unsafe", "category": "Violence", "reason": f"There is {REASON}."})
REJECTED = EndpointFault(424, "ModelError", f"Received client error (400): {MESSAGE}", {"OriginalStatusCode": 400})


@pytest.fixture
def telling(models):
    """Models whose every utterance can be recognised."""
    models.caption = lambda png: f"a drawing of {CAPTION}"
    models.answer = lambda png, prompt: Scored("yes", 0.98) if "weapon" in prompt else Scored("no", 0.02)
    models.judge = lambda prompt: f"{PROSE} {JUDGEMENT} {PROSE}"
    return models


def test_no_content_in_histories_or_logs_whatever_becomes_of_an_image(laptop, telling):
    def run(key: str, body: bytes = b"") -> dict:
        laptop.upload(key, body or drawing(), Metadata={"reference": REFERENCE})
        return laptop.wait_for_verdict(key, timeout_s=120)

    unsafe = run("content/unsafe.png")
    telling.fail(
        "blip2",
        EndpointFault(body=BODY.encode()),
        EndpointFault(424, "ModelError", MESSAGE, {"OriginalStatusCode": 500}),
    )
    telling.fail("llama", EndpointFault(body=BODY.encode()))
    outlasted = run("content/outlasted.png")
    telling.fail("llama", REJECTED)
    refused = run("content/refused.png")
    unreadable = run("content/unreadable.png", BYTES.encode())
    telling.answer = lambda png, prompt: Scored(ANSWER, 0.5)
    telling.judge = lambda prompt: f"I would rather not judge {PROSE}."
    unusable = run("content/unusable.png")
    laptop.wait_until_idle()

    records = [unsafe, outlasted, refused, unreadable, unusable]
    assert [record["verdict"] for record in records] == ["unsafe", "unsafe", "review", "review", "review"]
    kept = json.dumps(records, default=str)
    for word in (CAPTION, ANSWER, REASON, REFERENCE):
        assert word in kept, "it was said, and the record has it"

    histories = json.dumps([laptop.history(record["execution"]) for record in records], default=str)
    logs = laptop.logs("Functions")
    assert "EndpointRejected" in histories
    assert unsafe["execution"].rsplit(":", 1)[-1] in logs, "the functions' logs are among them"
    for word in WORDS:
        assert word not in histories
        assert word not in logs
        assert word not in laptop.log.read_text()
