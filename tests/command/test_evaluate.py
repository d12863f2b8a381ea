"""`moderate eval` and `moderate policy fit`, on endpoints that see how red a picture is."""

import base64
import io
import json
import threading
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from moderate.costs import prices
from moderate.costs.models_cost import models_cost
from moderate.deployment import Deployment
from moderate.evaluation_page import category_figures
from moderation.adapters.dynamodb_items import to_item
from moderation.adapters.sagemaker_blip2 import ScoredBlip2
from moderation.adapters.vision_dialects import SPEAKERS
from moderation.domain.policy import pack_data
from moderation.errors import EndpointThrottled, Misconfigured
from tests.command.history import PACK

SIDE = 24


class Endpoints:
    """BLIP-2, which says yes to the weapon as surely as a picture is red, and a judge who finds violence if asked."""

    def __init__(self) -> None:
        self.looked = self.judged = self.fails = 0
        self.weight, self._lock = 1.0, threading.Lock()

    def invoke_endpoint(self, **request):
        body = json.loads(request["Body"])
        with self._lock:
            if self.fails:
                self.fails -= 1
                raise EndpointThrottled("Endpoint blip2 is busy.")
            return {"Body": io.BytesIO(json.dumps(self._answer(body)).encode())}

    def _answer(self, body):
        if "prompts" not in body:
            self.judged += 1
            said = {"flag": "unsafe", "category": "Violence", "reason": ""}
            return [{"generated_text": json.dumps(said)}]
        self.looked += 1
        with Image.open(io.BytesIO(base64.b64decode(body["image"]))) as picture:
            red, green, _ = picture.convert("RGB").resize((1, 1)).tobytes()
        p = min(0.99, max(0.01, (red - green) / 255 * self.weight))
        answers = [
            {"text": "yes" if at > 0.5 else "no", "p_yes": at, "p_blank": 0.1, "p_yes_no": 1.0}
            for at in (p if "weapon" in prompt else 0.02 for prompt in body["prompts"])
        ]
        return {"model": "reds", "caption": "a square" if body["caption"] else None, "answers": answers}


@pytest.fixture
def endpoints(monkeypatch, deployed):
    made = Endpoints()
    monkeypatch.setattr("moderation.adapters.clients.sagemaker_runtime", lambda **_: made)
    monkeypatch.setattr("moderate.labelled_run._WAITS", (0,))
    deployed.s3.put_object(
        Bucket="policies",
        Key="packs/default.yaml",
        Body=json.dumps(pack_data(PACK) | {"judge": "when_flagged"}).encode(),
    )
    return made


def red(path: Path, amount: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (SIDE, SIDE), (amount, 0, 0)).save(path)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Four pictures with violence, one of them not red enough, and three without, one of them too red."""
    monkeypatch.chdir(tmp_path)
    for number, amount in enumerate((250, 240, 230, 40)):
        red(tmp_path / f"set/violence/{number}.png", amount)
    for number, amount in enumerate((0, 10, 200)):
        red(tmp_path / f"set/safe/{number}.png", amount)
    return tmp_path / "set"


class References(HTMLParser):
    """The addresses and scripts that a page would load or run."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.tags: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.loaded += [value for name, value in attrs if name in ("src", "background") or tag == "link"]
        assert not [name for name, _ in attrs if name.startswith("on")]


def test_a_folder_is_evaluated_and_reported(moderate, endpoints, folder):
    result = moderate("eval", folder, "--json")

    report = json.loads(result.stdout)
    assert result.exit_code == 0, result.stderr
    side = report["sides"][0]["report"]
    violence = side["categories"][0]
    counted = ("true_positives", "false_positives", "false_negatives", "true_negatives")
    assert [violence[name] for name in counted] == [3, 1, 1, 2]
    assert (violence["precision"], violence["recall"], violence["f1"]) == (0.75, 0.75, 0.75)
    assert violence["precision_interval"] == pytest.approx([0.3006, 0.9544], abs=1e-4)  # Wilson, 3 of 4
    assert violence["average_precision"] == pytest.approx(0.75 + 0.25 * 4 / 5)  # the missed one is fifth of its scores
    assert side["confusion"]["rows"][0] == {"label": "Violence", "verdicts": [3, 0, 0, 1]}
    assert side["confusion"]["rows"][2] == {"label": "no category", "verdicts": [1, 0, 0, 2]}
    assert {(one["category"], one["kind"]) for one in side["errors"]} == {
        ("Violence", "false negative"),
        ("Violence", "false positive"),
    }
    assert report["labels"]["pictures"] == 7
    assert report["sides"][0]["models"].startswith("reds, ")
    assert report["sides"][0]["spent"]["views"] == 7
    assert json.loads(Path("eval-set/report.json").read_text()) == report


def test_a_share_of_nothing_is_no_share() -> None:
    nothing: dict[str, Any] = {"true_positives": 0, "false_positives": 0, "with": 0, "f1": 0.0}
    for share in ("precision", "recall"):
        nothing |= {share: 0.0, f"{share}_interval": (0.0, 1.0)}

    assert category_figures(nothing) == ("none flagged", "none with it", "")
    assert category_figures(nothing | {"with": 2}) == ("none flagged", "0.000 (0.000 to 1.000)", "0.000")
    assert category_figures(nothing | {"false_positives": 1})[0] == "0.000 (0.000 to 1.000)"


def test_the_page_opens_offline_and_shows_no_picture_unless_asked(moderate, endpoints, folder):
    moderate("eval", folder)

    page = References(Path("eval-set/report.html").read_text())
    assert page.loaded == []
    assert "svg" in page.tags
    assert not page.tags & {"script", "img", "iframe", "object", "image"}


def test_a_repeated_command_asks_nothing_again_and_a_cut_off_line_is_dropped(moderate, endpoints, folder):
    first = json.loads(moderate("eval", folder, "--json").stdout)
    asked = endpoints.looked, endpoints.judged
    answers = Path("eval-set/answers.jsonl")
    answers.write_bytes(answers.read_bytes() + b'{"key": "cut o')

    second = json.loads(moderate("eval", folder, "--json").stdout)

    assert endpoints.looked - asked[0] == 1  # the blank picture, to know the model
    assert endpoints.judged == asked[1]
    assert second["sides"][0]["report"] == first["sides"][0]["report"]


def test_a_busy_endpoint_is_asked_again_and_what_stays_without_answer_is_named_and_resumed(
    moderate, endpoints, folder, monkeypatch
):
    monkeypatch.setattr("moderate.labelled_run.check_questions", lambda *_: [])
    endpoints.fails = 2
    assert moderate("eval", folder, "--at-once", 1).exit_code == 1

    result = moderate("eval", folder)

    assert (result.exit_code, endpoints.looked) == (0, 7)


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_labels_in_a_file_are_relative_to_it_and_several_may_apply(moderate, endpoints, folder, kind):
    rows = {"set/violence/0.png": ["Violence", "tobacco"], "set/safe/0.png": ["safe"]}
    if kind == "csv":
        text = "path,labels,note\n" + "".join(f"{path},{'; '.join(labels)},x\n" for path, labels in rows.items())
    else:
        text = "".join(json.dumps({"path": path, "labels": labels}) + "\n" for path, labels in rows.items())
    Path(f"labels.{kind}").write_text(text)

    report = json.loads(moderate("eval", f"labels.{kind}", "--json").stdout)

    assert [one["with"] for one in report["sides"][0]["report"]["categories"]] == [1, 1]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.csv", "file,label\n", "path and labels"),
        ("a.csv", "path,labels\n,Violence\n", "line 2"),
        ("a.csv", "path,labels\n", "no labelled pictures"),
        ("a.csv", "path,labels\nx.png,Cars\n", "'Cars'"),
        ("a.jsonl", '{"path": "a"}\n', "line 1"),
        ("a.jsonl", "\n[1]\n", "line 2"),
        ("a.jsonl", '{"path": 1, "labels": []}\n', "line 1"),
        ("a.jsonl", '{"path": "a", "labels": [1]}\n', "line 1"),
        ("a.jsonl", '{"path": "a", "labels": [], "answers": {"weapon": "yes"}}\n', "line 1"),
        ("a.jsonl", '{"path": "a", "labels": [], "answers": {"car": true}}\n', "answers.car"),
        ("a.csv", b"\xff\xfe\x00", "UTF-8"),
    ],
)
def test_labels_that_cant_be_read_are_refused_in_words(moderate, endpoints, folder, name, text, said):
    Path(name).write_bytes(text if isinstance(text, bytes) else text.encode())

    result = moderate("eval", name)

    assert result.exit_code == 1
    assert said in result.stderr
    assert endpoints.looked == 0


def test_a_picture_in_no_folder_is_refused_and_the_same_bytes_in_two_have_both_labels(moderate, endpoints, folder):
    red(folder / "tobacco" / "copy.png", 250)
    report = json.loads(moderate("eval", folder, "--json").stdout)
    assert report["labels"]["pictures"] == 7
    assert [one["with"] for one in report["sides"][0]["report"]["categories"]] == [4, 1]

    red(folder / "loose.png", 1)
    assert "no category's folder" in moderate("eval", folder).stderr


def test_a_file_that_cant_be_moderated_counts_as_a_review_and_one_that_isnt_there_is_named(moderate, endpoints, folder):
    Path("bad.png").write_bytes(b"no picture")
    Path("labels.csv").write_text("path,labels\nbad.png,safe\ngone.png,safe\n")

    result = moderate("eval", "labels.csv", "--json")

    report = json.loads(result.stdout)
    assert result.exit_code == 1
    assert report["sides"][0]["report"]["rows"] == {"UnreadableImage": 1}
    assert [one["path"] for one in report["not_evaluated"]] == ["gone.png"]


def test_two_packs_are_compared_on_the_same_answers(moderate, endpoints, folder):
    strict = pack_data(PACK) | {"name": "strict", "judge": "when_flagged"}
    strict["questions"] = [question | {"threshold": 0.97} for question in pack_data(PACK)["questions"]]
    Path("strict.yaml").write_text(json.dumps(strict))

    report = json.loads(moderate("eval", folder, "--against", "strict.yaml", "--json").stdout)

    assert endpoints.looked == 7 + 2  # blank pictures
    assert [side["name"] for side in report["sides"]] == ["default", "strict"]
    compared = report["comparison"]
    assert compared["pictures"] == 7
    right = compared["right_verdict"]
    # the second finds the reddest alone, and doesn't flag the too red one
    assert [right[name] for name in ("both_right", "first_only", "second_only", "neither")] == [3, 2, 1, 1]
    assert (right["discordant"], right["p_value"]) == (3, 1.0)
    assert "against" in Path("eval-set/report.html").read_text()


def test_an_earlier_evaluation_is_compared_with(moderate, endpoints, folder):
    moderate("eval", folder, "--out", "before")
    endpoints.weight = 0.1

    report = json.loads(moderate("eval", folder, "--out", "after", "--against", "before", "--json").stdout)

    assert report["comparison"]["changed"] > 0
    assert "no earlier evaluation" in moderate("eval", folder, "--against", str(folder)).stderr


def test_the_models_of_another_deployment_are_compared_with(moderate, endpoints, folder, deployed, monkeypatch):
    def find_other(name):
        return Deployment(name, deployed.outputs)

    monkeypatch.setattr("moderate.evaluate.find", find_other)

    report = json.loads(moderate("eval", folder, "--against", "stack:Other", "--json").stdout)

    assert endpoints.looked == 2 * 8  # its answers aren't those of the first
    assert [side["name"] for side in report["sides"]] == ["default", "stack:Other"]
    assert report["sides"][1]["models"].endswith("stack Other")
    assert report["comparison"]["changed"] == 0
    shown = moderate("eval", folder, "--against", "stack:Other").stdout
    assert "default against stack:Other: 7 pictures" in shown
    assert "no pairs" in shown


class Converse:
    """Nova on Bedrock, which finds violence."""

    def converse(self, **request):
        said = {"flag": "unsafe", "category": "Violence", "reason": ""}
        return {"stopReason": "tool_use", "output": {"message": {"content": [{"toolUse": {"input": said}}]}}}


@pytest.mark.parametrize(
    ("model", "each"), [("us.amazon.nova-micro-v1:0", 710 * 0.000000035 + 41 * 0.00000014), ("amazon.unknown-v1", 0.0)]
)
def test_a_judge_on_bedrock_is_priced_by_its_tokens_and_never_as_llama(
    moderate, endpoints, folder, deployed, monkeypatch, model, each
):
    def find_other(name):
        return Deployment(
            name, deployed.outputs if name == "Moderation" else deployed.outputs | {"BedrockModel": model}
        )

    monkeypatch.setattr("moderate.evaluate.find", find_other)
    monkeypatch.setattr("moderation.adapters.clients.bedrock_runtime", lambda **_: Converse())

    report = json.loads(moderate("eval", folder, "--against", "stack:Other", "--json").stdout)

    llama, bedrock = (side["spent"] for side in report["sides"])
    assert llama["judgements"] == bedrock["judgements"] == 4
    looking = models_cost([(7, 2)], 0, "llama", prices.load()).usd
    assert llama["usd"] == pytest.approx(models_cost([(7, 2)], 4, "llama", prices.load()).usd)
    assert bedrock["usd"] == pytest.approx(looking + 4 * each)
    assert "ml.g5.12xlarge" in llama["arithmetic"] and "ml.g5.12xlarge" not in bedrock["arithmetic"]
    assert ("isn't known" in bedrock["arithmetic"]) == (each == 0)


def test_another_vision_model_is_not_priced_as_blip2(moderate, endpoints, folder, deployed, monkeypatch):
    def find_other(name):
        return Deployment(name, deployed.outputs | ({} if name == "Moderation" else {"Blip2Dialect": "openai"}))

    monkeypatch.setattr("moderate.evaluate.find", find_other)
    monkeypatch.setitem(SPEAKERS, "openai", ScoredBlip2)  # the endpoints here speak no other dialect

    report = json.loads(moderate("eval", folder, "--against", "stack:Other", "--json").stdout)

    ours, theirs = (side["spent"] for side in report["sides"])
    assert ours["usd"] > theirs["usd"] > 0
    assert "ml.g5.2xlarge" in ours["arithmetic"] and "ml.g5.2xlarge" not in theirs["arithmetic"]
    assert "without the vision model" in theirs["arithmetic"]


def test_a_question_that_a_blank_picture_answers_yes_is_refused(moderate, endpoints, folder, monkeypatch):
    monkeypatch.setattr("moderate.labelled_run.check_questions", lambda *_: ["weapon: means nothing"])

    result = moderate("eval", folder)

    assert (result.exit_code, "weapon: means nothing" in result.stderr) == (1, True)


def test_a_fault_of_the_deployment_ends_the_command(moderate, endpoints, folder, monkeypatch):
    def denied(*_):
        raise Misconfigured("The role may not invoke the endpoint.")

    monkeypatch.setattr("moderate.labelled_run.check_questions", lambda *_: [])
    monkeypatch.setattr(endpoints, "_answer", denied)

    result = moderate("eval", folder)

    assert (result.exit_code, "may not invoke" in result.stderr) == (1, True)
    assert not Path("eval-set/report.json").exists()


def test_a_folder_of_something_else_is_refused(moderate, endpoints, folder):
    Path("eval-set").mkdir()
    Path("eval-set/answers.jsonl").write_text("not ours\n")

    assert "name another folder with --out" in moderate("eval", folder).stderr


def test_pictures_are_small_and_the_log_says_who_embeds_them(moderate, endpoints, folder):
    moderate("eval", folder, "--pictures")

    page = References(Path("eval-set/report.html").read_text())
    assert len(page.loaded) == 2  # the missed one and the wrongly flagged one
    for address in page.loaded:
        kind, _, data = address.partition(",")
        assert kind == "data:image/jpeg;base64"
        with Image.open(io.BytesIO(base64.b64decode(data))) as shown:
            assert max(shown.size) <= 96
    [entry] = [row for row in json.loads(moderate("policy", "log", "--json").stdout) if row["who"]]
    assert (entry["action"], entry["why"]) == ("eval --pictures", "2 pictures in a report")
    assert entry["at"].startswith("20")


class TestStored:
    @pytest.fixture
    def stored(self, deployed, endpoints):
        image = deployed.put_object("set/violence/a.jpg")
        deployed.put_unsafe(
            image,
            row="unsafe",
            judgement={"flag": "unsafe", "category": "Violence", "reason": "The judge sees a gun."},
        )
        second = {"view": "full", "question": PACK.questions[1].text, "text": "no", "p_yes": 0.02, "p_blank": 0.1}
        answers = [*deployed.record(image)["answers"], second]
        deployed.dynamodb.update_item(
            TableName="verdicts",
            Key={"pk": {"S": image.pk}, "sk": {"S": image.version}},
            UpdateExpression="SET answers = :a",
            ExpressionAttributeValues={":a": to_item({"a": answers})["a"]},
        )
        deployed.s3.put_object(Bucket="policies", Key="packs/default.yaml", Body=json.dumps(pack_data(PACK)).encode())
        return image

    def test_the_evidence_on_a_record_needs_no_model(self, moderate, endpoints, stored, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)

        result = moderate("eval", "s3://intake/set", "--json")

        report = json.loads(result.stdout)
        assert (result.exit_code, endpoints.looked, endpoints.judged) == (0, 0, 0), result.stderr
        assert report["sides"][0]["report"]["categories"][0]["true_positives"] == 1

    def test_an_escalated_picture_is_left_out(self, moderate, deployed, endpoints, stored, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        deployed.dynamodb.update_item(
            TableName="verdicts",
            Key={"pk": {"S": stored.pk}, "sk": {"S": stored.version}},
            UpdateExpression="SET escalated_at = :t",
            ExpressionAttributeValues={":t": {"S": "2026-11-27T00:00:00.000Z"}},
        )

        report = json.loads(moderate("eval", "s3://intake/set", "--json").stdout)

        assert (report["escalated"], report["sides"][0]["report"]["pictures"]) == (1, 0)
        assert "set/violence" not in Path("eval-set/report.html").read_text()

    def test_an_object_without_a_record_is_looked_at(self, moderate, deployed, endpoints, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        red(tmp_path / "a.png", 250)
        deployed.s3.put_object(Bucket="intake", Key="set/violence/a.png", Body=(tmp_path / "a.png").read_bytes())

        report = json.loads(moderate("eval", "s3://intake/set", "--json").stdout)

        assert endpoints.looked == 1
        assert report["sides"][0]["report"]["pictures"] == 1


class TestFit:
    TEXT = """# ours
name: ours
description: A pack
categories:
  - {name: Violence, description: Weapons}
  - {name: Tobacco, description: Cigarettes}
questions:
  - id: weapon  # the first
    text: Does this photo contain a weapon?
    categories: [Violence]
    threshold: 0.5   # neutral
  # about smoking
  - {id: smoker, text: "Does this photo contain a smoker?", categories: [Tobacco]}
"""

    @pytest.fixture
    def labelled(self, tmp_path, monkeypatch, endpoints):
        """As many as are needed for a lower bound of 0.8: 16 with violence and 16 without."""
        monkeypatch.chdir(tmp_path)
        for number in range(16):
            red(tmp_path / f"set/violence/{number}.png", 200 + number)
            red(tmp_path / f"set/safe/{number}.png", number)
        Path("ours.yaml").write_text(self.TEXT)
        return tmp_path / "set"

    def test_it_writes_the_values_with_a_comment_and_leaves_the_rest(self, moderate, labelled):
        command = ("policy", "fit", "ours.yaml", labelled, "--precision", 0.8, "--category", "Violence")

        result = moderate(*command)

        assert result.exit_code == 0, result.stderr
        before, after = self.TEXT.splitlines(), Path("ours.yaml").read_text().splitlines()
        assert [line for line in before if line not in after] == ["    threshold: 0.5   # neutral"]
        [comment] = [line for line in after if "# fitted" in line]
        assert comment.startswith("  # fitted weapon: ")
        for part in ("32 pictures", "16 with Violence and 16 without", "asked for 0.8", "reds"):
            assert part in comment
        again = moderate(*command, "--json")
        assert Path("ours.yaml").read_text().count("# fitted") == 1
        [found] = json.loads(again.stdout)["fitted"]
        assert (found["flagged"], found["right"]) == (16, 16)
        assert found["precision_interval"][0] >= 0.8

    def test_too_few_labels_change_nothing_and_say_how_many_are_missing(self, moderate, labelled):
        result = moderate("policy", "fit", "ours.yaml", labelled, "--precision", 0.8)

        assert result.exit_code == 1
        assert "Tobacco: too few labels: 16 more with it are missing (0 of at least 16)." in result.stdout
        assert Path("ours.yaml").read_text() == self.TEXT
        assert moderate("policy", "fit", "ours.yaml", labelled, "--category", "Cars").exit_code == 2

    def test_a_case_that_no_longer_passes_is_named(self, moderate, labelled):
        case = "cases:\n  - {name: half, answers: {weapon: 0.01}, expect: {verdict: unsafe}}\n"
        Path("ours.yaml").write_text(self.TEXT + case)

        result = moderate("policy", "fit", "ours.yaml", labelled, "--precision", 0.8, "--category", "Violence")

        assert (result.exit_code, "half" in result.stderr) == (1, True)
