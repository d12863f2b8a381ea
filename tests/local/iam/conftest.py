"""The small stack on a laptop cloud of its own, and people with rights in it."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from local.deploy import ACCOUNT, REGION
from local.harness.instant_models import InstantModels
from local.harness.laptop import Laptop
from tests.local.iam.persons import MakeSession, document
from tests.local.small_stack import write_assembly
from tests.support.sessions import new_session


@pytest.fixture(scope="session")
def laptop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laptop]:
    """One for the folder: its messages would disturb the tests of others."""
    assembly = write_assembly(tmp_path_factory.mktemp("small") / "cdk.out")
    with InstantModels() as models, Laptop(assembly, models.url, stack="Small") as laptop:
        yield laptop


@pytest.fixture(scope="module")
def person(laptop: Laptop) -> MakeSession:
    """Make a role that allows just the given statements, and assume it: a session of boto3."""
    iam, sts = laptop.client("iam"), laptop.client("sts")

    def make(name: str, *statements: dict[str, Any]) -> boto3.session.Session:
        trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(trust))["Role"]["Arn"]
        iam.put_role_policy(RoleName=name, PolicyName="Rights", PolicyDocument=document(*statements))
        keys = sts.assume_role(RoleArn=role, RoleSessionName="alice")["Credentials"]
        return new_session(
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
            region_name=REGION,
        )

    return make
