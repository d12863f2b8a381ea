"""Summary of an upload that couldn't be prepared, passed to the record through the work bucket."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from moderation.domain.manifest import known_fields
from moderation.domain.policy import Pack

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Upload:
    """Facts of the object that don't depend on its pixels, and what its pack says about files that can't be used.

    `sha256` (hex) is None for an object that is too large to be read, `policy` (name, digest) where none was found.
    """

    size: int | None = None
    content_type: str = ""
    sha256: str | None = None
    reference: str | None = None
    uploader: str | None = None
    policy: Mapping[str, str] | None = None
    unusable_files: str = Pack.unusable_files

    def attributes(self) -> dict[str, Any]:
        """Attributes of the record, as far as they are known."""
        facts = {"size": self.size, "content_type": self.content_type, "sha256": self.sha256}
        named = {name: getattr(self, name) for name in ("sha256", "reference", "uploader", "policy")}
        return {"image": _known(facts), **_known(named)}


def upload_to_json(upload: Upload) -> dict[str, Any]:
    """Return plain data that `upload_from_json` reads back unchanged."""
    return {"schema_version": SCHEMA_VERSION, **asdict(upload)}


def upload_from_json(data: Mapping[str, Any]) -> Upload:
    """Read an upload: unknown fields are ignored, missing ones get their defaults."""
    return Upload(**known_fields(Upload, data))


def _known(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value}
