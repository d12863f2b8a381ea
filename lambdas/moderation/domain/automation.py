"""Use of automated means behind a verdict: for finding the image, and for deciding on it.

The Digital Services Act asks for both apart (Article 17(3)(c)). A decision is *fully* automated where no person took
part, *not* automated where no machine did, and *partially* where both did.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from moderation.domain.record import Record

OWN_INITIATIVE = "own_initiative"


@dataclass(frozen=True)
class Automation:
    """Automated means behind a verdict; `basis` names the case, `decided` is `fully`, `partially` or `not`."""

    basis: str
    detected: bool
    decided: str


MACHINE = Automation("machine", detected=True, decided="fully")
# A machine decided, and a person confirmed the category.
CONFIRMED = Automation("confirmed", detected=True, decided="partially")
# A machine found it, and a person decided without saying that they saw the picture: on what the machine found.
ASSISTED = Automation("assisted", detected=True, decided="partially")
# A machine found it, and a person who saw the picture decided.
FOUND = Automation("found", detected=True, decided="not")
# A machine recognised the bytes on which a person had decided, and applied that decision.
SAME_BYTES = Automation("same_bytes", detected=True, decided="partially")
PERSON = Automation("person", detected=False, decided="not")


def automation(record: Record) -> Automation:
    """Return the automated means behind a record's verdict.

    For who decides on a file later, a decision that was applied to it by its bytes is a machine's.
    """
    if record.as_of:
        return SAME_BYTES
    if record.decided_by != "person":
        return MACHINE
    *earlier, made = record.history
    machines = [entry for entry in earlier if entry.get("decided_by") != "person" or entry.get("same_bytes")]
    if not machines or not _is_finding(machines[-1]):
        return PERSON
    named = (made.get("category"), *made.get("categories", ()))
    stood = machines[-1] is earlier[-1] and machines[-1]["verdict"] == made["verdict"]
    if stood and machines[-1].get("category") in named:
        return CONFIRMED
    return FOUND if made.get("seen") else ASSISTED


def source(record: Record) -> str:
    """Return what a decision was about: a notice of a kind, or the service's own initiative."""
    if record.decided_by != "person" or record.as_of:
        return OWN_INITIATIVE
    return str(record.history[-1].get("source") or OWN_INITIATIVE)


def _is_finding(entry: Mapping[str, Any]) -> bool:
    """Tell if a machine's verdict named a category: a failure, or a file not wholly looked at, names none."""
    return entry["verdict"] != "safe" and entry.get("category") is not None
