"""Keys of the policy bucket's history, whose files are written once and kept.

Each key has the writer's user id, `<role id>:<session name>`, and the role may write under no other.
"""

HISTORY = "history/"
LOG = f"{HISTORY}log/"


def log_key(user_id: str, version: str) -> str:
    """Key of the log entry about a version of a file in the policy bucket."""
    return f"{LOG}{user_id}/{version}.json"


def log_entry(key: str) -> tuple[str, str]:
    """Return the session name of an entry's writer, and the version that it is about."""
    user_id, _, version = key.removeprefix(LOG).partition("/")
    return user_id.rpartition(":")[2], version.removesuffix(".json")
