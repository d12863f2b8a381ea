"""Packs as commands name them: by file, by name in force, or as shipped."""

from pathlib import Path

from moderate.deployment import find
from moderate.policy_files import not_shipped
from moderation.adapters.policies import shipped_pack
from moderation.adapters.yaml_files import load_yaml
from moderation.domain.policy import Pack, parse_pack
from moderation.domain.prompt import evidence_room

PACK_HELP = "A file, the name of an active pack, or shipped:NAME for a shipped one."
_SHIPPED = "shipped:"


def pack_of(file: Path) -> Pack:
    """Return the pack in a file. Raises InvalidPolicy, also if it leaves the judge too little room."""
    pack = parse_pack(load_yaml(file.read_bytes(), str(file)))
    evidence_room(pack)
    return pack


def named_or_file(name: str, stack: str) -> Pack:
    """Return the pack that an argument names."""
    if name.startswith(_SHIPPED):
        return shipped(name.removeprefix(_SHIPPED))
    if Path(name).suffix:
        return pack_of(Path(name))
    return find(stack).policies.pack(name)


def shipped(name: str) -> Pack:
    """Return a shipped pack. Raises CommandFailed."""
    pack = shipped_pack(name)
    if pack is None:
        raise not_shipped(name)
    return pack
