"""`moderate ask`."""

import base64
import io
import json
from collections.abc import Callable

import pytest
from PIL import Image

from moderate.deployment import Deployment
from moderation.domain.reading.text import Find, Line, Reading


class Endpoint:
    """BLIP-2's endpoint, in our dialect; notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict] = []

    def invoke_endpoint(self, **request):
        body = json.loads(request["Body"])
        self.asked.append({"endpoint": request["EndpointName"], **body})
        if "prompts" not in body:
            return {"Body": io.BytesIO(b"plain text")}
        answers = [{"text": f"answer {n}", "p_yes": 0.25, "p_blank": 0.5} for n in range(len(body["prompts"]))]
        reply = {"model": "blip2-demo", "caption": "a red square" if body["caption"] else None, "answers": answers}
        return {"Body": io.BytesIO(json.dumps(reply).encode())}


@pytest.fixture
def endpoint(monkeypatch, deployed):
    speaker = Endpoint()
    monkeypatch.setattr("moderation.adapters.clients.sagemaker_runtime", lambda **_: speaker)
    return speaker


@pytest.fixture
def picture(tmp_path):
    Image.new("RGB", (300, 200), "red").save(tmp_path / "red.jpg")
    return tmp_path / "red.jpg"


def test_without_a_question_it_describes_what_moderation_would_see(moderate, endpoint, picture):
    result = moderate("ask", picture)

    assert result.exit_code == 0
    assert result.stdout == "a red square\n"
    [asked] = endpoint.asked
    assert (asked["endpoint"], asked["prompts"], asked["caption"]) == ("blip2", [], True)
    assert Image.open(io.BytesIO(base64.b64decode(asked["image"]))).size == (96, 96)


def test_several_questions_go_in_one_request(moderate, endpoint, picture):
    shown = moderate("ask", picture, "is it red?", "is it round?").stdout

    [asked] = endpoint.asked
    assert asked["prompts"] == ["Question: is it red? Answer:", "Question: is it round? Answer:"]
    assert asked["caption"] is False
    for part in ("is it red?", "answer 0", "is it round?", "answer 1", "0.25"):
        assert part in shown


def test_earlier_rounds_go_before_the_question(moderate, endpoint, picture):
    moderate("ask", picture, "why?", "--context", "Question: what is it? Answer: a square.")

    assert endpoint.asked[0]["prompts"] == ["Question: what is it? Answer: a square. Question: why? Answer:"]


class OneLine:
    """A reader that reads the same everywhere."""

    def read(self, png: bytes, check: Callable[[], None]) -> Reading:
        line = Line("Call 555-0143", 0.97, (10, 20, 110, 40))
        return Reading((line,), (), (Find("phone", "555-0143", 0.97, line.box),))


def test_the_words_in_the_picture_are_read_and_asked_for(moderate, endpoint, picture, monkeypatch):
    monkeypatch.setattr("moderate.ask.find_reader", OneLine)

    shown = moderate("ask", picture, "--read").stdout
    [prompt] = endpoint.asked[0]["prompts"]
    told = json.loads(moderate("ask", picture, "--read", "--json").stdout)

    assert "words" in prompt
    assert "Call 555-0143" in shown and "10 20 110 40" in shown and "phone" in shown
    assert told["text"]["finds"][0]["text"] == "555-0143"


def test_what_is_not_read_in_the_picture_is_said(moderate, endpoint, tmp_path, monkeypatch):
    monkeypatch.setattr("moderate.ask.find_reader", OneLine)
    scans = [Image.new("L", (4000, 3000)) for _ in range(12)]
    for number, scan in enumerate(scans):
        scan.paste(255, (300 * number, 0, 300 * number + 300, 3000))
    scans[0].save(tmp_path / "scans.tif", save_all=True, append_images=scans[1:], compression="tiff_deflate")

    shown = moderate("ask", tmp_path / "scans.tif", "--read").stdout
    told = json.loads(moderate("ask", tmp_path / "scans.tif", "--read", "--json").stdout)

    said = ["12 of 12 pictures wasn't read", "12 of 12 pictures at down to 41%"]
    for part, sentence in zip(said, told["unread"], strict=True):
        assert part in sentence and sentence in " ".join(shown.split())


def test_without_the_readers_models_the_command_says_where_to_get_them(moderate, picture, endpoint, monkeypatch):
    monkeypatch.setenv("READER_MODELS", "/nowhere")

    failed = moderate("ask", picture, "--read")

    assert failed.exit_code == 1
    assert "READER_MODELS" in str(failed.stderr) + str(failed.exception)


def test_json_holds_the_answers_and_nothing_else(moderate, endpoint, picture):
    answered = json.loads(moderate("ask", picture, "is it red?", "--json").stdout)

    assert answered["answers"] == [{"question": "is it red?", "answer": "answer 0", "p_yes": 0.25}]


def test_an_endpoint_of_the_sample_is_asked_in_its_own_way(deployed, moderate, endpoint, picture, monkeypatch):
    sample = Deployment("Moderation", deployed.outputs | {"Blip2Dialect": "sample"})
    monkeypatch.setattr("moderate.ask.find", lambda stack: sample)

    assert "plain text" in moderate("ask", picture, "is it red?").stdout
    assert endpoint.asked[0]["prompt"] == "Question: is it red? Answer:"


@pytest.mark.parametrize(
    "content, said", [(b"not a picture", "isn't an intact image"), (b"", "empty"), (b"x" * 20_000_001, "20,000,000")]
)
def test_what_moderation_refuses_is_refused_in_words(moderate, endpoint, tmp_path, content, said):
    (tmp_path / "bad.jpg").write_bytes(content)

    result = moderate("ask", tmp_path / "bad.jpg")

    assert result.exit_code == 1
    assert said in result.stderr
    assert endpoint.asked == []
