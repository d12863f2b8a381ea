"""Policies of the people in these tests."""

import json
from collections.abc import Callable
from typing import Any

import boto3

MakeSession = Callable[..., boto3.session.Session]


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: str | list[str], resource: str = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}
