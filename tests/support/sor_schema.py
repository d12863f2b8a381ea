"""The schema of the DSA Transparency Database's statements."""

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator

SCHEMA = json.loads(files("moderation").joinpath("schemas/sor.schema.json").read_text("utf-8"))
_VALIDATOR = Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)


def faults(statement: Mapping[str, Any]) -> list[str]:
    """Paths of what the schema rejects."""
    return [error.json_path for error in _VALIDATOR.iter_errors(statement)]
