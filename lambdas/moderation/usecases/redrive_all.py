"""Process the dead letters, then the records: no more than a limit, and no faster than a rate."""

import time
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

from moderation.ports import DeadLetters
from moderation.usecases.process_dead_letters import record_failures, start_uploads
from moderation.usecases.redrive import RedrivePorts, redrive


@dataclass(frozen=True)
class RedriveAllPorts:
    """The dead-letter queues, `unrecorded` None with Express executions, and the ports of records."""

    unstarted: DeadLetters
    unrecorded: DeadLetters | None
    records: RedrivePorts

    @property
    def queues(self) -> list[DeadLetters]:
        return [self.unstarted, *([self.unrecorded] if self.unrecorded else [])]


@dataclass(frozen=True)
class Handled:
    """Result for one dead letter or record: what was done (or would be); `acted` unless it was left alone."""

    key: str
    version: str
    cause: str
    action: str
    acted: bool


@dataclass(frozen=True)
class Scope:
    """Extent of a redrive: `cause` is an error's name, None for all; `limit` the most, `rate` the most in a second."""

    cause: str | None
    since: datetime
    dry_run: bool = False
    limit: int | None = None
    rate: float | None = None


def letters_in_flight(ports: RedriveAllPorts) -> int:
    """Return how many dead letters somebody else holds. Raises the errors of the port."""
    return sum(queue.counts().in_flight for queue in ports.queues)


def redrive_all(
    ports: RedriveAllPorts, scope: Scope, pause: Callable[[float], object] = time.sleep
) -> Generator[Handled]:
    """Handle one after the other, up to the limit. What is left alone doesn't count. Raises the errors of the ports."""
    acted = 0
    with closing(_handled(ports, scope)) as handled:
        for one in handled:
            yield one
            if not one.acted:
                continue
            acted += 1
            if acted == scope.limit:
                return
            if scope.rate and not scope.dry_run:
                pause(1 / scope.rate)


def _handled(ports: RedriveAllPorts, scope: Scope) -> Generator[Handled]:
    """Take dead letters first: a failure recorded here can be moderated again by the same run."""
    narrowed = scope.cause, scope.since, scope.dry_run
    for letter in start_uploads(ports.unstarted, ports.records.executions, *narrowed):
        yield Handled(letter.key, letter.version, letter.cause, letter.action, letter.acted)
    for letter in record_failures(ports.unrecorded, ports.records.verdicts, *narrowed) if ports.unrecorded else ():
        yield Handled(letter.key, letter.version, letter.cause, letter.action, letter.acted)
    for redriven in redrive(ports.records, *narrowed):
        image = redriven.record.image
        yield Handled(image.key, image.version, redriven.cause, redriven.action, redriven.acted)
