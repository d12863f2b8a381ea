"""Report the work that waits in a deployment, and what it works with."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from moderation.domain.record import Record, utc
from moderation.domain.waiting import cause_of, hours_of
from moderation.errors import InvalidPolicy, ModerationError
from moderation.ports import Count, DeadLetters, Endpoints, Executions, LetterCounts, PolicyCatalogue, VerdictStore

T = TypeVar("T")


@dataclass(frozen=True)
class StatusPorts:
    """Sources of the report. `bucket` is the intake's, `queues` and `served` are by name.

    `served` has an endpoint with its component. `executions` is None with Express, `endpoints` where they aren't
    SageMaker's: neither can be asked.
    """

    bucket: str
    verdicts: VerdictStore
    executions: Executions | None
    queues: Mapping[str, DeadLetters]
    endpoints: Endpoints | None
    served: Mapping[str, tuple[str, str | None]]
    policies: PolicyCatalogue


@dataclass(frozen=True)
class Pile:
    """Records that wait, and the upload of the oldest (ISO-8601, None without any)."""

    number: int
    oldest: str | None


@dataclass(frozen=True)
class Reviews:
    """Reviews that wait for a person, in all and by cause, the most frequent first; `hours` are a person's work."""

    waiting: Pile
    hours: float
    by_cause: Mapping[str, Pile]


@dataclass(frozen=True)
class RouteInForce:
    """Pack that decides for the keys that start with `prefix`; `fault` is why it can't, else its digest stands.

    `share` is the canary's share of the keys; None for the pack that decides for all others.
    """

    prefix: str
    pack: str
    digest: str | None
    fault: str | None
    shadow: Sequence[str]
    share: float | None = None


@dataclass(frozen=True)
class Status:
    """The report. A part is None if it isn't known; `unread` has the reason for a part that should be.

    `sampled` counts the verdicts of samples that wait for a person, which are no reviews.
    `undecided`, `unpublished` and `elsewhere` count uploads since a time. `elsewhere` are reviews that wait for
    something else than a person, by what they need.
    """

    undecided: Pile | None
    running: Count | None
    reviews: Reviews | None
    sampled: int | None
    elsewhere: Mapping[str, int] | None
    dead_letters: Mapping[str, LetterCounts] | None
    unpublished: int | None
    endpoints: Mapping[str, str] | None
    policies: Sequence[RouteInForce] | None
    unread: Mapping[str, str]


def report_status(ports: StatusPorts, since: datetime, now: datetime, seconds_a_review: float) -> Status:
    """Return the report. An error of a port leaves the other parts."""
    unread: dict[str, str] = {}
    first, last = utc(since), utc(now)

    def read(part: str, of: Callable[[], T]) -> T | None:
        try:
            return of()
        except ModerationError as error:
            unread[part] = str(error)
            return None

    return Status(
        undecided=read("undecided", lambda: _pile(_ours(ports, ports.verdicts.created(("claimed",), first, last)))),
        running=read("running", lambda: ports.executions.running() if ports.executions else None),
        reviews=read("reviews", lambda: _reviews(_ours(ports, ports.verdicts.queue()), seconds_a_review)),
        sampled=read("sampled", lambda: sum(image.bucket == ports.bucket for image in ports.verdicts.sampled())),
        elsewhere=read("elsewhere", lambda: _elsewhere(_ours(ports, ports.verdicts.created(("review",), first, last)))),
        dead_letters=read("dead_letters", lambda: {name: queue.counts() for name, queue in ports.queues.items()}),
        unpublished=read("unpublished", lambda: len(_ours(ports, ports.verdicts.unpublished(first, last)))),
        endpoints=read("endpoints", lambda: _endpoints(ports)),
        policies=read("policies", lambda: _policies(ports.policies)),
        unread=unread,
    )


def _ours(ports: StatusPorts, records: Iterable[Record]) -> list[Record]:
    """Return the records of the intake bucket; those of an earlier one are nobody's work."""
    return [record for record in records if record.image.bucket == ports.bucket]


def _pile(records: Sequence[Record]) -> Pile:
    return Pile(len(records), min((record.created_at for record in records), default=None))


def _reviews(waiting: Sequence[Record], seconds_a_review: float) -> Reviews:
    causes = Counter(map(cause_of, waiting))
    by_cause = {cause: _pile([r for r in waiting if cause_of(r) == cause]) for cause, _ in causes.most_common()}
    return Reviews(_pile(waiting), hours_of(len(waiting), seconds_a_review), by_cause)


def _elsewhere(reviews: Sequence[Record]) -> dict[str, int]:
    return dict(Counter(record.needs for record in reviews if record.needs).most_common())


def _endpoints(ports: StatusPorts) -> dict[str, str] | None:
    if ports.endpoints is None:
        return None
    return {model: ports.endpoints.status(*where) for model, where in ports.served.items()}


def _policies(policies: PolicyCatalogue) -> list[RouteInForce]:
    found = []
    for route in policies.routes().routes:
        for name in route.deciders:
            digest, fault = None, None
            try:
                digest = policies.pack(name).digest
            except InvalidPolicy as error:
                fault = str(error)
            share = route.canary.share if route.canary and name != route.enforce else None
            found.append(RouteInForce(route.prefix, name, digest, fault, route.shadow, share))
    return found
