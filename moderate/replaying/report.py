"""Report of a replay: as JSON, as tables, and as a page that opens offline."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rich.table import Table

from moderate import html_page as html
from moderate.output import cell, plain, probability, table
from moderation.domain.policy import Pack
from moderation.domain.replay import Edit
from moderation.domain.replay_tally import Flip, Label, Tally

_NEEDS = {"nothing": "no model", "judge": "the judge", "vision": "the vision model", None: "no verdict depends on it"}
_JUDGE = {
    "same": "the judge's stored answer, to a prompt that would say the same: exact",
    "held": "the judge's stored answer, though it would read other numbers: `--judge ask` asks it",
    "asked": "an answer of the judge given now",
    "none": "no answer of the judge is needed: exact",
}
_FEW_CAPTION = 80


@dataclass(frozen=True)
class Report:
    """Result of a replay. `bills` are dollars a month before and after; `pictures` are `data:` addresses by key."""

    pack: Pack
    before: Mapping[str, Pack]
    since: str
    until: str
    tally: Tally
    flips: tuple[Flip, ...]
    bills: tuple[float, float] | None
    pictures: Mapping[tuple[str, str], str]

    @property
    def edits(self) -> list[Edit]:
        """Edits from each pack that made the verdicts, where it is another one."""
        return [edit for pack in self.before.values() if not (edit := Edit(pack, self.pack)).is_none]

    @property
    def shares(self) -> tuple[float, float]:
        """Shares of the replayed records that go to people, before and after."""
        number = self.tally.replayed or 1
        return self.tally.people["before"] / number, self.tally.people["after"] / number


def words(label: Label) -> str:
    """Return a verdict with its category, as "unsafe / Violence"."""
    return " / ".join(filter(None, label))


def sentences(report: Report) -> list[str]:
    """Return the result in sentences."""
    tally, (before, after) = report.tally, report.shares
    said = [
        f"{tally.records:,} records from {report.since[:16]} to {report.until[:16]} (UTC): {tally.replayed:,} replayed "
        f"under {report.pack.name} ({report.pack.digest[:12]}), {tally.flips:,} with another verdict or category.",
        f"For people: {tally.people['before']:,} before ({before:.2%}), {tally.people['after']:,} after ({after:.2%}).",
    ]
    if report.bills:
        old, new = report.bills
        said.append(
            f"The bill at this rate: ${old:,.2f} a month before, ${new:,.2f} after ({new - old:+,.2f}); the judge is "
            f"asked about {tally.judged['before']:,} records before, {tally.judged['after']:,} after."
        )
    said += [f"{number:,} rest on {_JUDGE[use]}." for use, number in tally.judge.most_common()]
    said.append(check(tally))
    return said


def check(tally: Tally) -> str:
    """Say what the replay of verdicts under their own packs gave."""
    if not tally.differing:
        return f"Check: {tally.checked:,} verdicts replayed under their own packs are the recorded ones."
    return (
        f"Check: {tally.differing:,} of {tally.checked:,} verdicts replayed under their own packs are others than the "
        "recorded ones: this release decides them otherwise than the one that made them. Such flips are marked."
    )


def matrix(tally: Tally) -> tuple[list[Label], list[Label], dict[tuple[Label, Label], int]]:
    """Return the labels before, those after, and the numbers of records."""
    before = sorted({pair[0] for pair in tally.matrix}, key=words)
    after = sorted({pair[1] for pair in tally.matrix}, key=words)
    return before, after, dict(tally.matrix)


def matrix_table(tally: Tally) -> Table:
    """Return the matrix of verdicts by category, with the records that don't flip."""
    before, after, numbers = matrix(tally)
    rows = table(("before \\ after", *map(words, after)), "Verdicts by category", numbers=[*map(words, after)])
    for old in before:
        rows.add_row(cell(words(old)), *(str(numbers.get((old, new), "")) for new in after))
    return rows


def flips_table(flips: tuple[Flip, ...]) -> Table:
    """Return the flipped pictures."""
    rows = table(("score", "key", "before", "after", "row", "caption", "judge"), "Flipped pictures", numbers=("score",))
    for flip in flips:
        rows.add_row(
            probability(flip.score),
            cell(flip.key),
            cell(words(flip.before)),
            cell(words(flip.after)),
            flip.row,
            cell(flip.caption[:_FEW_CAPTION]),
            flip.judge + (", not by the edit" if flip.by_release else ""),
        )
    return rows


def causes_table(tally: Tally) -> Table:
    """Return why records weren't replayed."""
    rows = table(("records", "not replayed, because", "could be decided by"), numbers=("records",))
    for (cause, needs), number in tally.causes.most_common():
        rows.add_row(f"{number:,}", cell(cause), _NEEDS[needs] if needs != "nothing" else "")
    return rows


def edits_table(report: Report) -> Table:
    """Return what was edited, and what each change needs."""
    rows = table(("pack before", "field", "before", "after", "needs"), "Edits")
    for edit in report.edits:
        for path, old, new, needs in edit.changes():
            name = f"{edit.before.name} ({edit.before.digest[:12]})"
            rows.add_row(cell(name), cell(path), cell(_short(old)), cell(_short(new)), _NEEDS[needs])
    return rows


def plain_report(report: Report) -> dict[str, Any]:
    """Return the report as plain data."""
    tally, (before, after) = report.tally, report.shares
    return {
        "schema_version": 1,
        "pack": {"name": report.pack.name, "digest": report.pack.digest},
        "since": report.since,
        "until": report.until,
        "records": tally.records,
        "replayed": tally.replayed,
        "flips": tally.flips,
        "judge": dict(tally.judge),
        "matrix": [
            {"before": _plain(old), "after": _plain(new), "records": number}
            for (old, new), number in sorted(tally.matrix.items(), key=lambda item: (-item[1], *map(words, item[0])))
        ],
        "people": {"before": before, "after": after},
        "judged": dict(tally.judged),
        "usd_a_month": {"before": report.bills[0], "after": report.bills[1]} if report.bills else None,
        "not_replayed": [
            {"cause": cause, "needs": None if needs == "nothing" else needs, "records": number}
            for (cause, needs), number in tally.causes.most_common()
        ],
        "check": {"replayed_under_their_own_pack": tally.checked, "differing": tally.differing},
        "edits": [
            {"pack": edit.before.digest, "field": path, "before": old, "after": new, "needs": needs}
            for edit in report.edits
            for path, old, new, needs in edit.changes()
        ],
        "flipped": [
            flip.attributes() | {"before": _plain(flip.before), "after": _plain(flip.after)} for flip in report.flips
        ],
    }


def page(report: Report) -> str:
    """Return the report as a page of HTML."""
    before, after, numbers = matrix(report.tally)
    grid = [[words(old), *(numbers.get((old, new), "") for new in after)] for old in before]
    columns = ["picture"] if report.pictures else []
    flips = [
        [
            *([html.picture(report.pictures.get((flip.key, flip.version), ""))] if report.pictures else ()),
            probability(flip.score),
            html.link(f"s3://{flip.bucket}/{flip.key}?versionId={flip.version}", flip.key),
            words(flip.before),
            words(flip.after),
            flip.reason,
            flip.caption,
            flip.judge + (", not by the edit" if flip.by_release else ""),
        ]
        for flip in report.flips
    ]
    edits = [
        [edit.before.digest[:12], path, _short(old), _short(new), _NEEDS[needs]]
        for edit in report.edits
        for path, old, new, needs in edit.changes()
    ]
    causes = [
        [number, cause, "" if needs == "nothing" else _NEEDS[needs]]
        for (cause, needs), number in report.tally.causes.most_common()
    ]
    heads = [*columns, "score", "key", "before", "after", "reason", "caption", "judge"]
    return html.page(
        f"Replay under {report.pack.name} ({report.pack.digest[:12]})",
        [
            *(f"<p>{html.text(said)}</p>" for said in sentences(report)),
            html.section("Verdicts by category", html.table(["before \\ after", *map(words, after)], grid)),
            html.section(f"Flipped pictures ({report.tally.flips:,})", html.table(heads, flips)),
            html.section("Not replayed", html.table(["records", "because", "could be decided by"], causes)),
            html.section("Edits", html.table(["pack before", "field", "before", "after", "needs"], edits)),
        ],
    )


def _plain(label: Label) -> dict[str, str | None]:
    return {"verdict": label[0], "category": label[1]}


def _short(value: object) -> str:
    if isinstance(value, Mapping):  # a category or question that is only in one of the packs
        value = "; ".join(f"{name}: {said}" for name, said in value.items() if said)
    return "" if value is None else plain(value)[:200]
