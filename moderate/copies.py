"""Uploads of the same bytes, as `moderate decide` lists and changes them."""

import shlex
from collections.abc import Sequence
from dataclasses import replace

from rich.table import Table

from moderate.deployment import Deployment
from moderate.output import cell, plain, progress, results, table, verdict_text
from moderation.domain.record import Record
from moderation.usecases import decide_copies as use_case
from moderation.usecases.decide import DecidePorts, PersonDecision
from moderation.usecases.find_siblings import find_siblings


def decide_ports(deployment: Deployment) -> DecidePorts:
    """Return the ports of a person's decision."""
    return DecidePorts(
        images=deployment.images,
        work=deployment.work,
        policies=deployment.policies,
        verdicts=deployment.verdicts,
        decisions=deployment.decisions,
        publisher=deployment.publisher,
        notified_verdicts=frozenset(deployment.topics),
    )


def find_copies(deployment: Deployment, record: Record, verdict: str) -> tuple[Record, ...]:
    """Find and print the uploads of the same bytes with another verdict than the one to be decided.

    Without those to which the decision doesn't apply.
    """
    differing = find_siblings(deployment.verdicts, replace(record, verdict=verdict), all_of_them=True).differing
    copies = tuple(copy for copy in differing if not use_case.is_left_alone(copy, verdict))
    bound = sum(copy.is_bound_to_context for copy in differing)
    refused = len(differing) - len(copies) - bound
    if copies:
        results.print(copies_table(copies, "Same bytes, another verdict, changed as well"))
    if bound:
        results.print(f"{bound} more were decided for themselves alone and stay.")
    if refused:
        results.print(
            f"{refused} more weren't accepted as files, or not checked yet, and stay: decide on each by itself."
        )
    return copies


def copies_table(copies: Sequence[Record], title: str) -> Table:
    """Return the table of some copies."""
    rows = table(("key", "version", "verdict", "decided by"), title)
    for copy in copies:
        rows.add_row(cell(copy.image.key), cell(copy.image.version), verdict_text(copy.verdict), cell(copy.decided_by))
    return rows


def change_copies(deployment: Deployment, record: Record, copies: Sequence[Record], decision: PersonDecision) -> None:
    """Decide alike on the copies, or say that they wait for a second person."""
    ports = decide_ports(deployment)
    if use_case.needs_approval(ports, record, copies, decision):
        signers = use_case.sign(deployment.work, copies, decision, deployment.caller_id)
        if not use_case.is_approved(signers):
            results.print(plain(_waiting(record, copies, decision)))
            return
        results.print(plain(f"Approved by {', '.join(sorted(signers))}."))
    changed, left = 0, table(("key", "version", "reason"), "Left alone")
    with progress() as bar:
        changes = use_case.decide_copies(ports, copies, decision)
        for copy in bar.track(changes, total=len(copies), description="Changing copies"):
            changed += copy.result is not None
            if copy.result is None:
                left.add_row(cell(copy.record.image.key), cell(copy.record.image.version), cell(copy.why))
    results.print(f"{changed} more uploads of the same bytes are {decision.verdict} by now.")
    if left.row_count:
        results.print(left)


def _waiting(record: Record, copies: Sequence[Record], decision: PersonDecision) -> str:
    """Say what a second reviewer has to do."""
    image = record.image
    named = [word for category in decision.categories for word in ("--category", category)]
    seen = ["--seen"] if decision.seen else []
    words = ["moderate", "decide", image.key, decision.verdict, *named, "--note", "…", "--version", image.version]
    return (
        f"{len(copies)} copies wait for a second person, because they are more than {use_case.MOST_ALONE} or some are "
        f"under another route. Another reviewer changes them with:\n{shlex.join([*words, *seen, '--all-copies'])}"
    )
