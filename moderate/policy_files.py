"""`moderate policy new`, `list`, `pull` and `show`: packs as files and on the screen."""

import re
from pathlib import Path
from typing import Annotated

import typer
import yaml
from rich.table import Table

from moderate import policy_bucket as bucket
from moderate.deployment import DEFAULT_STACK, Deployment, StackOption, find
from moderate.failures import CommandFailed
from moderate.output import JsonOption, cell, plain, print_json, results, table
from moderate.policy_routes import deciding, watching
from moderation.adapters.policies import pack_key, shipped_pack_names, shipped_text
from moderation.adapters.yaml_files import load_yaml
from moderation.domain.limits import CONTEXT_TOKENS
from moderation.domain.pack_diff import Change as Difference
from moderation.domain.policy import Pack, pack_data, parse_pack
from moderation.domain.prompt import evidence_room
from moderation.errors import InvalidPolicy

NEW_EXAMPLES = "Examples:\n\nmoderate policy new mine\n\nmoderate policy new avatars --from privacy"
LIST_EXAMPLES = "Example:\n\nmoderate policy list"
PULL_EXAMPLES = "Examples:\n\nmoderate policy pull default\n\nmoderate policy pull default --version VERSION"
SHOW_EXAMPLES = "Example:\n\nmoderate policy show default"
NameArgument = Annotated[str, typer.Argument(help="The pack's name.")]


def new(
    name: NameArgument,
    origin: Annotated[str, typer.Option("--from", metavar="NAME", help="The shipped pack to start from.")] = "default",
) -> None:
    """Write NAME.yaml, a copy of a shipped pack under another name. Needs no deployment."""
    text = shipped_text(origin)
    if text is None:
        raise not_shipped(origin)
    line = yaml.safe_dump({"name": name}).strip().encode()  # quotes what YAML would read as a number, say
    copied = re.sub(rb"^name:.*$", lambda _: line, text, count=1, flags=re.MULTILINE)
    parse_pack(load_yaml(copied, f"{name}.yaml"))  # raises for a name that can't be used
    _write(Path(f"{name}.yaml"), copied)
    results.print(plain(f"Check it with `moderate policy lint {name}.yaml`, then publish it with `policy push`."))


def not_shipped(name: str) -> CommandFailed:
    """Return the error for a name that no shipped pack has."""
    return CommandFailed(f"No pack {name} ships with the code: there are {', '.join(shipped_pack_names())}.")


def pull(
    name: NameArgument,
    version: Annotated[str | None, typer.Option(help="A version from `policy versions`.")] = None,
    stack: StackOption = DEFAULT_STACK,
) -> None:
    """Write the pack in force to NAME.yaml, with its comments."""
    deployment = find(stack)
    versions = {found["VersionId"]: found["IsLatest"] for found in bucket.versions(deployment, pack_key(name))}
    if version and version not in versions:
        raise CommandFailed(f"Pack {name} has no version {version}: `moderate policy versions {name}` lists them.")
    stored = version or next((known for known, is_latest in versions.items() if is_latest), None)
    text = bucket.read(deployment, pack_key(name), stored) if stored else shipped_text(name)
    if text is None:
        raise CommandFailed(f"There is no pack {name}: `moderate policy list` shows those that there are.")
    _write(Path(f"{name}.yaml"), text)


def list_packs(as_json: JsonOption = False, stack: StackOption = DEFAULT_STACK) -> None:
    """List the packs, where they come from, and the routes that use them."""
    deployment = find(stack)
    stored = _stored_names(deployment)
    routes = deployment.policies.routes()
    names = sorted({*stored, *shipped_pack_names()})
    digests = {name: _digest(deployment, name) for name in names}
    if as_json:
        print_json(
            [
                {
                    "pack": name,
                    "from": "bucket" if name in stored else "code",
                    "digest": digests[name],
                    "decides_for": [route.prefix for route in routes.routes if name in route.deciders],
                    "watches": [route.prefix for route in routes.routes if name in route.shadow],
                }
                for name in names
            ]
        )
        return
    rows = table(("pack", "from", "digest", "decides for", "only watches"))
    for name in names:
        source, digest = "the policy bucket" if name in stored else "the code", digests[name]
        decides, watches = deciding(routes, name), watching(routes, name)
        said = digest[:12] if digest else "can't be used"
        rows.add_row(cell(name), source, cell(said), cell(decides), cell(watches))
    results.print(rows)


def show(name: NameArgument, as_json: JsonOption = False, stack: StackOption = DEFAULT_STACK) -> None:
    """Show a pack in force: its categories, its questions, and its room in the judge's context."""
    pack = find(stack).policies.pack(name)
    if as_json:
        print_json(pack_data(pack) | {"digest": pack.digest})
        return
    results.print(plain(f"{pack.name} ({pack.digest})\n{pack.description}\n{_settings(pack)}"))
    categories = table(("category", "description", "not meant", "verdict"))
    for category in pack.categories:
        categories.add_row(
            cell(category.name), cell(category.description), cell("; ".join(category.exceptions)), category.action
        )
    results.print(categories)
    questions = table(("id", "question", "speaks for", "unsafe answer", "threshold"), numbers=("threshold",))
    for question in pack.questions:
        questions.add_row(
            cell(question.id),
            cell(question.text),
            cell(", ".join(question.categories)),
            question.unsafe_answer,
            f"{question.threshold:g}",
        )
    results.print(questions)


def _settings(pack: Pack) -> str:
    try:
        room = f"{evidence_room(pack)} of {CONTEXT_TOKENS}"
    except InvalidPolicy:
        room = "too few"
    return (
        f"judge: {pack.judge}, views: {pack.views}, margin: {pack.margin:g}, reuse: {str(pack.reuse).lower()}, "
        f"cases: {len(pack.cases)}, the judge's tokens left for evidence: {room}"
    )


def differences(differing: list[Difference], before: str, after: str) -> Table | str:
    """Return a table of the fields that differ between two packs."""
    if not differing:
        return "They are the same."
    rows = table(("field", plain(before), plain(after)))
    for path, old, new in differing:
        rows.add_row(cell(path), cell(old), cell(new))
    return rows


def _stored_names(deployment: Deployment) -> list[str]:
    prefix, suffix = pack_key("").removesuffix(".yaml"), ".yaml"
    pages = deployment.s3.get_paginator("list_objects_v2").paginate(Bucket=deployment.policy_bucket, Prefix=prefix)
    keys = [found["Key"] for page in pages for found in page.get("Contents", [])]
    return [key.removeprefix(prefix).removesuffix(suffix) for key in keys if key.endswith(suffix)]


def _digest(deployment: Deployment, name: str) -> str | None:
    """Return the digest of the pack in force under a name, None if it can't be used."""
    try:
        return deployment.policies.pack(name).digest
    except InvalidPolicy:
        return None


def _write(path: Path, text: bytes) -> None:
    try:
        with path.open("xb") as file:
            file.write(text)
    except FileExistsError:
        raise CommandFailed(f"{path} is there already: move it away first.") from None
    results.print(plain(f"Written: {path}"))
