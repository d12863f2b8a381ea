"""`moderate weights push`."""

import json
from pathlib import Path

import boto3
import huggingface_hub
import pytest
import requests
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import EndpointConnectionError
from huggingface_hub.errors import LocalEntryNotFoundError, RepositoryNotFoundError, RevisionNotFoundError

from moderate import weights
from tests.command.checkpoint import FILES, write

TARGET = "s3://models/blip2/xl/"
PINNED = json.loads((weights._HANDLER / "weights.json").read_text())
HANDLER = {"model.py", "serving.properties", "blip2_serving/service.py", "blip2_serving/__init__.py"}


@pytest.fixture(scope="module")
def session():
    """A session of its own, whose clients are new each time: tests register handlers on them."""
    return boto3.Session()


@pytest.fixture
def s3():
    client = boto3.client("s3")
    client.create_bucket(Bucket="models")
    return client


@pytest.fixture
def source(tmp_path):
    return write(tmp_path / "source", FILES)


def stored(s3) -> dict[str, bytes]:
    """The content of each object under the prefix, by its name there."""
    found = s3.list_objects_v2(Bucket="models", Prefix="blip2/xl/").get("Contents", [])
    return {
        item["Key"].removeprefix("blip2/xl/"): s3.get_object(Bucket="models", Key=item["Key"])["Body"].read()
        for item in found
    }


def test_code_and_weights_lie_together_under_the_prefix(moderate, s3, source):
    write(source, {"pytorch_model.bin": b"old", "README.md": b"#", "optimizer.safetensors": b"training"})

    result = moderate("weights", "push", source, TARGET)

    objects = stored(s3)
    assert result.exit_code == 0, result.stderr
    assert FILES.items() <= objects.items()
    assert objects["model.py"] == (weights._HANDLER / "model.py").read_bytes()
    code = objects.keys() - FILES.keys()
    assert code >= HANDLER
    assert all(name in ("model.py", "serving.properties") or name.startswith("blip2_serving/") for name in code)
    assert not any("__pycache__" in name or name == "requirements.txt" for name in code)


def test_it_prints_the_line_that_deploys_both_stacks(moderate, s3, source):
    line = moderate("weights", "push", source, TARGET).stdout.splitlines()[-1]

    assert line == "npx cdk deploy --all -c blip2WeightsPrefix=s3://models/blip2/xl/ -c acceptLlama2Eula=true"


def test_a_second_push_uploads_what_is_missing_or_changed_only(moderate, s3, source, monkeypatch):
    moderate("weights", "push", source, TARGET)
    total = len(stored(s3))
    s3.delete_object(Bucket="models", Key="blip2/xl/tokenizer.json")
    write(source, {"model.safetensors": b"v" * 1000})  # as long as before
    uploaded = watch_uploads(monkeypatch)

    result = moderate("weights", "push", source, TARGET)

    assert sorted(uploaded) == ["blip2/xl/model.safetensors", "blip2/xl/tokenizer.json"]
    assert f"2 files uploaded to {TARGET}, {total - 2} were there" in result.stdout
    assert stored(s3)["model.safetensors"] == b"v" * 1000


def test_after_an_interruption_it_goes_on_where_it_stopped(moderate, s3, source, monkeypatch):
    make = boto3.client

    def lose_connection(params, **_):
        if path_of(params).endswith(".safetensors"):
            raise EndpointConnectionError(endpoint_url="https://s3.amazonaws.com")

    def client(*arguments, **options):
        made = make(*arguments, **options)
        made.meta.events.register("before-call.s3.PutObject", lose_connection)
        return made

    with monkeypatch.context() as interrupted:
        interrupted.setattr(boto3, "client", client)
        failed = moderate("weights", "push", source, TARGET)
    uploaded = watch_uploads(monkeypatch)
    moderate("weights", "push", source, TARGET)

    assert failed.exit_code == 1
    assert "can't be reached" in failed.stderr
    assert uploaded == ["blip2/xl/model.safetensors"]


def watch_uploads(monkeypatch) -> list[str]:
    """Keys that are uploaded from now on."""
    keys: list[str] = []
    make = boto3.client

    def client(*arguments, **options):
        made = make(*arguments, **options)
        made.meta.events.register("before-call.s3.PutObject", lambda params, **_: keys.append(path_of(params)))
        made.meta.events.register(
            "before-call.s3.CompleteMultipartUpload", lambda params, **_: keys.append(path_of(params))
        )
        return made

    monkeypatch.setattr(boto3, "client", client)
    return keys


def path_of(params) -> str:
    return params["url_path"].lstrip("/").partition("?")[0].removeprefix("models/")


def test_an_object_that_someone_else_put_there_is_replaced(moderate, s3, source):
    s3.put_object(Bucket="models", Key="blip2/xl/model.safetensors", Body=b"x" * 1000)

    moderate("weights", "push", source, TARGET)

    assert stored(s3)["model.safetensors"] == FILES["model.safetensors"]


def test_large_files_go_in_parts_and_are_recognised_again(moderate, s3, source, monkeypatch):
    large = bytes(range(256)) * (TransferConfig().multipart_threshold // 256 + 1)
    write(source, {"model.safetensors": large})

    moderate("weights", "push", source, TARGET)
    uploaded = watch_uploads(monkeypatch)
    again = moderate("weights", "push", source, TARGET)

    assert stored(s3)["model.safetensors"] == large
    assert "-" in s3.head_object(Bucket="models", Key="blip2/xl/model.safetensors")["ETag"]  # it was a multipart upload
    assert uploaded == []
    assert "0 files uploaded" in again.stdout


def test_a_dry_run_lists_and_uploads_nothing(moderate, s3, source):
    moderate("weights", "push", source, TARGET)
    s3.delete_object(Bucket="models", Key="blip2/xl/tokenizer.json")
    before = stored(s3)

    result = moderate("weights", "push", source, TARGET, "--dry-run")

    rows = {line.split()[0]: line for line in result.stdout.splitlines()}
    assert "uploaded" in rows["tokenizer.json"]
    assert "skipped" in rows["model.safetensors"]
    assert "1.0 kB" in rows["model.safetensors"]
    assert stored(s3) == before


def test_shards_come_with_their_index(moderate, s3, source):
    (source / "model.safetensors").unlink()
    shards = {f"model-0000{n}-of-00002.safetensors": b"s%d" % n for n in (1, 2)}
    index = json.dumps({"weight_map": dict(zip("ab", shards, strict=True))}).encode()
    write(source, {**shards, "model.safetensors.index.json": index, "model-00001-of-00009.safetensors": b"stale"})

    result = moderate("weights", "push", source, TARGET)

    assert result.exit_code == 0, result.stderr
    assert {name for name in stored(s3) if "safetensors" in name} == {*shards, "model.safetensors.index.json"}


def test_shards_beside_a_lone_file_stay_at_home(moderate, s3, source):
    """transformers loads the lone file: the shards would be gigabytes for nothing."""
    index = json.dumps({"weight_map": {"a": "model-00001-of-00001.safetensors"}}).encode()
    write(source, {"model.safetensors.index.json": index, "model-00001-of-00001.safetensors": b"s"})

    moderate("weights", "push", source, TARGET)

    assert {name for name in stored(s3) if "safetensors" in name} == {"model.safetensors"}


@pytest.mark.parametrize("shard", ["model-00002-of-00002.safetensors", "../secret"])
def test_an_index_may_only_name_files_of_the_folder(moderate, s3, source, shard):
    (source / "model.safetensors").unlink()
    (source.parent / "secret").write_text("mine")
    write(source, {"model.safetensors.index.json": json.dumps({"weight_map": {"a": shard}}).encode()})

    result = moderate("weights", "push", source, TARGET)

    assert result.exit_code == 1
    assert f"it has no {shard}" in result.stderr
    assert stored(s3) == {}


@pytest.mark.parametrize(
    "name", ["config.json", "preprocessor_config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"]
)
def test_a_source_that_lacks_a_file_is_refused_by_its_name(moderate, s3, source, name):
    (source / name).unlink()
    write(source, {"pytorch_model.bin": b"w"})

    result = moderate("weights", "push", source, TARGET)

    assert result.exit_code == 1
    assert f"can't be served: it has no {name}." in result.stderr
    assert stored(s3) == {}


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"model_type": "llama"}, "model_type 'llama'"),
        ({"model_type": "blip-2"}, "use a BLIP-2 with a T5"),
        ({"model_type": "blip-2", "text_config": {"model_type": "opt", "bos_token_id": 1}}, "language model is 'opt'"),
        ({"model_type": "blip-2", "text_config": {"model_type": "t5"}}, "no bos_token_id"),
        ([], "no JSON object"),
        ("{", "isn't JSON"),
    ],
)
def test_a_model_that_the_handler_refuses_isnt_uploaded(moderate, s3, source, config, says):
    text = config if isinstance(config, str) else json.dumps(config)
    write(source, {"config.json": text.encode()})

    result = moderate("weights", "push", source, TARGET)

    assert result.exit_code == 1
    assert says in result.stderr
    assert stored(s3) == {}


@pytest.mark.parametrize(
    "name", ["model-00001-of-00002.safetensors", ""], ids=["stale weights", "the console's folder"]
)
def test_strangers_under_the_prefix_are_named_and_left_alone(moderate, s3, source, name):
    s3.put_object(Bucket="models", Key=f"blip2/xl/{name}", Body=b"")

    result = moderate("weights", "push", source, TARGET)

    assert result.exit_code == 1
    assert f"objects that don't belong to this model (blip2/xl/{name})" in result.stderr
    assert list(stored(s3)) == [name]


def test_a_neighbouring_prefix_is_no_stranger(moderate, s3, source):
    s3.put_object(Bucket="models", Key="blip2/xl-2/model.safetensors", Body=b"x")

    assert moderate("weights", "push", source, TARGET).exit_code == 0


def test_a_missing_bucket_is_said(moderate, source):
    result = moderate("weights", "push", source, TARGET)

    assert result.exit_code == 1
    assert "There is no bucket models" in result.stderr


@pytest.mark.parametrize("target", ["models/blip2", "s3://models", "s3://models/", "s3://models/a*/", "s3://M_/xl/"])
def test_a_destination_must_be_a_prefix(moderate, source, target):
    result = moderate("weights", "push", source, target)

    assert result.exit_code == 2
    assert "name an S3 prefix" in result.stderr


@pytest.mark.parametrize("name", ["no-such-folder", "three/part/name", "README.md"])
def test_neither_folder_nor_hub_id(moderate, s3, name):
    result = moderate("weights", "push", name, TARGET)

    assert result.exit_code == 1
    assert f"{name} is neither a folder nor a Hugging Face id" in result.stderr


class Hub:
    """The Hugging Face hub with one model; notes what was asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: list[tuple[str, list[str]]] = []
        self.revisions: set[str] = set()

    def snapshot_download(self, hub_id, revision, allow_patterns):
        self.asked.append((hub_id, allow_patterns))
        self.revisions.add(revision)
        return str(self.folder)


def test_a_hub_id_is_downloaded_without_what_nobody_needs(moderate, s3, source, monkeypatch):
    hub = Hub(source)
    monkeypatch.setattr(huggingface_hub, "snapshot_download", hub.snapshot_download)

    result = moderate("weights", "push", "owner/blip2", TARGET)

    assert result.exit_code == 0, result.stderr
    assert FILES.items() <= stored(s3).items()
    assert {hub_id for hub_id, _ in hub.asked} == {"owner/blip2"}
    assert {"config.json", "tokenizer.json", "model*.safetensors"} <= set(hub.asked[-1][1])
    assert not any(pattern.endswith((".bin", "*", ".md")) for _, patterns in hub.asked for pattern in patterns)


@pytest.mark.parametrize(
    ("arguments", "commit"),
    [
        ([PINNED["hub_id"]], PINNED["revision"]),
        ([PINNED["hub_id"], "--revision", "c" * 40], "c" * 40),
        (["owner/blip2", "--revision", "c" * 40], "c" * 40),
        (["owner/blip2"], None),
    ],
)
def test_the_hub_id_of_a_deployment_comes_in_its_pinned_commit(moderate, s3, source, monkeypatch, arguments, commit):
    hub = Hub(source)
    monkeypatch.setattr(huggingface_hub, "snapshot_download", hub.snapshot_download)

    result = moderate("weights", "push", arguments[0], TARGET, *arguments[1:])

    assert result.exit_code == 0, result.stderr
    assert hub.revisions == {commit}


def test_a_hub_model_that_cant_be_served_is_refused_before_its_weights_come(moderate, s3, source, monkeypatch):
    write(source, {"config.json": b'{"model_type": "llama"}'})
    hub = Hub(source)
    monkeypatch.setattr(huggingface_hub, "snapshot_download", hub.snapshot_download)

    result = moderate("weights", "push", "owner/llama", TARGET)

    assert result.exit_code == 1
    assert not any("safetensors" in pattern for _, patterns in hub.asked for pattern in patterns if "*" in pattern)


def unknown(*_, **__):
    raise RepositoryNotFoundError("404 Client Error", response=requests.Response())


def unknown_commit(*_, **__):
    raise RevisionNotFoundError("404 Client Error", response=requests.Response())


def offline(*_, **__):
    raise LocalEntryNotFoundError("Cannot find an appropriate cached snapshot folder")


def interrupted(*_, **__):
    raise requests.ConnectionError("Connection reset by peer")


@pytest.mark.parametrize(
    ("download", "says"),
    [
        (unknown, "The Hugging Face hub has no model owner/blip2"),
        (unknown_commit, "owner/blip2 has no commit"),
        (offline, "the Hugging Face hub can't be reached"),
        (interrupted, "the Hugging Face hub can't be reached"),
    ],
)
def test_a_hub_id_that_cant_be_had_is_explained(moderate, s3, monkeypatch, download, says):
    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)

    result = moderate("weights", "push", "owner/blip2", TARGET)

    assert result.exit_code == 1
    assert says in result.stderr
    assert len(result.stderr.splitlines()) == 1
