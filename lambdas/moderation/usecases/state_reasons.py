"""State the reasons of a verdict, as data."""

from datetime import datetime

from moderation.domain.record import Record
from moderation.domain.statement import Statement, statement
from moderation.ports import PolicyStore, WorkStore
from moderation.usecases.find_policy import find_policy


def state_reasons(work: WorkStore, policies: PolicyStore, record: Record, since: datetime | None = None) -> Statement:
    """Return the statement of reasons of a record; `since` is the first use of its policy, if the caller knows it.

    Raises StoreUnavailable, Misconfigured.
    """
    return statement(with_evidence(work, record), find_policy(work, policies, record), since)


def with_evidence(work: WorkStore, record: Record) -> Record:
    """Return the record with evidence and answers that were too long for its item. Raises the errors of the port."""
    if not record.evidence_in:
        return record
    return Record.from_attributes(record.attributes() | work.get_json(record.evidence_in))
