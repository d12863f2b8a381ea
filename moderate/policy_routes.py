"""`moderate policy routes`: which pack decides for which keys."""

from pathlib import Path
from typing import Annotated

import typer
import yaml

from moderate import policy_bucket as bucket
from moderate.deployment import DEFAULT_STACK, Deployment, StackOption, find
from moderate.failures import CommandFailed
from moderate.output import cell, plain, print_json, results, table
from moderate.policy_gate import DEFAULT_SINCE, AcceptOption, Gate, JudgeOption, SinceOption, accepted_note
from moderate.policy_log import Change, WhyOption
from moderate.policy_proposals import SOLO, Proposal, outcome, publish, waiting
from moderate.roles import acting_as
from moderation.adapters.policies import ROUTES_KEY
from moderation.adapters.yaml_files import load_stored_yaml, load_yaml
from moderation.domain.policy import (
    DEFAULT_ROUTES,
    CanaryPack,
    Route,
    Routes,
    parse_routes,
    read_routes,
    routes_data,
    routes_digest,
)
from moderation.domain.prompt import evidence_room
from moderation.domain.record import utc
from moderation.errors import InvalidPolicy

EXAMPLES = """Examples:

moderate policy routes

moderate policy routes routes.yaml

moderate policy routes --versions

moderate policy routes --rollback
"""
LIVE = "It is live within a minute."
EDITOR = "PolicyEditor"


def routes(
    file: Annotated[Path | None, typer.Argument(exists=True, dir_okay=False, help="Routes to publish.")] = None,
    versions: Annotated[bool, typer.Option("--versions", help="List the versions, newest first.")] = False,
    rollback: Annotated[bool, typer.Option("--rollback", help="Restore the usable version before.")] = False,
    to: Annotated[
        str | None, typer.Option(metavar="VERSION|shipped", help="With --rollback: the version to restore.")
    ] = None,
    why: WhyOption = "",
    since: SinceOption = DEFAULT_SINCE,  # type: ignore[assignment]  # typer parses it
    accept: AcceptOption = None,
    judge: JudgeOption = "stored",
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask before publishing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON; not for changes.")] = False,
    stack: StackOption = DEFAULT_STACK,
) -> None:
    """Show which packs apply to which keys or, given a file, publish its routes.

    It shows what changes and asks. Each pack must be there, be valid, and leave the judge room for evidence. Published
    routes are compared with people's decisions as by `push`; a rollback is not.
    """
    if sum((file is not None, versions, rollback)) > 1 or (to and not rollback):
        raise typer.BadParameter("use a file, --versions or --rollback (with --to)")
    if as_json and (file is not None or rollback):
        raise typer.BadParameter("a change isn't printed as JSON", param_hint="--json")
    if versions:
        _list_versions(find(stack), as_json)
    elif file is not None:
        deployment = acting_as(find(stack), EDITOR)
        gate = Gate(deployment, since, accepted_note(accept), ask_judge=judge == "ask", yes=yes)
        _publish(deployment, file.read_bytes(), str(file), why, yes, gate=gate)
    elif rollback:
        _roll_back(acting_as(find(stack), EDITOR), to, why, yes)
    else:
        _report(find(stack).policies.routes(), as_json)


def confirm(before: Routes, after: Routes, intake_prefix: str, yes: bool) -> None:
    """Show what changes, warn of keys without a pack, and ask."""
    show_changes(before, after, intake_prefix)
    if not yes:
        typer.confirm("Publish these routes?", abort=True)


def show_changes(before: Routes, after: Routes, intake_prefix: str) -> None:
    """Show what changes, and warn of keys without a pack."""
    rows = table(("keys that start with", "before", "after"))
    old, new = routes_data(before), routes_data(after)
    for prefix in sorted({*old, *new}):
        if old.get(prefix) != new.get(prefix):
            rows.add_row(cell(keys(prefix)), cell(_named(old.get(prefix))), cell(_named(new.get(prefix))))
    results.print(rows if rows.row_count else "No route changes.")
    if not after.covers(intake_prefix):
        results.print("Warning: no route takes every key ('' is missing): images under other keys end as review.")


def keys(prefix: str) -> str:
    """Name the keys of a route."""
    return prefix or "(anything)"


def deciding(routes: Routes, name: str) -> str:
    """Name the keys for which the pack decides, and the share of them if it is a canary."""
    return ", ".join(_share_of(route, name) for route in routes.routes if name in route.deciders)


def _share_of(route: Route, name: str) -> str:
    share = f", {route.canary.share:.4g} of them" if route.canary and route.canary.pack == name else ""
    return keys(route.prefix) + share


def watching(routes: Routes, name: str) -> str:
    """Name the keys that the pack only watches."""
    return ", ".join(keys(route.prefix) for route in routes.routes if name in route.shadow)


def routes_text(routes: Routes) -> bytes:
    """Return the text of `routes.yaml`."""
    return yaml.safe_dump(routes_data(routes), sort_keys=False, default_flow_style=None).encode()


def _publish(
    deployment: Deployment, text: bytes, where: str, why: str, yes: bool, restored: str = "", gate: Gate | None = None
) -> None:
    after = parse_routes(load_yaml(text, where))
    check_packs(deployment, after)
    expected = bucket.mark(deployment, ROUTES_KEY)
    before = standing(deployment)
    accepted = gate.passed(before, after, routes_digest(after)) if gate else ""
    confirm(before, after, deployment.intake_prefix, yes)
    change = Change("rollback" if restored else "routes", why, routes_digest(after), accepted)
    version = publish(deployment, Proposal(ROUTES_KEY, text, change, restored), expected)
    if version is None:
        results.print(plain(f"The routes are signed. {waiting(change.digest)}"))
        return
    results.print(plain(f"The routes are published as version {version}. {LIVE}\n{outcome(deployment, change.digest)}"))
    _show(after)


def check_packs(deployment: Deployment, routes: Routes) -> None:
    """Raise InvalidPolicy for a pack that is missing or broken, or leaves the judge too little room."""
    for name in routes.pack_names:
        evidence_room(deployment.policies.pack(name))


def standing(deployment: Deployment) -> Routes:
    """Return the routes in force; none if they can't be read, which is what a new file corrects."""
    try:
        return deployment.policies.routes()
    except InvalidPolicy as error:
        results.print(plain(f"Warning: the routes in force can't be used. {error}"))
        return Routes(())


def _roll_back(deployment: Deployment, to: str | None, why: str, yes: bool) -> None:
    if to == "shipped":
        if deployment.needs_approval:
            _publish(deployment, routes_text(DEFAULT_ROUTES), "the shipped routes", why, yes)
            return
        confirm(standing(deployment), DEFAULT_ROUTES, deployment.intake_prefix, yes)
        bucket.delete(deployment, ROUTES_KEY, Change("rollback", why, routes_digest(DEFAULT_ROUTES)))
        results.print(f"The shipped routes are in force again. {LIVE}\n{SOLO}")
        return
    version = to or bucket.before(deployment, ROUTES_KEY, _fault, True)
    if version not in [known["VersionId"] for known in bucket.versions(deployment, ROUTES_KEY)]:
        raise CommandFailed(f"There is no version {version} of the routes: `moderate policy routes --versions`.")
    _publish(deployment, bucket.read(deployment, ROUTES_KEY, version), ROUTES_KEY, why, yes, version)


def _list_versions(deployment: Deployment, as_json: bool) -> None:
    listed = bucket.versions(deployment, ROUTES_KEY)
    known = [_usable(bucket.read(deployment, ROUTES_KEY, version["VersionId"])) for version in listed]
    if as_json:
        print_json(
            [
                {
                    "version": version["VersionId"],
                    "published": utc(version["LastModified"]),
                    "routes": routes_data(routes) if routes else None,
                }
                for version, routes in zip(listed, known, strict=True)
            ]
        )
        return
    rows = table(("version", "published (UTC)", "routes"))
    for version, routes in zip(listed, known, strict=True):
        shown = _line(routes) if routes else "invalid"
        rows.add_row(version["VersionId"], bucket.minute(version["LastModified"]), cell(shown))
    results.print(rows)


def _usable(text: bytes) -> Routes | None:
    return None if _fault(text) else read_routes(load_stored_yaml(text, ROUTES_KEY))


def _report(routes: Routes, as_json: bool) -> None:
    if as_json:
        print_json(routes_data(routes))
    else:
        _show(routes)


def _fault(text: bytes) -> str:
    try:
        parse_routes(load_yaml(text, ROUTES_KEY))
    except InvalidPolicy as error:
        return str(error)
    return ""


def _line(routes: Routes) -> str:
    return "; ".join(f"{keys(route.prefix)} → {deciders(route)}" for route in routes.routes)


def deciders(route: Route) -> str:
    """Name the packs that decide under a route."""
    return route.enforce + (f", canary {_canary(route.canary)}" if route.canary else "")


def _canary(canary: CanaryPack) -> str:
    return f"{canary.pack} for {canary.share:.4g} of the keys"


def _named(target: dict[str, object] | None) -> str:
    if target is None:
        return "no route of its own"
    shadow, canary = target.get("shadow"), target.get("canary")
    named = f"{target['enforce']}"
    if isinstance(canary, dict):
        named += f", canary {_canary(CanaryPack(**canary))}"
    return named + (f", shadow {', '.join(map(str, shadow))}" if isinstance(shadow, list) else "")


def _show(routes: Routes) -> None:
    rows = table(("keys that start with", "decides", "only watch"))
    for route in sorted(routes.routes, key=lambda route: route.prefix):
        rows.add_row(cell(keys(route.prefix)), cell(deciders(route)), cell(", ".join(route.shadow)))
    results.print(rows)
