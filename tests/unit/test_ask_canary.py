"""The canary: asked only where the model is awake, and a wrong answer is counted."""

import base64
import io
import json
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from moderation import observability, wiring
from moderation.adapters.s3_canary import shipped_canary
from moderation.domain.canary import Canary, canary_json, parse_canary
from moderation.errors import EndpointRejected, EndpointUnavailable, InvalidPolicy
from moderation.handlers.ask_canary import handler
from moderation.ports import ScoredText, VisionReply
from moderation.usecases.ask_canary import canary_fault
from tests.support.fakes import FakeVision
from tests.support.metrics import Context, printed

CANARY = Canary(b"png", "Is it red?", "Is there a dog?")
RIGHT = (ScoredText("yes", 0.9, 0.1, 0.98), ScoredText("no", 0.1, 0.1, 0.98))


def reply(*answers: ScoredText) -> VisionReply:
    return VisionReply("m", answers, None)


def test_both_questions_are_asked_about_the_picture_in_one_request() -> None:
    model = FakeVision(reply(*RIGHT))

    assert canary_fault(model, CANARY) == ""
    assert model.asked == [(b"png", ("Question: Is it red? Answer:", "Question: Is there a dog? Answer:"), False)]


@pytest.mark.parametrize(
    ("yes", "no"),
    [
        (ScoredText("no", 0.1, 0.1), ScoredText("no", 0.1, 0.1)),
        (ScoredText("yes", 0.9, 0.9), ScoredText("yes", 0.9, 0.9)),
        (ScoredText("yes", 0.5), ScoredText("yes", 0.5)),
        (ScoredText("no", 0.2, 0.1), ScoredText("yes", 0.8, 0.1)),
        (ScoredText("ssss", 0.9), RIGHT[1]),
        (ScoredText("yes", 0.9, 0.1, 0.2), RIGHT[1]),
        (ScoredText("yes", 0.1), RIGHT[1]),
        (RIGHT[0], ScoredText("")),
    ],
)
def test_the_same_answer_to_both_a_reversed_or_an_unusable_one_is_a_fault(yes: ScoredText, no: ScoredText) -> None:
    assert "must be answered" in canary_fault(FakeVision(reply(yes, no)), CANARY)


def test_an_endpoint_without_probabilities_is_read_by_its_words() -> None:
    assert canary_fault(FakeVision(reply(ScoredText("Yes, it is"), ScoredText("no."))), CANARY) == ""


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs the handler; returns its answer and the metric that it printed."""

    def run(awake: bool, model: Any, canary: Any = lambda: CANARY) -> tuple[Any, list[float]]:
        untraced = SimpleNamespace(capture_lambda_handler=lambda **_: lambda handler: handler)
        monkeypatch.setattr(observability, "tracer", lambda: untraced)  # importing the X-Ray SDK opens a socket
        observability.metrics.clear_metrics()
        traffic, canaries = SimpleNamespace(is_awake=lambda: awake), SimpleNamespace(canary=canary)
        monkeypatch.setattr(wiring, "ask_canary", lambda: wiring.CanaryPorts(traffic, canaries, model))
        said = handler({}, Context())
        return said, [metric.value for metric in printed(capsys.readouterr().out) if metric.name == "CanaryWrong"]

    return run


def failing(error: Exception) -> Any:
    def ask(*_: object, **__: object) -> VisionReply:
        raise error

    return SimpleNamespace(ask=ask)


@pytest.mark.filterwarnings("ignore:No application metrics")
def test_a_sleeping_model_is_not_asked(ask: Any) -> None:
    model = FakeVision()
    assert ask(False, model) == ({"right": None}, [])
    assert model.asked == []


def test_right_and_wrong_answers_are_counted(ask: Any) -> None:
    assert ask(True, FakeVision(reply(*RIGHT))) == ({"right": True}, [0])
    assert ask(True, FakeVision(reply(RIGHT[0], RIGHT[0]))) == ({"right": False}, [1])


@pytest.mark.filterwarnings("ignore:No application metrics")
def test_an_endpoint_that_is_busy_says_nothing_about_the_model(ask: Any) -> None:
    assert ask(True, failing(EndpointUnavailable("busy"))) == ({"right": None}, [])


def test_a_canary_that_can_not_be_asked_is_a_fault(ask: Any) -> None:
    def broken() -> Canary:
        raise InvalidPolicy("canary.json isn't a canary")

    assert ask(True, failing(EndpointRejected("no"))) == ({"right": False}, [1])
    assert ask(True, FakeVision(), broken) == ({"right": False}, [1])


def test_the_shipped_canary_is_a_red_disc_on_white() -> None:
    picture = Image.open(io.BytesIO(shipped_canary().picture)).convert("RGB")

    assert (picture.getpixel((112, 112)), picture.getpixel((4, 4))) == ((255, 0, 0), (255, 255, 255))
    assert "red circle" in shipped_canary().yes


def test_a_canary_is_written_and_read_back() -> None:
    assert parse_canary(canary_json(b"png", "Is it red?", "Is there a dog?"), "here") == CANARY


@pytest.mark.parametrize(
    "change",
    [
        {"picture": "no base64"},
        {"picture": ""},
        {"yes": ""},
        {"yes": "Is it red"},
        {"no": None},
        {"no": "x" * 300 + "?"},
        {"colour": "red"},
    ],
)
def test_what_is_no_canary_is_refused(change: dict[str, Any]) -> None:
    data = {"picture": base64.b64encode(b"png").decode(), "yes": "Is it red?", "no": "Is there a dog?"}
    for text in (json.dumps(data | change), "{", "[]", json.dumps({"yes": "Is it?"})):
        with pytest.raises(InvalidPolicy, match="here isn't a canary"):
            parse_canary(text, "here")
