"""Two persons put a policy in force on a deployment that asks for it, with the deployed policies enforced."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from typer.testing import CliRunner

from local import deploy
from local.harness.instant_models import InstantModels
from local.harness.laptop import Laptop
from moderate.main import app
from moderation.domain.policy_history import approval_key
from tests.support.sessions import new_session
from tests.workflow.steps import UNRECORDED, drawing, session_of, variant

PACK = (
    "name: mine\ndescription: For this test.\n"
    "categories:\n  - {name: Violence, description: Weapons.}\n"
    "questions:\n  - {id: weapon, text: 'Is there a weapon?', categories: [Violence]}\n"
)
FRESH_S = 5.5  # a function may use what it read for five seconds


@pytest.fixture(scope="module")
def strict(tmp_path_factory, running: InstantModels) -> Iterator[Laptop]:
    """A deployment of its own that needs two editors."""
    assembly = variant(tmp_path_factory.mktemp("approval"), policyApproval="true")
    with Laptop(assembly, running.url, environment=UNRECORDED) as laptop:
        yield laptop


def policy_of(laptop: Laptop, key: str, colour: str) -> Any:
    laptop.upload(key, drawing(colour=colour))
    record = laptop.wait_for_verdict(key)
    return record.get("policy", {}).get("name"), record.get("needs")


def test_a_policy_is_in_force_once_a_second_editor_approved_it(
    strict: Laptop, models: InstantModels, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("AWS_ENDPOINT_URL", strict.url)
    monkeypatch.setenv("AWS_DEFAULT_REGION", deploy.REGION)
    people = {name: session_of(strict, name) for name in ("ann", "bob")}
    people["reader"] = strict.keys_of("PolicyEditor")

    def moderate(name: str, *words: object, status: int = 0) -> str:
        for variable, value in people[name].items():
            monkeypatch.setenv(variable, value)
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", new_session())
        done = CliRunner().invoke(app, ["policy", *map(str, words)])
        assert done.exit_code == status, done.output
        return done.output

    def editor(name: str) -> Any:
        keys = {variable.lower(): value for variable, value in people[name].items()}
        sts = boto3.client("sts", endpoint_url=strict.url, region_name=deploy.REGION, **keys)
        role = sts.assume_role(RoleArn=strict.outputs["PolicyEditorRoleArn"], RoleSessionName=name)["Credentials"]
        return boto3.client(
            "s3",
            endpoint_url=strict.url,
            region_name=deploy.REGION,
            aws_access_key_id=role["AccessKeyId"],
            aws_secret_access_key=role["SecretAccessKey"],
            aws_session_token=role["SessionToken"],
        )

    (tmp_path / "mine.yaml").write_text(PACK)
    pushed = moderate("ann", "push", tmp_path / "mine.yaml", "--route", "", "--yes", "--why", "Our rules")
    pack, routes = (part.split("`")[0] for part in pushed.split("moderate policy approve ")[1:])
    assert policy_of(strict, "a.png", "teal") == ("default", None), "what was in force stays"

    ann, bucket = editor("ann"), {"Bucket": strict.outputs["PolicyBucketName"]}
    [own] = [each["Key"] for each in ann.list_objects_v2(**bucket, Prefix=f"history/approvals/{pack}")["Contents"]]
    digest, role_id = own.split("/")[2], own.split("/")[3].partition(":")[0]
    forgeries = [
        lambda: ann.put_object(**bucket, Key=approval_key(digest, f"{role_id}:bob"), Body=b"{}", IfNoneMatch="*"),
        lambda: ann.put_object(**bucket, Key=own, Body=b"{}"),
        lambda: ann.delete_object(**bucket, Key=own),
        lambda: ann.delete_object(**bucket, Key="packs/default.yaml"),
        lambda: ann.delete_object(**bucket, Key="routes.yaml"),
    ]
    for forge in forgeries:
        with pytest.raises(ClientError, match="AccessDenied"):
            forge()
    assert "You signed this yourself" in moderate("ann", "approve", pack, "--yes", status=1)

    ann.put_object(**bucket, Key="packs/mine.yaml", Body=PACK.encode())
    ann.put_object(**bucket, Key="routes.yaml", Body=b'"": {enforce: mine}\n')
    time.sleep(FRESH_S)
    assert policy_of(strict, "b.png", "plum")[1] == "policy", "nobody enforces alone"

    moderate("bob", "approve", pack, "--yes")
    assert "(anything)" in moderate("bob", "approve", routes, "--yes")
    time.sleep(FRESH_S)
    assert policy_of(strict, "c.png", "olive") == ("mine", None)
    [row] = [
        row for row in json.loads(moderate("reader", "log", "--json")) if row["key"] == "routes.yaml" and row["who"]
    ]
    assert (row["who"], row["signed_by"], row["why"]) == ("bob", ["ann", "bob"], "Our rules")
