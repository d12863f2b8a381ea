"""Decide alike on all uploads of the same bytes; many of them, or some elsewhere, only with a second person."""

import hashlib
import hmac
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from moderation.domain.policy_history import NEEDED, names_under
from moderation.domain.record import Record, utc
from moderation.domain.work_files import APPROVALS, approval_file
from moderation.errors import DecidedMeanwhile, NoSuchRecord, UnknownCategory
from moderation.ports import WorkStore
from moderation.usecases.decide import DecidePorts, DecisionResult, PersonDecision, decide, route_of
from moderation.usecases.decision_keys import deployment_secret

MOST_ALONE = 20  # copies that one person may change


@dataclass(frozen=True)
class DecidedCopy:
    """An upload of the same bytes; `result` is None where it was left alone, and `why` says the reason."""

    record: Record
    result: DecisionResult | None
    why: str = ""


def is_left_alone(copy: Record, verdict: str) -> bool:
    """Tell if a decision on other uploads of its bytes doesn't apply to a copy.

    One that a person decided for its own sake stays, and nothing that its own checks refused becomes safe.
    """
    return copy.is_bound_to_context or (verdict == "safe" and not copy.is_prepared)


def needs_approval(ports: DecidePorts, record: Record, copies: Sequence[Record], decision: PersonDecision) -> bool:
    """Tell if a second person must decide the same before the copies change.

    An appeal that is upheld needs none: whoever made the decision is refused, and a machine's decision has no maker.
    """
    if decision.appeal:
        return False
    routes = {route_of(ports.policies, copy) for copy in copies}
    return len(copies) > MOST_ALONE or bool(routes - {route_of(ports.policies, record)})


def sign(work: WorkStore, copies: Sequence[Record], decision: PersonDecision, user_id: str) -> frozenset[str]:
    """Sign the change of exactly these copies in the caller's name; returns the names of all who signed it.

    `user_id` is the caller's `aws:userid`, under which alone they may write. Raises the errors of the port.
    """
    digest = _digest(deployment_secret(work), copies, decision)
    said = {"schema_version": 1, "created_at": utc(datetime.now(UTC)), "copies": len(copies)}
    work.put_if_absent(approval_file(digest, user_id), said)
    prefix = f"{APPROVALS}{digest}/"
    return names_under(prefix, work.keys_under(prefix))


def is_approved(signers: frozenset[str]) -> bool:
    """Tell if enough people signed."""
    return len(signers) >= NEEDED


def decide_copies(ports: DecidePorts, copies: Sequence[Record], decision: PersonDecision) -> Iterator[DecidedCopy]:
    """Decide on each of the copies; those that changed since, or whose policy lacks a category, are left alone.

    Raises the errors of the ports.
    """
    for copy in copies:
        try:
            yield DecidedCopy(copy, decide(ports, copy, _of_copy(decision)))
        except (DecidedMeanwhile, NoSuchRecord, UnknownCategory) as error:
            yield DecidedCopy(copy, None, str(error))


def _of_copy(decision: PersonDecision) -> PersonDecision:
    """Return the decision as it applies to a copy, against which nobody appealed or sent a notice."""
    return replace(decision, appeal=False, source="")


def _digest(secret: bytes, copies: Sequence[Record], decision: PersonDecision) -> str:
    """Keyed hash of a decision and of the copies as they stand: another copy or verdict needs other signatures."""
    standing = sorted([copy.image.id, str(copy.verdict), str(copy.decided_at)] for copy in copies)
    said = json.dumps([decision.verdict, [name.casefold() for name in decision.categories], standing])
    return hmac.new(secret, said.encode(), hashlib.sha256).hexdigest()
