"""`moderate policy approve`: the second editor's signature, which publishes a change."""

from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from moderate import policy_bucket as bucket
from moderate import policy_proposals as proposals
from moderate import policy_routes
from moderate.deployment import DEFAULT_STACK, Deployment, StackOption, find
from moderate.failures import CommandFailed
from moderate.output import cell, plain, print_json, results, table
from moderate.policy_files import differences
from moderate.policy_gate import DEFAULT_SINCE, Gate, JudgeOption, SinceOption
from moderate.policy_log import Change, WhyOption
from moderate.policy_proposals import Proposal
from moderate.roles import acting_as
from moderation.adapters.policies import ROUTES_KEY, pack_key, shipped_pack
from moderation.adapters.yaml_files import load_yaml
from moderation.domain.pack_cases import run_cases
from moderation.domain.pack_diff import changes
from moderation.domain.policy import DEFAULT_ROUTES, Pack, Routes, parse_pack, parse_routes, routes_digest
from moderation.domain.policy_history import APPROVALS, NEEDED, is_approved, signers
from moderation.domain.prompt import evidence_room
from moderation.domain.record import utc
from moderation.domain.work_files import pack_file
from moderation.errors import InvalidPolicy, Misconfigured

EXAMPLES = "Examples:\n\nmoderate policy approve\n\nmoderate policy approve 3f8a1c20b7d4 --why 'Checked with legal'"


def approve(
    digest: Annotated[
        str | None, typer.Argument(help="The digest, or how it starts; without it, list changes.")
    ] = None,
    why: WhyOption = "",
    since: SinceOption = DEFAULT_SINCE,  # type: ignore[assignment]  # typer parses it
    judge: JudgeOption = "stored",
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask before approving.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the list as JSON.")] = False,
    stack: StackOption = DEFAULT_STACK,
) -> None:
    """Approve a change of another editor, which publishes it. Without a digest, list what only one editor signed.

    It shows what changes, and which decisions of people it contradicts, and asks. The signature counts for exactly that
    digest and stays: a digest that two editors signed can be restored by one. In solo mode nothing waits; signatures
    count once `-c policyApproval=true` is set.
    """
    if digest is None:
        _list_waiting(find(stack), as_json)
        return
    if as_json:
        raise typer.BadParameter("an approval isn't printed as JSON", param_hint="--json")
    deployment = acting_as(find(stack), policy_routes.EDITOR)
    proposal, signed = _find(deployment, digest)
    proposal = replace(proposal, restored=_repeated(deployment, proposal))
    if deployment.caller_id.rpartition(":")[2] in signed and len(signed) < NEEDED:
        raise CommandFailed("You signed this yourself: another policy editor must approve it.")
    results.print(plain(f"{proposal.key} ({proposal.change.digest}), signed by {', '.join(sorted(signed))}."))
    results.print(plain(f"Why: {proposal.change.why or 'no reason given'}"))
    expected = bucket.mark(deployment, proposal.key)
    _show(deployment, proposal)
    _compare(
        deployment,
        proposal,
        Gate(deployment, since, proposal.change.accepted, by_author=False, ask_judge=judge == "ask", yes=yes),
    )
    if not yes:
        typer.confirm("Approve this?", abort=True)
    reasons = "; ".join(filter(None, (proposal.change.why, why)))
    change = Change("approve", reasons, proposal.change.digest, proposal.change.accepted)
    signed_now = Proposal(proposal.key, proposal.text, change, proposal.restored)
    if not deployment.needs_approval:
        proposals.sign(deployment, signed_now)
        results.print(f"Signed. {proposals.SOLO}")
        return
    version = proposals.publish(deployment, signed_now, expected)
    if version is None:
        raise CommandFailed(f"{proposal.key} isn't published. {proposals.waiting(proposal.change.digest)}")
    results.print(plain(f"{proposal.key} is published as version {version}. {policy_routes.LIVE}"))


def _compare(deployment: Deployment, proposal: Proposal, gate: Gate) -> None:
    """Compare a proposal with people's decisions, unless it goes back to what was in force before.

    Raises CommandFailed for contradictions that its author didn't accept.
    """
    if _was_in_force(deployment, proposal):
        results.print("It was in force before, so it isn't compared with people's decisions.")
        return
    known, routes = _parsed(proposal), policy_routes.standing(deployment)
    if isinstance(known, Routes):
        gate.passed(routes, known, proposal.change.digest)
    else:
        gate.passed(routes, routes, proposal.change.digest, known)


def _repeated(deployment: Deployment, proposal: Proposal) -> str:
    """Return the version that a proposal says it repeats, "" unless the bucket has it with the same text.

    Whoever may sign could have written anything into the signature.
    """
    known = [version["VersionId"] for version in bucket.versions(deployment, proposal.key)]
    if proposal.restored not in known:
        return ""
    return proposal.restored if bucket.read(deployment, proposal.key, proposal.restored) == proposal.text else ""


def _was_in_force(deployment: Deployment, proposal: Proposal) -> bool:
    """Tell if a proposal is what ships with the code, or a stored version that once decided.

    Being stored proves nothing, because any editor may write an unsigned file. Two signatures do, and so does the copy
    of a pack that the functions keep of what they judge by.
    """
    digest = proposal.change.digest
    if proposal.change.action == "rollback" and digest == _shipped_digest(proposal):
        return True
    if not proposal.restored:
        return False
    return is_approved(digest, proposals.signatures(deployment, proposal)) or _judged_by(deployment, digest)


def _shipped_digest(proposal: Proposal) -> str | None:
    known = _parsed(proposal)
    if isinstance(known, Routes):
        return routes_digest(DEFAULT_ROUTES)
    pack = shipped_pack(known.name)
    return pack.digest if pack else None


def _judged_by(deployment: Deployment, digest: str) -> bool:
    try:
        deployment.work.get_bytes(pack_file(digest))
    except Misconfigured:  # no such file
        return False
    return True


def _list_waiting(deployment: Deployment, as_json: bool) -> None:
    keys = deployment.policies.signatures()
    digests: defaultdict[str, list[str]] = defaultdict(list)
    for key in keys:
        digests[key.removeprefix(APPROVALS).partition("/")[0]].append(key)
    known = (
        (found, sorted(signers(digest, signed)))
        for digest, signed in digests.items()
        if not is_approved(digest, signed) and (found := _valid(deployment, digest, signed))
    )
    waiting = sorted(known, key=lambda each: utc(_signed_at(each[0])), reverse=True)
    if as_json:
        print_json([_plain_row(*each) for each in waiting])
        return
    if not deployment.needs_approval:
        results.print(proposals.SOLO)
    rows = table(("digest", "file", "signed (UTC)", "signed by", "why"))
    for found, names in waiting:
        signed = bucket.minute(_signed_at(found))
        rows.add_row(found.change.digest[:12], cell(found.key), signed, cell(", ".join(names)), cell(found.change.why))
    results.print(rows if waiting else "No change waits for a second editor.")


def _signed_at(proposal: Proposal) -> datetime:
    return proposal.signed_at or datetime.max.replace(tzinfo=UTC)


def _plain_row(proposal: Proposal, names: list[str]) -> dict[str, Any]:
    return {
        "digest": proposal.change.digest,
        "file": proposal.key,
        "signed_at": utc(_signed_at(proposal)),
        "signed_by": names,
        "why": proposal.change.why,
    }


def _find(deployment: Deployment, start: str) -> tuple[Proposal, frozenset[str]]:
    """Return the change whose digest starts so, and who signed it. Raises CommandFailed."""
    keys = deployment.policies.signatures(start)
    found = sorted({key.removeprefix(APPROVALS).partition("/")[0] for key in keys})
    if len(found) > 1:
        raise CommandFailed(f"Several digests start with {start}: {', '.join(found)}.")
    if found and (proposal := _valid(deployment, found[0], keys)):
        return proposal, signers(found[0], keys)
    raise CommandFailed(f"No editor signed a change whose digest starts with {start}: `moderate policy approve`.")


def _valid(deployment: Deployment, digest: str, keys: list[str]) -> Proposal | None:
    """Return the first signature whose text has the digest that was signed; an editor could have written anything."""
    for key in keys:
        try:
            proposal = proposals.read(deployment, key)
            known = _parsed(proposal)
        except (ValueError, KeyError, TypeError, InvalidPolicy):
            continue
        actual = routes_digest(known) if isinstance(known, Routes) else known.digest
        if actual == digest == proposal.change.digest:
            return proposal
    return None


def _parsed(proposal: Proposal) -> Pack | Routes:
    """Return the pack or routes of a proposal. Raises InvalidPolicy, also for a pack under another name."""
    if proposal.key == ROUTES_KEY:
        return parse_routes(load_yaml(proposal.text, ROUTES_KEY))
    pack = parse_pack(load_yaml(proposal.text, proposal.key))
    if proposal.key != pack_key(pack.name):
        raise InvalidPolicy(f"{proposal.key} calls itself {pack.name!r}.")
    return pack


def _show(deployment: Deployment, proposal: Proposal) -> None:
    """Show what a proposal changes. Raises InvalidPolicy or CommandFailed if it can't be published."""
    known = _parsed(proposal)
    if isinstance(known, Routes):
        policy_routes.check_packs(deployment, known)
        policy_routes.show_changes(policy_routes.standing(deployment), known, deployment.intake_prefix)
        return
    evidence_room(known)
    if not all(case.passed for case in run_cases(known)):
        raise CommandFailed(f"{proposal.key} can't be approved: not all of its cases give the expected verdict.")
    try:
        before = deployment.policies.pack(known.name)
    except InvalidPolicy as error:
        results.print(
            plain(f"New, or in place of one that can't be used: {error}\n{proposal.text.decode(errors='replace')}")
        )
        return
    results.print(differences(changes(before, known), "in force", "proposed"))
