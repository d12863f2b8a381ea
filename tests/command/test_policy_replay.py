"""`moderate policy replay` at a deployment: the report in its forms, an export, a resumed run, and the models."""

import gzip
import io
import json
from dataclasses import replace

import boto3
import pytest
import yaml
from botocore.client import BaseClient
from PIL import Image

from moderation.adapters.dynamodb_items import to_item
from moderation.domain.decision import decide
from moderation.domain.evidence import Answer, Caption, Evidence
from moderation.domain.image_ref import ImageRef
from moderation.domain.judgement import Judgement
from moderation.domain.judgement_file import judgement_attributes
from moderation.domain.policy import pack_data
from moderation.domain.work_files import Workspace
from tests.command.history import OWNER, PACK, PACK_KEY

SAFE, UNSAFE = Judgement("safe", None, "Nothing."), Judgement("unsafe", "Violence", "A gun.")
WINDOW = ("--since", "2000-01-01")
WEAPON = PACK.questions[0]


@pytest.fixture
def pictures(deployed):
    """Three pictures: clearly safe, nearly a weapon, and clearly a weapon."""
    deployed.work(PACK_KEY, pack_data(PACK))
    for key, p, judgement in (("in/safe", 0.02, SAFE), ("in/near", 0.42, SAFE), ("in/gun", 0.97, UNSAFE)):
        put(deployed, key, p, judgement)
    return deployed


def put(deployed, key, p, judgement, **attributes):
    answers = tuple(
        Answer("full", question.text, "yes" if score >= 0.5 else "no", score, 0.1)
        for question, score in ((WEAPON, p), (PACK.questions[1], 0.02))
    )
    evidence = Evidence(answers, (Caption("full", "a <b>house</b>"),))
    made = judgement_attributes(decide(PACK, evidence, judgement), judgement, evidence)
    image = ImageRef("intake", key, "v1")
    policy = {"name": PACK.name, "digest": PACK.digest}
    deployed.put_record(image, policy=policy, execution=OWNER, **json.loads(json.dumps(made)), **attributes)
    return image


def write(path, pack):
    path.write_text(yaml.safe_dump(json.loads(json.dumps(pack_data(pack)))))
    return path


@pytest.fixture
def stricter(tmp_path):
    """The pack with a lower threshold for weapons."""
    return write(tmp_path / "mine.yaml", replace(PACK, questions=(replace(WEAPON, threshold=0.3), PACK.questions[1])))


@pytest.fixture
def reworded(tmp_path):
    category = replace(PACK.categories[0], description="Guns and fights")
    return write(tmp_path / "mine.yaml", replace(PACK, categories=(category, PACK.categories[1])))


@pytest.fixture
def models(monkeypatch):
    """Answers of the two endpoints, and what they were asked."""
    asked, real = [], BaseClient._make_api_call  # type: ignore[attr-defined]  # not part of its API

    def call(self, operation, parameters):
        if operation != "InvokeEndpoint":
            return real(self, operation, parameters)
        asked.append(parameters["EndpointName"])
        said = {
            "llama": {"generated_text": '{"flag": "unsafe", "category": "Violence", "reason": "A gun."}'},
            "blip2": {"model": "b", "caption": None, "answers": [{"text": "no", "p_yes": 0.01, "p_blank": 0.1}]},
        }[parameters["EndpointName"]]
        return {"Body": io.BytesIO(json.dumps(said).encode())}

    monkeypatch.setattr(BaseClient, "_make_api_call", call)
    return asked


def report(result):
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def flips(made):
    return [(flip["key"], flip["before"]["verdict"], flip["after"]["verdict"]) for flip in made["flipped"]]


def test_a_lower_threshold_sends_a_near_picture_to_people(pictures, moderate, stricter):
    before = pictures.record(ImageRef("intake", "in/near", "v1"))

    made = report(moderate("policy", "replay", stricter, *WINDOW, "--json"))

    assert flips(made) == [("in/near", "safe", "review")]
    assert (made["records"], made["replayed"], made["flips"]) == (3, 3, 1)
    assert made["people"] == {"before": 0, "after": pytest.approx(1 / 3)}
    assert made["usd_a_month"]["after"] > made["usd_a_month"]["before"]
    assert made["judge"] == {"same": 1, "held": 2}
    (edit,) = made["edits"]
    assert (edit["field"], edit["needs"]) == ("questions.weapon.threshold", "nothing")
    assert pictures.record(ImageRef("intake", "in/near", "v1")) == before


def test_a_replay_under_the_pack_that_made_the_verdicts_changes_nothing(pictures, moderate, tmp_path):
    result = moderate("policy", "replay", write(tmp_path / "same.yaml", PACK), *WINDOW)

    assert result.exit_code == 0, result.stderr
    assert "3 replayed" in result.stdout
    assert "0 with another verdict" in result.stdout
    assert "are the recorded ones" in result.stdout


def test_the_report_says_what_was_not_replayed_and_shows_the_matrix(pictures, moderate, stricter):
    pictures.put_failure(pictures.put_object("in/broken.jpg"), "UnreadableImage")

    result = moderate("policy", "replay", stricter, *WINDOW)

    assert result.exit_code == 0, result.stderr
    assert "Its moderation failed with UnreadableImage" in result.stdout
    assert "review / Violence" in result.stdout
    assert "no model" in result.stdout


def test_a_category_that_is_only_in_one_pack_is_shown_in_words(pictures, moderate, tmp_path):
    boats = replace(PACK.categories[0], name="Boats", description="Ships")
    more = write(tmp_path / "more.yaml", replace(PACK, categories=(*PACK.categories, boats)))

    shown = moderate("policy", "replay", more, *WINDOW).stdout

    assert "description: Ships" in shown
    assert "{" not in shown


def test_an_escalated_picture_is_in_no_replay(pictures, moderate, stricter):
    put(pictures, "in/escalated", 0.42, SAFE, escalated_at="2026-11-20T00:00:00.000Z")

    result = moderate("policy", "replay", stricter, *WINDOW, "--json")

    assert report(result)["records"] == 3
    assert "escalated" not in result.stdout


def test_the_page_opens_offline_and_escapes_what_is_not_ours(pictures, moderate, stricter, tmp_path):
    page = tmp_path / "replay.html"

    assert moderate("policy", "replay", stricter, *WINDOW, "--html", page).exit_code == 0

    text = page.read_text()
    assert "in/near" in text
    assert "a &lt;b&gt;house&lt;/b&gt;" in text
    assert "<script" not in text
    assert "<img" not in text
    assert "http" not in text.replace("http-equiv", "")


def test_pictures_are_small_blurred_views_and_logged(pictures, moderate, stricter, tmp_path):
    png = io.BytesIO()
    Image.new("RGB", (224, 224), "red").save(png, "PNG")
    view = Workspace.of(ImageRef("intake", "in/near", "v1"), OWNER).view("full")
    pictures.s3.put_object(Bucket="work", Key=view, Body=png.getvalue())
    page = tmp_path / "replay.html"

    result = moderate("policy", "replay", stricter, *WINDOW, "--html", page, "--pictures")

    assert result.exit_code == 0, result.stderr
    assert page.read_text().count("data:image/jpeg;base64,") == 1
    listed = pictures.s3.list_objects_v2(Bucket="policies", Prefix="history/log/")["Contents"]
    entries = [json.loads(pictures.s3.get_object(Bucket="policies", Key=file["Key"])["Body"].read()) for file in listed]
    assert [entry["pictures"] for entry in entries] == [["in/near"]]


def test_the_judge_is_asked_after_its_price_was_shown(pictures, moderate, reworded, models):
    stored = report(moderate("policy", "replay", reworded, *WINDOW, "--json"))
    assert [(one["needs"], one["records"]) for one in stored["not_replayed"]] == [("judge", 1)]
    assert models == []

    result = moderate("policy", "replay", reworded, *WINDOW, "--judge", "ask", "--yes", "--json")

    made = report(result)
    assert models == ["llama"]
    assert "To ask, at most: the judge about 1 pictures, for $0.00" in result.stderr
    assert (made["replayed"], made["not_replayed"], made["judge"]["asked"]) == (3, [], 1)


def test_nobody_is_asked_without_consent(pictures, moderate, reworded, models, monkeypatch):
    monkeypatch.setattr("typer.confirm", lambda *words, **options: False)

    assert moderate("policy", "replay", reworded, *WINDOW, "--judge", "ask").exit_code == 1
    assert models == []


def test_a_new_question_is_asked_about_kept_views(pictures, moderate, models, tmp_path):
    for key in ("in/safe", "in/gun"):
        view = Workspace.of(ImageRef("intake", key, "v1"), OWNER).view("full")
        pictures.s3.put_object(Bucket="work", Key=view, Body=b"png")
    asking = write(
        tmp_path / "mine.yaml",
        replace(PACK, questions=(*PACK.questions, replace(WEAPON, id="knife", text="Is there a knife?"))),
    )

    made = report(moderate("policy", "replay", asking, *WINDOW, "--ask-vision", "--yes", "--json"))

    assert models == ["blip2", "blip2"]
    assert [one["cause"] for one in made["not_replayed"]] == ["Its views are no longer kept."]
    assert (made["replayed"], made["flips"]) == (2, 0)


def test_a_stopped_replay_goes_on_from_its_file(pictures, moderate, reworded, models, tmp_path):
    progress, words = tmp_path / "p.jsonl", ("policy", "replay", reworded, *WINDOW, "--judge", "ask", "--yes", "--json")
    first = report(moderate(*words, "--resume", progress))
    put(pictures, "in/later", 0.02, SAFE, created_at="2099-01-01T00:00:00.000Z")

    again = report(moderate(*words, "--until", "2100-01-01", "--resume", progress))

    assert models == ["llama"]
    assert again == first


def test_a_progress_file_of_another_replay_is_refused(pictures, moderate, stricter, tmp_path):
    progress = tmp_path / "p.jsonl"
    moderate("policy", "replay", stricter, *WINDOW, "--resume", progress)

    result = moderate("policy", "replay", "shipped:blog", *WINDOW, "--resume", progress)

    assert result.exit_code == 1
    assert "another replay" in result.stderr


EXPORT = "mine/AWSDynamoDB/01693685827463-2d8752fd"


def export(deployed, records, **changed):
    """An export in the format of the DynamoDB Developer Guide, "DynamoDB table export output format"."""
    deployed.s3.create_bucket(Bucket="exports")
    halves = [records[::2], records[1::2], []]
    listed = []
    for number, items in enumerate(halves):
        body = gzip.compress("".join(json.dumps({"Item": item}) + "\n" for item in items).encode()) if items else b""
        key = f"{EXPORT}/data/file{number}.json.gz"
        deployed.s3.put_object(Bucket="exports", Key=key, Body=body)
        checksums = {"md5Checksum": "sQMSpEILNgoQmarvDFonGQ==", "etag": "af83d6f217c19b8b0fff8023d8ca4716-1"}
        listed.append({"itemCount": len(items), **checksums, "dataFileS3Key": key})
    summary = {
        "version": "2020-06-30",
        "exportArn": "arn:aws:dynamodb:us-east-1:123456789012:table/verdicts/export/01693685827463-2d8752fd",
        "startTime": "2026-11-26T20:17:07.463Z",
        "endTime": "2026-11-26T20:20:00.000Z",
        "tableArn": "arn:aws:dynamodb:us-east-1:123456789012:table/verdicts",
        "exportTime": "2026-11-26T20:17:07.463Z",
        "s3Bucket": "exports",
        "s3Prefix": "mine",
        "manifestFilesS3Key": f"{EXPORT}/manifest-files.json",
        "billedSizeBytes": 0,
        "itemCount": len(records),
        "outputFormat": "DYNAMODB_JSON",
        "exportType": "FULL_EXPORT",
        **changed,
    }
    for name, text in (
        ("manifest-summary.json", json.dumps(summary)),
        ("manifest-files.json", "".join(json.dumps(file) + "\n" for file in listed)),
    ):
        deployed.s3.put_object(Bucket="exports", Key=f"{EXPORT}/{name}", Body=text.encode())


def scanned(deployed):
    others = [
        to_item({"pk": "intake:decisions#3", "sk": "x", "verdict": "safe"}),
        to_item({"pk": "another#a", "sk": "v", "verdict": "safe", "created_at": "2026-11-20T00:00:00.000Z"}),
    ]
    return [*deployed.dynamodb.scan(TableName="verdicts")["Items"], *others]


@pytest.mark.parametrize("url", [f"s3://exports/{EXPORT}", f"s3://exports/{EXPORT}/manifest-summary.json"])
def test_an_export_gives_the_report_of_the_table(pictures, moderate, stricter, url):
    export(pictures, scanned(pictures))

    from_table = report(moderate("policy", "replay", stricter, *WINDOW, "--until", "2100-01-01", "--json"))
    from_export = report(
        moderate("policy", "replay", stricter, *WINDOW, "--until", "2100-01-01", "--json", "--export", url)
    )

    assert from_export == from_table


def test_what_was_erased_or_escalated_since_an_export_is_not_listed(pictures, moderate, stricter):
    put(pictures, "in/other", 0.42, SAFE)
    export(pictures, scanned(pictures))
    put(pictures, "in/near", 0.42, SAFE, escalated_at="2026-11-26T00:00:00.000Z")
    pictures.dynamodb.delete_item(TableName="verdicts", Key={"pk": {"S": "intake#in/other"}, "sk": {"S": "v1"}})

    made = report(moderate("policy", "replay", stricter, *WINDOW, "--export", f"s3://exports/{EXPORT}", "--json"))

    assert made["flipped"] == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"outputFormat": "ION"}, "make a full export as DYNAMODB_JSON"),
        ({"exportType": "INCREMENTAL_EXPORT"}, "make a full export"),
        ({"tableArn": "arn:aws:dynamodb:us-east-1:1:table/orders"}, "an export of the table orders"),
        ({"tableArn": None, "outputFormat": []}, "export"),
    ],
)
def test_another_export_is_refused(pictures, moderate, stricter, changed, said):
    export(pictures, scanned(pictures), **changed)

    result = moderate("policy", "replay", stricter, *WINDOW, "--export", f"s3://exports/{EXPORT}")

    assert result.exit_code == 1
    assert said in result.stderr


# The names of the cases: gzip stores the time, and each worker of the suite must name a test alike.
@pytest.mark.parametrize(
    "body",
    [b"no gzip", gzip.compress(b'{"Item": {}}\n' * 50)[:-9], gzip.compress(b"")],
    ids=["no gzip", "cut off", "empty"],
)
def test_a_damaged_export_is_refused(pictures, moderate, stricter, body):
    export(pictures, scanned(pictures))
    pictures.s3.put_object(Bucket="exports", Key=f"{EXPORT}/data/file0.json.gz", Body=body)

    result = moderate("policy", "replay", stricter, *WINDOW, "--export", f"s3://exports/{EXPORT}")

    assert result.exit_code == 1
    assert "file0.json.gz" in result.stderr or "A line of the export" in result.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("--export", "exports/x"),
        ("--pictures",),
        ("--since", "2026-11-02", "--until", "2026-11-01"),
        ("--judge", "ask", "--json"),
    ],
)
def test_wrong_usage(pictures, moderate, stricter, words):
    assert moderate("policy", "replay", stricter, *words).exit_code == 2


def test_records_that_dynamodb_did_not_process_are_asked_for_again(pictures, moderate, stricter, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    asked, real = [], BaseClient._make_api_call  # type: ignore[attr-defined]  # not part of its API

    def call(self, operation, parameters):
        if operation == "BatchGetItem":
            asked.append(parameters["RequestItems"])
            if len(asked) == 1:
                return {"Responses": {}, "UnprocessedKeys": parameters["RequestItems"]}
        return real(self, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", call)

    assert report(moderate("policy", "replay", stricter, *WINDOW, "--json"))["records"] == 3
    assert asked[0] == asked[1]


def test_a_replay_works_under_the_role_of_policy_editors(pictures, moderate, stricter, monkeypatch):
    keys, real = set(), BaseClient._make_api_call  # type: ignore[attr-defined]  # not part of its API

    def call(self, operation, parameters):
        if operation in ("BatchGetItem", "GetObject"):
            keys.add(self._get_credentials().access_key)
        return real(self, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", call)
    own = boto3.Session().get_credentials()
    assert own

    report(moderate("policy", "replay", stricter, *WINDOW, "--json"))

    assert own.access_key not in keys
