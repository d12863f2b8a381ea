"""`moderate policy`: check, publish and roll back packs and routes."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from moderate import policy_approval, policy_files, policy_fit, policy_log, policy_replay, policy_routes
from moderate import policy_bucket as bucket
from moderate.deployment import DEFAULT_STACK, Deployment, StackOption, find
from moderate.failures import FAILED, CommandFailed
from moderate.output import JsonOption, cell, errors, plain, print_json, results, table, verdict_text
from moderate.policy_files import NameArgument
from moderate.policy_gate import DEFAULT_SINCE, AcceptOption, Gate, JudgeOption, SinceOption, accepted_note
from moderate.policy_log import Change, WhyOption
from moderate.policy_packs import PACK_HELP, named_or_file, pack_of, shipped
from moderate.policy_proposals import SOLO, Proposal, outcome, publish, sign, waiting
from moderate.policy_routes import EDITOR, LIVE, deciding, routes_text, watching
from moderate.roles import acting_as
from moderation.adapters.policies import ROUTES_KEY, pack_key, shipped_pack, shipped_text
from moderation.adapters.s3_canary import CANARY_KEY
from moderation.adapters.yaml_files import load_stored_yaml, load_yaml
from moderation.domain.canary import canary_json, parse_canary
from moderation.domain.image import prepare
from moderation.domain.pack_cases import CaseResult, run_cases
from moderation.domain.pack_diff import changes
from moderation.domain.policy import Pack, Routes, enforcing, lint, parse_pack, read_pack, routes_digest
from moderation.domain.prompt import crowded, evidence_room
from moderation.domain.record import utc
from moderation.errors import InvalidPolicy, ModerationError
from moderation.usecases.ask_canary import canary_fault
from moderation.usecases.check_questions import check_questions

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import ObjectVersionTypeDef

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Check, publish and roll back policy packs and the routes that select them.",
)
FileArgument = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A pack's YAML file.")]
FilesArgument = Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, help="Packs' YAML files.")]
PackArgument = Annotated[str, typer.Argument(help=PACK_HELP)]
YesOption = Annotated[bool, typer.Option("--yes", help="Don't ask before changing routes.")]


@app.command(
    "lint",
    epilog="Examples:\n\nmoderate policy lint packs/*.yaml\n\nmoderate policy lint packs/mine.yaml --stack Moderation",
)
def lint_files(
    files: FilesArgument,
    stack: Annotated[
        str | None, typer.Option("--stack", help="Also ask this deployment's model about a blank picture.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Check that packs are valid, and warn about likely mistakes. Needs no deployment.

    With `--stack`, a question that the model answers yes about a blank picture is an error.
    """
    deployment = find(stack) if stack else None
    checked = [_lint(file, deployment) for file in files]
    if as_json:
        print_json([asdict(one) | {"file": str(one.file)} for one in checked])
    else:
        for one in checked:
            _show_lint(one, stack)
        if not deployment:
            results.print("Not checked: answers about a blank picture, for which --stack names a deployment.")
    if any(one.faults for one in checked):
        raise typer.Exit(FAILED)


@app.command("test", epilog="Example:\n\nmoderate policy test packs/mine.yaml")
def test_file(file: FileArgument, as_json: JsonOption = False) -> None:
    """Run the test cases of a pack. Needs no deployment."""
    cases = run_cases(pack_of(file))
    if not cases:
        raise CommandFailed(f"{file} has no cases: add some, so that a change can be tested before it goes live.")
    if as_json:
        print_json([_case_row(result) for result in cases])
    else:
        _show_cases(cases)
    if not all(case.passed for case in cases):
        raise typer.Exit(FAILED)


@app.command(
    "diff",
    epilog="Examples:\n\nmoderate policy diff default packs/mine.yaml\n\nmoderate policy diff shipped:default default",
)
def diff_packs(
    before: PackArgument,
    after: PackArgument,
    as_json: JsonOption = False,
    stack: StackOption = DEFAULT_STACK,
) -> None:
    """Show the differences between two packs."""
    differing = changes(named_or_file(before, stack), named_or_file(after, stack))
    if as_json:
        print_json([{"field": field, "before": old, "after": new} for field, old, new in differing])
        return
    results.print(policy_files.differences(differing, before, after))


@app.command(
    "push",
    epilog="Examples:\n\nmoderate policy push packs/mine.yaml\n\nmoderate policy push packs/mine.yaml --route avatars/",
)
def push_file(
    file: FileArgument,
    route: Annotated[
        str | None, typer.Option(metavar="PREFIX", help="Also let the pack decide for keys that start so ('': all).")
    ] = None,
    why: WhyOption = "",
    since: SinceOption = DEFAULT_SINCE,  # type: ignore[assignment]  # typer parses it
    accept: AcceptOption = None,
    judge: JudgeOption = "stored",
    yes: YesOption = False,
    stack: StackOption = DEFAULT_STACK,
) -> None:
    """Publish a pack under its name, and say which routes use it.

    Rejected are an invalid pack, one whose cases fail, one that leaves the judge too little room for evidence, and one
    with a question that the deployment's model answers yes about a blank picture. A pack that no route names decides
    nothing: --route puts it in force, after showing what changes. With `-c policyApproval=true` all that waits until
    another editor runs `moderate policy approve`.

    People's decisions on the pack's keys are judged again under it. A new contradiction (safe where a person said
    unsafe or the reverse, and the pack in force doesn't say so) blocks it unless --accept says why that is right.
    """
    pack, note = pack_of(file), accepted_note(accept)
    for warning in (*lint(pack), *crowded(pack)):
        results.print(plain(f"Warning: {warning}"))
    cases = run_cases(pack)
    if not all(case.passed for case in cases):
        _show_cases(cases)
        raise CommandFailed(f"{file} wasn't published: not all of its cases give the expected verdict.")
    deployment = acting_as(find(stack), EDITOR)
    if faults := _blank_faults(pack, deployment):
        raise CommandFailed(f"{file} wasn't published. {'; '.join(faults)}.")
    expected = bucket.mark(deployment, ROUTES_KEY)
    routes = policy_routes.standing(deployment)
    routed = routes if route is None else enforcing(routes, route, pack.name)
    gate = Gate(deployment, since, note, ask_judge=judge == "ask", yes=yes)
    accepted = gate.passed(routes, routed, pack.digest, pack)
    if routed != routes:
        policy_routes.confirm(routes, routed, deployment.intake_prefix, yes)
    said = Change("push", why, pack.digest, accepted)
    version = publish(deployment, Proposal(pack_key(pack.name), file.read_bytes(), said))
    if version is None:
        results.print(plain(f"Pack {pack.name} ({pack.digest[:12]}) is signed. {waiting(pack.digest)}"))
    else:
        results.print(plain(f"Pack {pack.name} ({pack.digest[:12]}) is published as version {version}."))
        results.print(plain(outcome(deployment, pack.digest)))
    if routed != routes:
        change = Proposal(ROUTES_KEY, routes_text(routed), Change("push", why, routes_digest(routed), accepted))
        # routes that name a pack which waits would leave their keys without one
        if version is None or publish(deployment, change, expected) is None:
            sign(deployment, change)
            results.print(plain(f"The routes are signed. {waiting(change.change.digest)}"))
            return
    if version:
        results.print(plain(_in_force(pack.name, routed)))


@app.command("versions", epilog="Example:\n\nmoderate policy versions default")
def list_versions(name: NameArgument, as_json: JsonOption = False, stack: StackOption = DEFAULT_STACK) -> None:
    """List the versions of a pack in the policy bucket, newest first."""
    deployment = find(stack)
    listed = [
        (version, _digest(bucket.read(deployment, pack_key(name), version["VersionId"]), name))
        for version in _versions(deployment, name)
    ]
    if as_json:
        print_json(
            [
                {"version": version["VersionId"], "published": utc(version["LastModified"]), "digest": digest}
                for version, digest in listed
            ]
        )
        return
    rows = table(("version", "published (UTC)", "digest"))
    for version, digest in listed:
        rows.add_row(version["VersionId"], bucket.minute(version["LastModified"]), (digest or "invalid")[:12])
    results.print(rows)


@app.command(
    "rollback",
    epilog="Examples:\n\nmoderate policy rollback default\n\nmoderate policy rollback default --to VERSION\n\n"
    "moderate policy rollback default --to shipped",
)
def roll_back(
    name: NameArgument,
    to: Annotated[
        str | None,
        typer.Option(metavar="VERSION|shipped", help="The version to restore; by default the usable one before."),
    ] = None,
    why: WhyOption = "",
    stack: StackOption = DEFAULT_STACK,
) -> None:
    """Restore an earlier version of a pack. It becomes the newest version; none is lost.

    Each rollback goes further back: it skips versions that are rolled back already, and those that can't be used.
    `--to shipped` deletes the pack from the policy bucket, so that the one that ships with the code is in force; where
    a second editor must approve changes, it publishes a copy instead.
    """
    deployment = acting_as(find(stack), EDITOR)
    if to == "shipped":
        ours = shipped(name)
        if deployment.needs_approval:
            text = shipped_text(name) or b""
            _publish_restored(deployment, Proposal(pack_key(name), text, Change("rollback", why, ours.digest)))
            return
        bucket.delete(deployment, pack_key(name), Change("rollback", why, ours.digest))
        results.print(plain(f"Pack {name} is the shipped one again ({ours.digest[:12]}). {LIVE}\n{SOLO}"))
        return
    version = to or bucket.before(deployment, pack_key(name), _unusable(name), shipped_pack(name) is not None)
    if version not in [known["VersionId"] for known in _versions(deployment, name)]:
        raise CommandFailed(f"Pack {name} has no version {version}: `moderate policy versions {name}` lists them.")
    text = bucket.read(deployment, pack_key(name), version)
    if fault := _unusable(name)(text):
        raise CommandFailed(f"Version {version} of pack {name} can't be used. {fault}")
    digest = read_pack(load_stored_yaml(text, pack_key(name))).digest
    _publish_restored(deployment, Proposal(pack_key(name), text, Change("rollback", why, digest), version))


@app.command(
    "canary", epilog='Example:\n\nmoderate policy canary dog.png --yes "Is there a dog?" --no "Is there a boat?"'
)
def push_canary(
    picture: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A PNG or JPEG file.")],
    yes: Annotated[str, typer.Option(help="A question that must be answered yes.")],
    no: Annotated[str, typer.Option(help="A question that must be answered no.")],
    why: WhyOption = "",
    stack: StackOption = DEFAULT_STACK,
) -> None:
    """Publish the canary: a picture and two questions that the model is asked at most once an hour.

    Rejected if the deployment's model doesn't answer both questions as it must.
    """
    deployment = acting_as(find(stack), EDITOR)
    png = prepare(picture.read_bytes(), "full", int(deployment.output("ModelInputSize"))).views[0].png
    text = canary_json(png, yes, no)
    if fault := canary_fault(deployment.vision, parse_canary(text, str(picture))):
        raise CommandFailed(f"The canary wasn't published: {fault}.")
    version = bucket.put(deployment, CANARY_KEY, text, Change("canary", why))
    results.print(plain(f"The canary is published as version {version}."))


def _publish_restored(deployment: Deployment, proposal: Proposal) -> None:
    digest = proposal.change.digest
    if publish(deployment, proposal) is None:
        results.print(plain(f"{proposal.key} ({digest[:12]}) is signed. {waiting(digest)}"))
        return
    back = f"version {proposal.restored}" if proposal.restored else "the shipped one"
    results.print(plain(f"{proposal.key} is back at {back} ({digest[:12]}). {LIVE}\n{outcome(deployment, digest)}"))


def _blank_faults(pack: Pack, deployment: Deployment) -> list[str]:
    """Return the questions that can't be answered; warn if the model can't be asked, since BrokenPack finds them."""
    try:
        return check_questions(deployment.vision, pack, int(deployment.output("ModelInputSize")))
    except ModerationError as error:
        errors.print(plain(f"Warning: not checked on a blank picture, because the model didn't answer: {error}"))
        return []


@dataclass(frozen=True)
class _Lint:
    """Errors and warnings of a file; a fault of the model's answers concerns a deployment."""

    file: Path
    faults: list[str]
    warnings: list[str]
    of_model: bool = False


def _lint(file: Path, deployment: Deployment | None) -> _Lint:
    try:
        pack = pack_of(file)
    except InvalidPolicy as error:
        return _Lint(file, str(error).splitlines(), [])
    warnings = [*lint(pack), *crowded(pack)]
    return _Lint(file, _blank_faults(pack, deployment) if deployment else [], warnings, of_model=True)


def _show_lint(found: _Lint, stack: str | None) -> None:
    if found.faults:
        said = f"can't be used with the model of {stack}" if found.of_model else "invalid"
        results.print(plain(f"{found.file}: {said}\n{_indented(found.faults)}"))
        return
    number = len(found.warnings)
    said = f"no errors, {number or 'no'} warning{'s' if number != 1 else ''}"
    results.print(plain(f"{found.file}: OK: {said}\n{_indented(found.warnings)}".rstrip()))


def _indented(lines: list[str]) -> str:
    return "\n".join(f"  {line}" for line in lines)


def _show_cases(cases: list[CaseResult]) -> None:
    rows = table(("case", "expected", "verdict", "reason", ""))
    for result in cases:
        case, decision = result.case, result.decision
        rows.add_row(
            cell(case.name),
            cell(" / ".join(filter(None, (case.verdict, case.category)))),
            verdict_text(decision.verdict) + cell(f" / {decision.category}" if decision.category else ""),
            cell(decision.reason),
            "passed" if result.passed else "FAILED",
        )
    results.print(rows)


def _case_row(result: CaseResult) -> dict[str, object]:
    case, decision = result.case, result.decision
    return {
        "case": case.name,
        "expected": {"verdict": case.verdict, "category": case.category},
        "verdict": decision.verdict,
        "category": decision.category,
        "reason": decision.reason,
        "passed": result.passed,
    }


def _versions(deployment: Deployment, name: str) -> list["ObjectVersionTypeDef"]:
    """Return the versions of a pack in the policy bucket, newest first. Raises CommandFailed if there are none."""
    versions = bucket.versions(deployment, pack_key(name))
    if not versions:
        shipped = " It ships with the code, so that version is in force." if shipped_pack(name) else ""
        raise CommandFailed(f"The policy bucket holds no pack {name}.{shipped} `moderate policy push` puts one there.")
    return versions


def _unusable(name: str) -> Callable[[bytes], str]:
    """Return a check of a pack's text: the sentence why it can't be used under that name, or ""."""

    def fault(text: bytes) -> str:
        try:
            pack = read_pack(load_stored_yaml(text, pack_key(name)))
            evidence_room(pack)
        except InvalidPolicy as error:
            return str(error)
        return "" if pack.name == name else f"It calls itself {pack.name!r}."

    return fault


def _in_force(name: str, routes: Routes) -> str:
    """Say for which keys the pack decides, or that it doesn't."""
    decides, seen = deciding(routes, name), watching(routes, name)
    watches = f" It only watches keys that start with {seen}." if seen else ""
    if decides:
        return f"It decides for keys that start with {decides}.{watches} {LIVE}"
    return f"No route lets it decide, so it isn't in force: add --route PREFIX.{watches}"


def _digest(text: bytes, name: str) -> str | None:
    """Return the digest of a pack's text, None if it is invalid."""
    try:
        return parse_pack(load_yaml(text, pack_key(name))).digest
    except InvalidPolicy:
        return None


app.command("replay", epilog=policy_replay.EXAMPLES)(policy_replay.replay)
app.command("fit", epilog=policy_fit.EXAMPLES)(policy_fit.fit_pack)
app.command("routes", epilog=policy_routes.EXAMPLES)(policy_routes.routes)
app.command("approve", epilog=policy_approval.EXAMPLES)(policy_approval.approve)
app.command("log", epilog=policy_log.EXAMPLES)(policy_log.log)
app.command("new", epilog=policy_files.NEW_EXAMPLES)(policy_files.new)
app.command("list", epilog=policy_files.LIST_EXAMPLES)(policy_files.list_packs)
app.command("pull", epilog=policy_files.PULL_EXAMPLES)(policy_files.pull)
app.command("show", epilog=policy_files.SHOW_EXAMPLES)(policy_files.show)
