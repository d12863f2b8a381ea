"""Find the policy pack behind a record's verdict."""

from moderation.domain.policy import Pack, read_pack
from moderation.domain.record import Record
from moderation.domain.work_files import pack_file
from moderation.errors import InvalidPolicy
from moderation.ports import PolicyStore, WorkStore


def find_policy(work: WorkStore, policies: PolicyStore, record: Record) -> Pack | None:
    """Return the pack behind a record's verdict or, where none was involved yet, the one in force for its key.

    None if that one is broken, or of a later release: a person must be able to decide even then. Raises
    StoreUnavailable, Misconfigured.
    """
    if not record.policy:
        return policy_in_force(policies, record)
    try:
        return read_pack(work.get_json(pack_file(record.policy["digest"])))
    except InvalidPolicy:
        return None


def policy_in_force(policies: PolicyStore, record: Record) -> Pack | None:
    """Return the pack in force for a record's key, None if it is broken. Raises StoreUnavailable, Misconfigured."""
    try:
        return policies.for_key(record.image.key).enforce
    except InvalidPolicy:
        return None


def find_policy_shown(work: WorkStore, policies: PolicyStore, record: Record, *, blind: bool) -> Pack | None:
    """Return the pack that a person decides by: of an item that they see blind, as if it were new, the one in force."""
    return (policy_in_force(policies, record) if blind else None) or find_policy(work, policies, record)
