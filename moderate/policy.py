"""`moderate policy`: check, publish and roll back packs and routes."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from moderate.deployment import DEFAULT_STACK, Deployment, StackOption, find
from moderate.failures import FAILED, CommandFailed
from moderate.output import cell, plain, results, table, verdict_text
from moderate.roles import acting_as
from moderation.adapters.policies import ROUTES_KEY, pack_key, shipped_pack, shipped_pack_names
from moderation.adapters.s3_canary import CANARY_KEY
from moderation.adapters.yaml_files import load_yaml
from moderation.domain.canary import canary_json, parse_canary
from moderation.domain.image import prepare
from moderation.domain.pack_cases import CaseResult, run_cases
from moderation.domain.pack_diff import changes
from moderation.domain.policy import Pack, Routes, lint, parse_pack, parse_routes
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
_SHIPPED = "shipped:"
_EDITOR = "PolicyEditor"
_LIVE = "It is live within a minute."
FileArgument = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A pack's YAML file.")]
FilesArgument = Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, help="Packs' YAML files.")]
PackArgument = Annotated[
    str, typer.Argument(help="A file, the name of an active pack, or shipped:NAME for a shipped one.")
]
NameArgument = Annotated[str, typer.Argument(help="The pack's name.")]


@app.command(
    "lint",
    epilog="Examples:\n\nmoderate policy lint packs/*.yaml\n\nmoderate policy lint packs/mine.yaml --stack Moderation",
)
def lint_files(
    files: FilesArgument,
    stack: Annotated[
        str | None, typer.Option("--stack", help="Also ask this deployment's model about a blank picture.")
    ] = None,
) -> None:
    """Check that packs are valid, and warn about likely mistakes. Needs no deployment.

    With `--stack`, a question that the model answers yes about a blank picture is an error.
    """
    deployment = find(stack) if stack else None
    broken = [file for file in files if not _is_usable(file, deployment)]
    if not deployment:
        results.print("Not checked: answers about a blank picture, for which --stack names a deployment.")
    if broken:
        raise typer.Exit(FAILED)


@app.command("test", epilog="Example:\n\nmoderate policy test packs/mine.yaml")
def test_file(file: FileArgument) -> None:
    """Run the test cases of a pack. Needs no deployment."""
    cases = run_cases(_pack_of(file))
    if not cases:
        raise CommandFailed(f"{file} has no cases: add some, so that a change can be tested before it goes live.")
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
    stack: StackOption = DEFAULT_STACK,
) -> None:
    """Show the differences between two packs."""
    differing = changes(_named_or_file(before, stack), _named_or_file(after, stack))
    if not differing:
        results.print("They are the same.")
        return
    rows = table(("field", plain(before), plain(after)))
    for path, old, new in differing:
        rows.add_row(cell(path), cell(old), cell(new))
    results.print(rows)


@app.command("push", epilog="Example:\n\nmoderate policy push packs/mine.yaml")
def push_file(file: FileArgument, stack: StackOption = DEFAULT_STACK) -> None:
    """Publish a pack under its name.

    Rejected are an invalid pack, one whose cases fail, and one with a question that the deployment's model answers yes
    about a blank picture.
    """
    pack = _pack_of(file)
    for warning in lint(pack):
        results.print(plain(f"Warning: {warning}"))
    cases = run_cases(pack)
    if not all(case.passed for case in cases):
        _show_cases(cases)
        raise CommandFailed(f"{file} wasn't published: not all of its cases give the expected verdict.")
    deployment = acting_as(find(stack), _EDITOR)
    if faults := _blank_faults(pack, deployment):
        raise CommandFailed(f"{file} wasn't published. {'; '.join(faults)}.")
    version = _put(deployment, pack_key(pack.name), file.read_bytes())
    results.print(plain(f"Pack {pack.name} ({pack.digest[:12]}) is published as version {version}. {_LIVE}"))


@app.command("versions", epilog="Example:\n\nmoderate policy versions default")
def list_versions(name: NameArgument, stack: StackOption = DEFAULT_STACK) -> None:
    """List the versions of a pack in the policy bucket, newest first."""
    deployment = find(stack)
    rows = table(("version", "published (UTC)", "digest"))
    for version in _versions(deployment, name):
        text = _read(deployment, name, version["VersionId"])
        rows.add_row(version["VersionId"], _minute(version["LastModified"]), _digest(text, name))
    results.print(rows)


@app.command(
    "rollback", epilog="Examples:\n\nmoderate policy rollback default\n\nmoderate policy rollback default --to VERSION"
)
def roll_back(
    name: NameArgument,
    to: Annotated[
        str | None, typer.Option(metavar="VERSION", help="The version to restore; by default the previous one.")
    ] = None,
    stack: StackOption = DEFAULT_STACK,
) -> None:
    """Restore an earlier version of a pack. It becomes the newest version; none is lost."""
    deployment = acting_as(find(stack), _EDITOR)
    version = to or _version_before(deployment, name)
    if version not in [known["VersionId"] for known in _versions(deployment, name)]:
        raise CommandFailed(f"Pack {name} has no version {version}: `moderate policy versions {name}` lists them.")
    text = _read(deployment, name, version)
    pack = parse_pack(load_yaml(text, pack_key(name)))
    _put(deployment, pack_key(name), text)
    results.print(plain(f"Pack {name} is back at version {version} ({pack.digest[:12]}). {_LIVE}"))


@app.command(
    "canary", epilog='Example:\n\nmoderate policy canary dog.png --yes "Is there a dog?" --no "Is there a boat?"'
)
def push_canary(
    picture: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A PNG or JPEG file.")],
    yes: Annotated[str, typer.Option(help="A question that must be answered yes.")],
    no: Annotated[str, typer.Option(help="A question that must be answered no.")],
    stack: StackOption = DEFAULT_STACK,
) -> None:
    """Publish the canary: a picture and two questions that the model is asked at most once an hour.

    Rejected if the deployment's model doesn't answer both questions as it must.
    """
    deployment = acting_as(find(stack), _EDITOR)
    png = prepare(picture.read_bytes(), "full", int(deployment.output("ModelInputSize"))).views[0].png
    text = canary_json(png, yes, no)
    if fault := canary_fault(deployment.vision, parse_canary(text, str(picture))):
        raise CommandFailed(f"The canary wasn't published: {fault}.")
    version = _put(deployment, CANARY_KEY, text)
    results.print(plain(f"The canary is published as version {version}."))


@app.command("routes", epilog="Examples:\n\nmoderate policy routes\n\nmoderate policy routes routes.yaml")
def show_or_push_routes(
    file: Annotated[Path | None, typer.Argument(exists=True, dir_okay=False, help="Routes to publish.")] = None,
    stack: StackOption = DEFAULT_STACK,
) -> None:
    """Show which packs apply to which keys or, given a file, publish its routes."""
    if file is None:
        _show_routes(find(stack).policies.routes())
        return
    deployment = acting_as(find(stack), _EDITOR)
    text = file.read_bytes()
    routes = parse_routes(load_yaml(text, str(file)))
    for route in routes.routes:
        for name in (route.enforce, *route.shadow):
            deployment.policies.pack(name)  # raises where the pack is missing or broken
    _put(deployment, ROUTES_KEY, text)
    _show_routes(routes)
    results.print(_LIVE)


def _blank_faults(pack: Pack, deployment: Deployment) -> list[str]:
    """Return the questions that can't be answered; warn if the model can't be asked, since BrokenPack finds them."""
    try:
        return check_questions(deployment.vision, pack, int(deployment.output("ModelInputSize")))
    except ModerationError as error:
        results.print(plain(f"Warning: not checked on a blank picture, because the model didn't answer: {error}"))
        return []


def _is_usable(file: Path, deployment: Deployment | None) -> bool:
    try:
        pack = _pack_of(file)
    except InvalidPolicy as error:
        results.print(plain(f"{file}: invalid\n{_indented(str(error).splitlines())}"))
        return False
    if deployment and (faults := _blank_faults(pack, deployment)):
        results.print(plain(f"{file}: can't be used with the model of {deployment.stack}\n{_indented(faults)}"))
        return False
    warnings = lint(pack)
    found = f"no errors, {len(warnings) or 'no'} warning{'s' if len(warnings) != 1 else ''}"
    results.print(plain(f"{file}: OK: {found}\n{_indented(warnings)}".rstrip()))
    return True


def _indented(lines: list[str]) -> str:
    return "\n".join(f"  {line}" for line in lines)


def _pack_of(file: Path) -> Pack:
    return parse_pack(load_yaml(file.read_bytes(), str(file)))


def _named_or_file(name: str, stack: str) -> Pack:
    if name.startswith(_SHIPPED):
        return _shipped(name.removeprefix(_SHIPPED))
    if Path(name).suffix:
        return _pack_of(Path(name))
    return find(stack).policies.pack(name)


def _shipped(name: str) -> Pack:
    pack = shipped_pack(name)
    if pack is None:
        raise CommandFailed(f"No pack {name} ships with the code: there are {', '.join(shipped_pack_names())}.")
    return pack


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


def _put(deployment: Deployment, key: str, text: bytes) -> str:
    put = deployment.s3.put_object(Bucket=deployment.policy_bucket, Key=key, Body=text, ContentType="application/yaml")
    return put["VersionId"]


def _read(deployment: Deployment, name: str, version: str) -> bytes:
    found = deployment.s3.get_object(Bucket=deployment.policy_bucket, Key=pack_key(name), VersionId=version)
    return found["Body"].read()


def _versions(deployment: Deployment, name: str) -> list["ObjectVersionTypeDef"]:
    """Return the versions of a pack in the policy bucket, newest first. Raises CommandFailed if there are none."""
    pages = deployment.s3.get_paginator("list_object_versions").paginate(
        Bucket=deployment.policy_bucket, Prefix=pack_key(name)
    )
    versions = [version for page in pages for version in page.get("Versions", []) if version["Key"] == pack_key(name)]
    if not versions:
        shipped = " It ships with the code, so that version is in force." if shipped_pack(name) else ""
        raise CommandFailed(f"The policy bucket holds no pack {name}.{shipped} `moderate policy push` puts one there.")
    return versions


def _version_before(deployment: Deployment, name: str) -> str:
    """Return the newest version that differs from the active one; the newest of all if that was deleted."""
    current, *earlier = _versions(deployment, name)
    if not current["IsLatest"]:
        return current["VersionId"]
    for version in earlier:
        if version["ETag"] != current["ETag"]:
            return version["VersionId"]
    raise CommandFailed(
        f"Pack {name} has no earlier version in the policy bucket. To return to the shipped pack, delete "
        f"{pack_key(name)} from {deployment.policy_bucket} under the role {_EDITOR}."
    )


def _digest(text: bytes, name: str) -> str:
    try:
        return parse_pack(load_yaml(text, pack_key(name))).digest[:12]
    except InvalidPolicy:
        return "invalid"


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


def _show_routes(routes: Routes) -> None:
    rows = table(("keys that start with", "decides", "only watch"))
    for route in sorted(routes.routes, key=lambda route: route.prefix):
        rows.add_row(cell(route.prefix or "(anything)"), cell(route.enforce), cell(", ".join(route.shadow)))
    results.print(rows)
