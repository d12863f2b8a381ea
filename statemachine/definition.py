"""Load the state machines' definitions: JSON with `${Placeholders}` inside its strings, filled in by CloudFormation."""

import re
from pathlib import Path

DEFINITION_PATH = Path(__file__).with_name("moderation.asl.json")
BACKFILL_PATH = Path(__file__).with_name("backfill.asl.json")
_PLACEHOLDER = re.compile(r"\$\{(\w+)\}")


def load(path: Path = DEFINITION_PATH) -> str:
    """Return a definition as it is in the file, placeholders included."""
    return path.read_text()


def placeholders(text: str) -> frozenset[str]:
    """Return the names that `DefinitionSubstitutions` must supply."""
    return frozenset(_PLACEHOLDER.findall(text))


def render(text: str, substitutions: dict[str, str]) -> str:
    """Fill in the placeholders as CloudFormation does. Raises KeyError for one without a value."""
    return _PLACEHOLDER.sub(lambda match: substitutions[match[1]], text)
