"""Deployment on which a runbook is followed, and the runbook being followed."""

import io
import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from local.harness.instant_models import InstantModels
from local.harness.laptop import Laptop
from scripts.runbooks.page import sections
from scripts.runbooks.shell import Shell

# What no laptop has, by the start of the command: GPU endpoints to replace, changes made by hand to revert.
ELSEWHERE = "npx cdk "


class RunbookFailed(Exception):
    """A command of a runbook failed, or it didn't lead to what the page promises."""


def check(held: object, otherwise: str) -> None:
    """Raise RunbookFailed if what the page promises didn't hold."""
    if not held:
        raise RunbookFailed(otherwise)


@dataclass(frozen=True)
class Scene:
    """A deployment, its models, a shell in which the functions are defined, and a folder for files."""

    laptop: Laptop
    models: InstantModels
    shell: Shell
    folder: Path

    def upload(self, key: str) -> str:
        """Upload a drawing whose bytes no other upload has; return its version."""
        return self.laptop.upload(key, drawing())

    def upload_unnoticed(self, key: str) -> str:
        """Upload a drawing while no rule starts the workflow; return its version."""
        events = self.laptop.client("events")
        rules = [rule["Name"] for rule in events.list_rules()["Rules"] if "ObjectCreated" in rule["Name"]]
        for rule in rules:
            events.disable_rule(Name=rule)
        try:
            return self.upload(key)
        finally:
            for rule in rules:
                events.enable_rule(Name=rule)

    def given(self, key: str, version: str) -> dict[str, Any]:
        """Return the input with which the intake rule would start the workflow."""
        bucket = self.laptop.outputs["IntakeBucketName"]
        return {
            "bucket": bucket,
            "key": key,
            "version": version,
            "size": 1,
            "event_id": f"{random.getrandbits(64):x}",
            "time": "2026-11-23T10:00:00Z",
        }

    def write(self, name: str, content: bytes) -> str:
        """Write a file and return its path."""
        file = self.folder / name
        file.write_bytes(content)
        return str(file)

    @contextmanager
    def denied(self, role_arn: str, action: str) -> Iterator[None]:
        """Deny an action to a role for the duration of the block, as when its permissions were changed by hand."""
        iam, name = self.laptop.client("iam"), role_arn.rpartition("/")[2]
        statement = {"Effect": "Deny", "Action": action, "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_role_policy(RoleName=name, PolicyName="ByHand", PolicyDocument=document)
        try:
            yield
        finally:
            iam.delete_role_policy(RoleName=name, PolicyName="ByHand")

    @contextmanager
    def following(self, heading: str, skip: int = 0) -> Iterator["Followed"]:
        """Yield the runbook from its block number `skip` on. Raises RunbookFailed if a block wasn't run in the end."""
        runbook = Followed(self.shell, heading, skip)
        yield runbook
        runbook.end()


class Followed:
    """A runbook that is being followed, block by block."""

    def __init__(self, shell: Shell, heading: str, skip: int) -> None:
        self._shell = shell
        self._blocks = list(sections()[heading][skip:])

    def paste(self, *expected: str, fails: str = "", **values: str) -> str:
        """Run the next block and return its output; `expected` must be in it, and all commands but `fails` succeed.

        `values` replace those that the block gives to variables as examples. Raises RunbookFailed.
        """
        done = self._shell.paste(self._blocks.pop(0).with_values(values))
        for each in done:
            wrong = bool(each.status) != (each.command == fails)
            check(not wrong, f"exit status {each.status}: {each.command}\n{each.output}")
        said = "\n".join(each.output for each in done)
        for text in expected:
            check(text in said, f"{text!r} isn't in the output:\n{said}")
        return said

    def leave(self) -> None:
        """Skip the next block, which no laptop can run. Raises RunbookFailed if it could be run."""
        block = self._blocks.pop(0)
        check(all(command.startswith(ELSEWHERE) for command in block.commands), f"can be run:\n{block.text}")

    def end(self) -> None:
        """Raise RunbookFailed if blocks are left."""
        check(not self._blocks, f"not run: {self._blocks}")


def drawing() -> bytes:
    """Return a picture that no other upload is equal to."""
    buffer = io.BytesIO()
    Image.frombytes("RGB", (12, 8), random.randbytes(12 * 8 * 3)).resize((120, 80)).save(buffer, "PNG")
    return buffer.getvalue()
