"""The gate before a pack or routes: people's decisions, judged again under the packs that are to decide."""

import json
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Annotated, Literal

import typer

from moderate.costs.bedrock_tokens import judge_of
from moderate.deployment import Deployment
from moderate.failures import CommandFailed
from moderate.output import cell, errors, plain, progress, results, table, verdict_text
from moderate.replaying.price import price
from moderate.time_range import HELP, parse_time
from moderation.domain.ground_truth import Contradiction
from moderation.domain.policy import Pack, Routes
from moderation.domain.policy_history import signers
from moderation.domain.record import utc
from moderation.errors import InvalidPolicy
from moderation.usecases.check_decisions import Checked, Deciders, DecisionPorts, check_decisions

DEFAULT_SINCE = "90d"
_SHOWN = 20
SinceOption = Annotated[
    datetime,
    typer.Option(parser=parse_time, metavar="WHEN", help=f"Oldest of people's decisions that are replayed, {HELP}"),
]
AcceptOption = Annotated[
    str | None,
    typer.Option(
        metavar="NOTE",
        help="Publish in spite of new contradictions, or of decisions that only the judge could compare; the note goes "
        "into `policy log`.",
    ),
]
JudgeOption = Annotated[
    Literal["stored", "ask"],
    typer.Option(help="Use the judge's stored answers alone, or ask it where it would read other words."),
]


def accepted_note(accept: str | None) -> str:
    """Return the note of --accept, "" without the option. Raises BadParameter for an empty one."""
    if accept is not None and not accept.strip():
        raise typer.BadParameter("say why the decisions no longer hold", param_hint="--accept")
    return (accept or "").strip()


@dataclass(frozen=True)
class Gate:
    """Comparison with people's decisions since a time; `note` accepts contradictions, and what wasn't compared.

    `by_author` is False if another editor looks at what an author accepted. With `ask_judge` the judge is asked where
    it would read other words, after showing the price and, unless `yes`, a question.
    """

    deployment: Deployment
    since: datetime
    note: str
    by_author: bool = True
    ask_judge: bool = False
    yes: bool = False

    def passed(self, before: Routes, after: Routes, digest: str, pack: Pack | None = None) -> str:
        """Compare a change of routes, or of the pack that they name; returns the note if there is something to accept.

        `digest` is that of the change. Raises CommandFailed for new contradictions that nobody accepted, and for
        decisions that nobody knows to be none, because the judge would read other words and wasn't asked.
        """
        deployment = self.deployment
        ports = DecisionPorts(deployment.intake_bucket, deployment.verdicts, deployment.work)
        now = self._deciders(before, None), self._deciders(after, pack)
        if not any(pack.name in route.deciders for route in after.routes) if pack else False:
            results.print("No route lets it decide, so it wasn't compared with people's decisions.")
            return ""
        checked = check_decisions(ports, *now, utc(self.since))
        if self.ask_judge and checked.for_judge:
            self._confirm(checked.for_judge)
            with progress() as bar:
                bar.add_task("Asking the judge", total=None)
                checked = check_decisions(ports, *now, utc(self.since), deployment.judge)
        _show(checked, self.since)
        if not (checked.contradictions or checked.for_judge):
            return ""
        if not self.note:
            raise CommandFailed(self._refusal(checked))
        self._check_signatures(digest)
        results.print(plain(f"Accepted: {self.note}"))
        return self.note

    def _confirm(self, number: int) -> None:
        """Show the price of asking the judge, and ask for leave. Raises typer.Abort for a no."""
        most = price(number, 0, 0, judge_of(self.deployment.outputs))
        errors.print(f"The judge is asked about {number:,} pictures, for {most.text}.", soft_wrap=True)
        if not self.yes:
            typer.confirm("Ask it?", abort=True, err=True)

    def _refusal(self, checked: Checked) -> str:
        refused = "Not published" if self.by_author else "Not approved"
        if not checked.contradictions:
            refused += (
                f": the judge wasn't asked about {checked.for_judge} of people's decisions. `--judge ask` asks it."
            )
        elif self.by_author:
            refused += ": people decided otherwise on these pictures."
        else:
            refused += ": people decided otherwise on these pictures, and its author accepted no contradiction."
        if self.by_author:
            return f"{refused} Change the pack, or say with `--accept NOTE` why their decisions no longer hold."
        return f"{refused} It has to be pushed again, with another description and `--accept NOTE`."

    def _check_signatures(self, digest: str) -> None:
        """Raise CommandFailed if editors signed the digest without the note: they never saw what it accepts."""
        if not (self.by_author and self.deployment.needs_approval):
            return
        keys = self.deployment.policies.signatures(digest)
        if keys and not any(self._accepts(key) for key in keys):
            raise CommandFailed(
                f"{', '.join(sorted(signers(digest, keys)))} signed {digest[:12]} before it contradicted people's "
                "decisions. Change its description, so that another editor approves the contradictions as well."
            )

    def _accepts(self, key: str) -> bool:
        text = self.deployment.s3.get_object(Bucket=self.deployment.policy_bucket, Key=key)["Body"].read()
        try:
            return bool(json.loads(text).get("accepted"))
        except (ValueError, AttributeError):
            return False

    def _deciders(self, routes: Routes, pushed: Pack | None) -> Deciders:
        """Return the packs that may decide for a key under routes; those that can't be used are left out."""

        @cache
        def named(name: str) -> Pack | None:
            if pushed and name == pushed.name:
                return pushed
            try:
                return self.deployment.policies.pack(name)
            except InvalidPolicy:
                return None

        def deciders(key: str) -> tuple[Pack, ...]:
            try:
                route = routes.for_key(key)
            except InvalidPolicy:
                return ()
            return tuple(pack for name in route.deciders if (pack := named(name)))

        return deciders


def _show(checked: Checked, since: datetime) -> None:
    found = checked.contradictions
    results.print(
        f"{checked.compared} of people's decisions since {since:%Y-%m-%d} were judged again: "
        f"{len(found) or 'no'} new contradiction{'' if len(found) == 1 else 's'}."
    )
    for cause, number in checked.not_replayed.most_common():
        results.print(plain(f"Not judged again: {number}. {cause}"))
    if checked.for_judge:
        results.print(f"`--judge ask` judges {checked.for_judge} of them again.")
    if found:
        results.print(_rows(found[:_SHOWN]))
    if len(found) > _SHOWN:
        results.print(f"And {len(found) - _SHOWN} more.")


def _rows(found: list[Contradiction]) -> object:
    rows = table(("key", "version", "a person", "the pack", "says", "reason"))
    for one in found:
        said = ", ".join(one.truth.categories)
        rows.add_row(
            cell(one.image.key),
            cell(one.image.version),
            verdict_text(one.truth.verdict) + cell(f" / {said}" if said else ""),
            cell(one.pack),
            verdict_text(one.verdict) + cell(f" / {one.category}" if one.category else ""),
            cell(one.reason),
        )
    return rows
