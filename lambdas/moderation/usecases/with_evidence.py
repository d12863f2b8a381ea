"""Load the evidence of a record that was too long for its item."""

from dataclasses import replace

from moderation.domain.record import Record
from moderation.errors import Misconfigured
from moderation.ports import WorkStore


def with_evidence(work: WorkStore, record: Record) -> Record:
    """Return a record with its evidence and answers; without, and without the name of their file, if that has expired.

    Raises StoreUnavailable.
    """
    if record.answers is not None or not record.evidence_in:
        return record
    try:
        return Record.from_attributes(record.attributes() | work.get_json(record.evidence_in))
    except Misconfigured:
        return replace(record, evidence_in=None)
