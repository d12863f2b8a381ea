"""Bedrock's Converse API of the laptop's model server: the stand-in in each form, and the errors of a judge."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from botocore.config import Config
from werkzeug.serving import make_server

from local.models.chat import Chat, Completion, Judge, JudgeFailed
from local.models.server import SageMakerRuntime
from local.models.stand_in import StandIn
from moderation.adapters.bedrock_judge import BedrockJudge
from moderation.domain.evidence import Answer, Caption, Evidence
from moderation.domain.judge_output import parse_judgement
from moderation.domain.reading.text import Reading
from moderation.errors import EndpointRejected, EndpointThrottled, EndpointTimeout, EndpointUnavailable, Misconfigured
from moderation.ports import Turn
from moderation.usecases.judge_image import judge_evidence
from scripts.evaluation.inprocess_pipeline import demo_pack

PACK = demo_pack()


@contextmanager
def _served(judge: Judge | None) -> Iterator[Any]:
    http = make_server("127.0.0.1", 0, SageMakerRuntime({}, {}, judge=judge), threaded=True)
    thread = threading.Thread(target=http.serve_forever)
    thread.start()
    try:
        yield boto3.client(
            "bedrock-runtime",
            endpoint_url=f"http://127.0.0.1:{http.port}",
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}),
        )
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


def _evidence(p_weapon: float) -> Evidence:
    scores = {question: p_weapon if question.id == "weapon" else 0.01 for question in PACK.questions}
    answers = (Answer("full", q.text, "yes" if p > 0.5 else "no", p, 0.02, 0.99) for q, p in scores.items())
    return Evidence(tuple(answers), (Caption("full", "a person in a park"),), reading=Reading())


@pytest.mark.parametrize(
    "model", ["us.amazon.nova-micro-v1:0", "mistral.ministral-3-8b-instruct", "meta.llama3-1-8b-instruct-v1:0"]
)
def test_the_stand_in_judges_in_each_form(model: str) -> None:
    with _served(StandIn()) as client:
        outcome = judge_evidence(BedrockJudge(client, model), PACK, _evidence(1.0))

    assert (outcome.decision.verdict, outcome.decision.category) == ("unsafe", "Weapons")
    assert outcome.asked == 1
    assert parse_judgement(outcome.texts[0], PACK).flag == "unsafe"


class _Failing:
    name, stand_in, one_at_a_time = "failing", True, False

    def __init__(self, status: int) -> None:
        self._status = status

    def complete(self, chat: Chat) -> Completion:
        raise JudgeFailed(self._status, "It failed.")


@pytest.mark.parametrize(
    ("status", "fault"),
    [
        (504, EndpointTimeout),
        (422, EndpointRejected),
        (429, EndpointThrottled),
        (503, EndpointThrottled),
        (502, EndpointUnavailable),
    ],
)
def test_a_judge_that_fails_has_bedrocks_error(status: int, fault: type[Exception]) -> None:
    with _served(_Failing(status)) as client, pytest.raises(fault):
        BedrockJudge(client, "amazon.nova-micro-v1:0").complete([Turn("user", "Hello")], {})


class _Proser(_Failing):
    def complete(self, chat: Chat) -> Completion:
        return Completion('Sure! {"flag": "unsafe", "category": "Weapons", "reason": "A gun."}', 20)


def test_a_judge_that_ignores_the_tool_answers_in_text() -> None:
    """Weights on the laptop decode without constraints."""
    with _served(_Proser(200)) as client:
        outcome = judge_evidence(BedrockJudge(client, "amazon.nova-micro-v1:0"), PACK, _evidence(1.0))

    assert (outcome.decision.verdict, outcome.decision.category) == ("unsafe", "Weapons")


def test_without_a_judge_there_is_no_model() -> None:
    with _served(None) as client, pytest.raises(Misconfigured):
        BedrockJudge(client, "amazon.nova-micro-v1:0").complete([Turn("user", "Hello")], {})


def test_a_blank_turn_is_refused_as_by_bedrock() -> None:
    with _served(StandIn()) as client, pytest.raises(EndpointRejected):
        BedrockJudge(client, "amazon.nova-micro-v1:0").complete([Turn("user", " ")], {})
