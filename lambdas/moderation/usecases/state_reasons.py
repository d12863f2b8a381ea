"""State the reasons of a verdict, as data."""

from datetime import datetime

from moderation.domain.record import Record
from moderation.domain.statement import Statement, statement
from moderation.ports import PolicyStore, WorkStore
from moderation.usecases.find_policy import find_policy
from moderation.usecases.with_evidence import with_evidence


def state_reasons(work: WorkStore, policies: PolicyStore, record: Record, since: datetime | None = None) -> Statement:
    """Return the statement of reasons of a record; `since` is the first use of its policy, if the caller knows it.

    Raises StoreUnavailable, Misconfigured.
    """
    return statement(with_evidence(work, record), find_policy(work, policies, record), since)
