"""`moderate people`: who has which rights in the review console."""

import secrets
from typing import Annotated

import typer

from moderate.deployment import DEFAULT_STACK, StackOption, find
from moderate.failures import CommandFailed
from moderate.output import JsonOption, cell, plain, print_json, results, table
from moderate.roles import acting_as
from moderation.domain.people import REPORTS_A_DAY, ROLES, Person, person_data

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode="markdown", help="Say who has which rights in the review console."
)
EXAMPLES = """Examples:

moderate people set arn:aws:sts::123456789012:assumed-role/Reviewer/alice --role reviewer --opt-out Nudity

moderate people set 3f6c2a10-… --role lead --role auditor --prefix posts/ --graphic-an-hour 40

moderate people remove 3f6c2a10-…
"""
Id = Annotated[str, typer.Argument(help="The subject (`sub`) in the person's token, or their ARN.")]


@app.callback()
def people() -> None:
    """Say who has which rights in the review console."""


@app.command("list", epilog=EXAMPLES)
def list_people(as_json: JsonOption = False, stack: StackOption = DEFAULT_STACK) -> None:
    """List everybody with their pseudonym, which is all that the audit log says of them."""
    known, _ = acting_as(find(stack), "Administrator").people.all()
    if as_json:
        print_json([person_data(person) for person in known.values()])
        return
    if not known:
        results.print("Nobody has rights in the console: `moderate people set` gives them.")
        return
    rows = table(("id", "pseudonym", "roles", "categories", "prefixes", "opted out", "graphic an hour"))
    for person in known.values():
        rows.add_row(
            cell(person.id),
            cell(person.pseudonym),
            cell(", ".join(sorted(person.roles))),
            cell("all" if person.categories is None else ", ".join(sorted(person.categories))),
            cell(", ".join(prefix or "all" for prefix in person.prefixes)),
            cell(", ".join(sorted(person.opted_out))),
            cell(person.graphic_an_hour),
        )
    results.print(rows)


@app.command("set", epilog=EXAMPLES)
def set_person(
    id: Id,
    role: Annotated[list[str], typer.Option(help=f"Repeatable: {', '.join(sorted(ROLES))}.")],
    category: Annotated[
        list[str] | None, typer.Option(help="Only what supports this category; repeatable. All by default.")
    ] = None,
    prefix: Annotated[
        list[str] | None, typer.Option(help="Only keys that begin with this; repeatable. All by default.")
    ] = None,
    opt_out: Annotated[
        list[str] | None, typer.Option(help="Nothing that supports this category, however weakly; repeatable.")
    ] = None,
    graphic_an_hour: Annotated[
        int | None, typer.Option(min=0, help="Most pictures that they may reveal in an hour. No limit by default.")
    ] = None,
    originals: Annotated[
        bool, typer.Option("--originals", help="As a reviewer they may see the whole picture at a larger size.")
    ] = False,
    reports_a_day: Annotated[
        int, typer.Option(min=0, help="For an app: most appeals and notices a day that each of its users may send.")
    ] = REPORTS_A_DAY,
    trusted_flagger: Annotated[
        list[str] | None, typer.Option(help="For an app: its name of a user whose notices come first; repeatable.")
    ] = None,
    stack: StackOption = DEFAULT_STACK,
) -> None:
    """Give a person these rights, and no others; from their next call on.

    A new person gets a pseudonym, which stays. The bucket keeps the earlier lists as versions.
    """
    if unknown := sorted(set(role) - ROLES):
        raise typer.BadParameter(f"{unknown[0]!r} is none of {', '.join(sorted(ROLES))}", param_hint="--role")
    store = acting_as(find(stack), "Administrator").people
    known, mark = store.all()
    pseudonym = known[id].pseudonym if id in known else f"p-{secrets.token_hex(4)}"
    known[id] = Person(
        id=id,
        pseudonym=pseudonym,
        roles=frozenset(role),
        categories=frozenset(category) if category else None,
        prefixes=tuple(prefix) if prefix else ("",),
        opted_out=frozenset(opt_out or ()),
        graphic_an_hour=graphic_an_hour,
        originals=originals,
        reports_a_day=reports_a_day,
        trusted_flaggers=frozenset(trusted_flagger or ()),
    )
    store.replace(known.values(), mark)
    results.print(plain(f"{id} is {', '.join(sorted(set(role)))}, {pseudonym} in the audit log."))


@app.command("remove", epilog=EXAMPLES)
def remove(id: Id, stack: StackOption = DEFAULT_STACK) -> None:
    """Take all rights away from a person; from their next call on."""
    store = acting_as(find(stack), "Administrator").people
    known, mark = store.all()
    if id not in known:
        raise CommandFailed(f"{id} has no rights in the console: see `moderate people list`.")
    gone = known.pop(id)
    store.replace(known.values(), mark)
    results.print(plain(f"{id} has no rights any more. The audit log knows them as {gone.pseudonym}."))
