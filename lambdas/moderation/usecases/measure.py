"""Measure the machine's verdicts by what people decided, by samples of them and by the golden items."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from moderation.domain.agreement import Agreement, agreements
from moderation.domain.blind import opinions_of
from moderation.domain.estimate import (
    Asked,
    Estimate,
    Item,
    Share,
    StratumSize,
    estimates,
    question_estimates,
    share_to_review,
    sizes,
)
from moderation.domain.exposure import Exposure, exposure
from moderation.domain.ground_truth import first_decided, said_by_machine, truth_of
from moderation.domain.image_ref import ImageRef
from moderation.domain.intervals import wilson
from moderation.domain.lanes import due_by_default
from moderation.domain.policy import Route, Routes
from moderation.domain.record import GOLDEN_QUEUE, SECOND_QUEUE, Record
from moderation.domain.sample import Draw, first_draw
from moderation.errors import InvalidPolicy
from moderation.ports import RevealCounts, VerdictStore
from moderation.usecases.read_all import read_all

VERDICTS = ("safe", "unsafe", "review")


@dataclass(frozen=True)
class Reviewed:
    """Count of what people decided on the machine's own `safe` and `unsafe` verdicts; `overturned` is the opposite."""

    decided: int
    overturned: int

    @property
    def share(self) -> Share:
        return _share(self.overturned, self.decided)


@dataclass(frozen=True)
class Side:
    """Verdicts of one pack of a route with a canary, on the keys that are its own."""

    pack: str
    digest: str
    verdicts: int
    unsafe: Share
    review: Share
    reviewed: Reviewed


@dataclass(frozen=True)
class Comparison:
    """The pack of a route and its canary, on uploads since the canary's first one."""

    prefix: str
    since: str
    sides: Sequence[Side]


@dataclass(frozen=True)
class PackReviewed:
    """Share that people overturned of the verdicts of one version of a pack, with its interval."""

    pack: str
    digest: str
    reviewed: Reviewed
    share: Share


@dataclass(frozen=True)
class CategoryReviewed:
    """Unsafe verdicts in a category that people decided on, and those that they confirmed in it, with the interval."""

    category: str
    decided: int
    confirmed: int
    share: Share


@dataclass(frozen=True)
class QuestionReviewed:
    """Verdicts with an answer over a question's threshold, with the share that people overturned and its interval.

    `precision` and `overturned` are estimates of all uploads that a sample covers, `reached` of which people looked at:
    the share that is unsafe in a category of the question, and that of the `unsafe` verdicts which are wrong. They are
    None without a sample. Evidence in a file of its own isn't read.
    """

    pack: str
    question: str
    reviewed: Reviewed
    share: Share
    reached: int
    precision: Share | None
    overturned: Share | None


@dataclass(frozen=True)
class GoldenAnswers:
    """Answers on golden items that people didn't know to be such, and those that were right."""

    answers: int
    right: int
    share: Share


@dataclass(frozen=True)
class Workload:
    """Reviews and reports that wait for a person now, and what people decide in a day, on uploads of any age.

    `days` are what they need for what waits; `seconds` is the median from taking an item to deciding on it, None where
    none was taken in the console.
    """

    waiting: int
    overdue: int
    decided_a_day: float
    days: float | None
    seconds: float | None
    timed: int


@dataclass(frozen=True)
class Measured:
    """The report. `estimates` and `to_review` are of uploads that a sample covers, None without a sample.

    `reviewed` are the people's decisions alone, which are biased: people see what was held, appealed or reported.
    """

    strata: Sequence[StratumSize]
    estimates: Sequence[Estimate] | None
    to_review: Share | None
    reviewed: Reviewed
    golden: Reviewed
    canaries: Sequence[Comparison]
    packs: Sequence[PackReviewed]
    agreement: Sequence[Agreement]
    golden_answers: GoldenAnswers
    workload: Workload
    categories: Sequence[CategoryReviewed]
    questions: Sequence[QuestionReviewed]
    exposure: Exposure


def measure(
    verdicts: VerdictStore, reveals: RevealCounts, bucket: str, routes: Routes, since: str, until: str
) -> Measured:
    """Return the report on uploads between two ISO-8601 times. Raises the errors of the ports.

    Escalated images are in none of it. The exposure is of what people looked at between these times.
    """
    queued = [record for record in verdicts.queue() if record.image.bucket == bucket]
    reported = [record.image for record in queued if record.verdict != "review"]
    images = dict.fromkeys([*verdicts.decided_by_people(since), *reported, *verdicts.sampled()])
    whole = list(read_all(verdicts, bucket, images))
    people = [record for record in whole if record.decided_by == "person"]
    known = [r for r in people if not r.is_escalated and (r.is_golden or str(r.decided_at) >= since)]
    decided = [record for record in known if since <= record.created_at <= until]
    drawn = [r for r in whole if r.sample and r.decided_by != "person" and not r.is_escalated]
    waiting = [record for record in drawn if since <= record.created_at <= until]
    draws = {made for record in (*decided, *waiting) if (made := Draw.of(record))}
    listed = [record for record in verdicts.created(VERDICTS, since, until) if record.image.bucket == bucket]
    reviews = _reviews(verdicts, listed)
    items = list(_items(decided, waiting, reviews, draws)) if draws else []
    ordinary = [record for record in decided if not record.is_golden]
    return Measured(
        strata=sizes(items),
        estimates=estimates(items) if draws else None,
        to_review=share_to_review(items) if draws else None,
        reviewed=_reviewed(ordinary),
        golden=_reviewed(record for record in known if record.is_golden),
        canaries=_compared(routes, listed, {record.image: record for record in people}),
        packs=_by_pack(ordinary),
        agreement=agreements([one for record in decided for one in opinions_of(record) if one.purpose == SECOND_QUEUE]),
        golden_answers=_golden_answers(known),
        workload=_workload(queued, known, since, until),
        categories=_by_category(ordinary),
        questions=_by_question(ordinary, items),
        exposure=exposure(reveals.hours(since[:13], until[:13])),
    )


def _reviews(verdicts: VerdictStore, listed: Iterable[Record]) -> list[Record]:
    """Return the reviews that nobody decided on, without what was escalated."""
    reviews = [record for record in listed if record.verdict == "review"]
    bucket = reviews[0].image.bucket if reviews else ""
    whole = read_all(verdicts, bucket, [record.image for record in reviews])
    return [record for record in whole if record.verdict == "review" and not record.is_escalated]


def _items(
    decided: Iterable[Record],
    waiting: Iterable[Record],
    reviews: Iterable[Record],
    draws: Collection[Draw],
) -> Iterator[Item]:
    """Yield the items of the uploads that a draw covers, each with its weight.

    A verdict that a person decided on after the draw, without being in it, is stood for by those that are.
    """
    for record in (*decided, *waiting):
        if record.as_of:  # no model was asked about it
            continue
        if made := Draw.of(record):
            yield Item("sample", made.verdict, made.category, 1 / made.probability, truth_of(record), _over(record))
            continue
        said = said_by_machine(record)
        verdict, truth = said.get("verdict", "review"), truth_of(record)
        covering = [made for made in draws if made.covers(record)]
        first = first_draw(covering, (verdict, said.get("category")), record)
        at = first.at if first else min((made.at for made in covering), default="")
        if covering and (verdict == "review" or first_decided(record) < at):
            yield Item("looked at anyway", verdict, said.get("category"), 1.0, truth, _over(record))
    for record in reviews:
        if any(made.covers(record) for made in draws):
            stratum = f"needs {record.needs}" if record.needs else "looked at anyway"
            yield Item(stratum, "review", None, 1.0, None, _over(record))


def _reviewed(records: Iterable[Record]) -> Reviewed:
    decided = overturned = 0
    for record in records:
        truth, said = truth_of(record), said_by_machine(record).get("verdict")
        if truth and said in ("safe", "unsafe"):
            decided += 1
            overturned += truth.verdict != said
    return Reviewed(decided, overturned)


def _by_pack(records: Iterable[Record]) -> list[PackReviewed]:
    of_pack: dict[tuple[str, str], list[Record]] = defaultdict(list)
    for record in records:
        of_pack[_pack(record), str((record.policy or {}).get("digest"))].append(record)
    counted = ((pack, digest, _reviewed(made)) for (pack, digest), made in sorted(of_pack.items()))
    return [PackReviewed(pack, digest, one, one.share) for pack, digest, one in counted if one.decided]


def _by_category(records: Iterable[Record]) -> list[CategoryReviewed]:
    truths: dict[str, list[bool]] = defaultdict(list)
    for record in records:
        truth, said = truth_of(record), said_by_machine(record)
        if truth and said.get("verdict") == "unsafe" and said.get("category"):
            truths[said["category"]].append(said["category"] in truth.categories)
    counted = ((category, len(told), sum(told)) for category, told in sorted(truths.items()))
    return [CategoryReviewed(category, of, count, _share(count, of)) for category, of, count in counted]


def _by_question(records: Iterable[Record], items: Sequence[Item]) -> list[QuestionReviewed]:
    of_question: dict[Asked, list[Record]] = defaultdict(list)
    for record in records:
        for asked in _over(record):
            of_question[asked].append(record)
    estimated = {one.asked: one for one in question_estimates(items)}
    rows = []
    for asked in sorted({*of_question, *estimated}):
        reviewed, whole = _reviewed(of_question[asked]), estimated.get(asked)
        known = (whole.reached, whole.precision, whole.overturned) if whole else (0, None, None)
        rows.append(QuestionReviewed(asked.pack, asked.question, reviewed, reviewed.share, *known))
    return rows


def _over(record: Record) -> frozenset[Asked]:
    """Return the questions with an answer over the threshold, if models were asked about the record."""
    found = record.evidence or () if not record.as_of else ()
    return frozenset(
        Asked(_pack(record), str(finding["question_id"]), tuple(finding["categories"]))
        for finding in found
        if finding.get("over")
    )


def _golden_answers(records: Iterable[Record]) -> GoldenAnswers:
    right = [one.agrees for record in records for one in opinions_of(record) if one.purpose == GOLDEN_QUEUE]
    return GoldenAnswers(len(right), sum(right), _share(sum(right), len(right)))


def _workload(waiting: Sequence[Record], decided: Iterable[Record], since: str, until: str) -> Workload:
    overdue = sum(str(record.due_at or due_by_default(record.created_at)) < until for record in waiting)
    made = [entry for record in decided for entry in record.history if since <= str(entry.get("at")) <= until]
    by_people = [entry for entry in made if entry.get("who") and not entry.get("same_bytes")]
    days = (datetime.fromisoformat(until) - datetime.fromisoformat(since)) / timedelta(days=1)
    a_day = len(by_people) / days if days else 0.0
    timed = [float(entry["seconds"]) for entry in by_people if "seconds" in entry]
    needed = len(waiting) / a_day if a_day else None
    return Workload(len(waiting), overdue, a_day, needed, median(timed) if timed else None, len(timed))


def _compared(routes: Routes, listed: Sequence[Record], people: Mapping[ImageRef, Record]) -> list[Comparison]:
    of_route: dict[str, list[Record]] = defaultdict(list)
    for record in listed:
        try:
            of_route[routes.for_key(record.image.key).prefix].append(record)
        except InvalidPolicy:
            continue
    compared = (_comparison(route, of_route[route.prefix], people) for route in routes.routes if route.canary)
    return [comparison for comparison in compared if comparison]


def _comparison(route: Route, records: Sequence[Record], people: Mapping[ImageRef, Record]) -> Comparison | None:
    """Compare the newest version of each pack, on the keys of its own side."""
    own = [record for record in records if _pack(record) == route.decider(record.image.key)]
    tried = [record.created_at for record in own if route.canary and _pack(record) == route.canary.pack]
    if not tried:
        return None
    since = min(tried)
    during = [record for record in own if record.created_at >= since]
    digests: dict[str, str] = {}
    for record in sorted(during, key=lambda record: record.created_at):
        digests[_pack(record)] = str((record.policy or {}).get("digest"))
    sides = [
        _side(name, digests[name], [r for r in during if (r.policy or {}).get("digest") == digests[name]], people)
        for name in route.deciders
        if name in digests
    ]
    return Comparison(route.prefix, since, sides)


def _side(name: str, digest: str, records: Sequence[Record], people: Mapping[ImageRef, Record]) -> Side:
    whole = [people.get(record.image, record) for record in records]
    ours = [record for record in whole if not record.is_escalated and not record.as_of]
    said = Counter(str(said_by_machine(record).get("verdict", "review")) for record in ours)
    number = sum(said.values())
    return Side(name, digest, number, _share(said["unsafe"], number), _share(said["review"], number), _reviewed(ours))


def _pack(record: Record) -> str:
    return str((record.policy or {}).get("name"))


def _share(count: int, of: int) -> Share:
    return Share(count / of if of else None, wilson(count, of))
