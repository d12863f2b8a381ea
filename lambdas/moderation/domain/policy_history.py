"""Keys of the policy bucket's history, whose files are written once and kept.

Each key has the writer's user id, `<role id>:<session name>`, and the role may write under no other.
"""

from collections.abc import Iterable
from dataclasses import dataclass

HISTORY = "history/"
LOG = f"{HISTORY}log/"
APPROVALS = f"{HISTORY}approvals/"
PICTURES = "pictures-"  # begins the name of an entry about pictures in a report, in place of a version
NEEDED = 2  # editors who must have signed a digest, its author among them


@dataclass(frozen=True)
class PolicyChange:
    """Version of a file of the policy bucket with what its editor wrote about it; `who` is empty if nobody did.

    `digest` is that of the pack or routes, if it has one; `accepted` the note with which contradictions of people's
    decisions were accepted, if there were any.
    """

    at: str
    key: str
    version: str
    action: str
    who: str = ""
    digest: str = ""
    why: str = ""
    accepted: str = ""
    signed_by: tuple[str, ...] = ()


def log_key(user_id: str, version: str) -> str:
    """Key of the log entry about a version of a file in the policy bucket."""
    return f"{LOG}{user_id}/{version}.json"


def log_entry(key: str) -> tuple[str, str]:
    """Return the session name of an entry's writer, and the version that it is about."""
    user_id, _, version = key.removeprefix(LOG).partition("/")
    return user_id.rpartition(":")[2], version.removesuffix(".json")


def approval_key(digest: str, user_id: str) -> str:
    """Key of an editor's signature of a digest."""
    return f"{APPROVALS}{digest}/{user_id}.json"


def signers(digest: str, keys: Iterable[str]) -> frozenset[str]:
    """Return the session names of those who signed a digest, from keys of the history.

    One person counts once, even under roles that were replaced.
    """
    return names_under(f"{APPROVALS}{digest}/", keys)


def names_under(prefix: str, keys: Iterable[str]) -> frozenset[str]:
    """Return the session names in the keys of signatures under a prefix."""
    names = (key.removeprefix(prefix) for key in keys if key.startswith(prefix) and key.endswith(".json"))
    return frozenset(name.removesuffix(".json").rpartition(":")[2] for name in names if "/" not in name)


def is_approved(digest: str, keys: Iterable[str]) -> bool:
    """Return True if enough editors signed a digest."""
    return len(signers(digest, keys)) >= NEEDED
