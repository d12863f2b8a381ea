"""Load the evidence of a record that was too long for its item."""

from dataclasses import replace

from moderation.domain.record import Record
from moderation.errors import Misconfigured
from moderation.ports import WorkStore


def with_evidence(work: WorkStore, record: Record) -> Record:
    """Return a record with its evidence and answers, as far as their file has them.

    Without answers it doesn't name the file any more: that has expired, or was written by an early release. Raises
    StoreUnavailable.
    """
    if record.answers is not None or not record.evidence_in:
        return record
    try:
        whole = Record.from_attributes(record.attributes() | work.get_json(record.evidence_in))
    except Misconfigured:
        return replace(record, evidence_in=None)
    return whole if whole.answers is not None else replace(whole, evidence_in=None)
