"""Loads the workflow's definition: JSON with `${Placeholders}` inside its strings, filled in by CloudFormation."""

import re
from pathlib import Path

DEFINITION_PATH = Path(__file__).with_name("moderation.asl.json")
_PLACEHOLDER = re.compile(r"\$\{(\w+)\}")


def load() -> str:
    """The definition's text as it stands in the file, placeholders and all."""
    return DEFINITION_PATH.read_text()


def placeholders(text: str) -> frozenset[str]:
    """The names that `DefinitionSubstitutions` must supply."""
    return frozenset(_PLACEHOLDER.findall(text))


def render(text: str, substitutions: dict[str, str]) -> str:
    """Fill the placeholders in, as CloudFormation does; raises KeyError for one that has no value."""
    return _PLACEHOLDER.sub(lambda match: substitutions[match[1]], text)
