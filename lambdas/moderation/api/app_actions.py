"""Actions of the apps' routes: verdicts by version and by reference, statements, appeals and notices."""

from datetime import UTC, datetime
from itertools import islice
from typing import Any, Literal

from moderation.api import shapes
from moderation.api.request import Request
from moderation.domain.image_ref import ImageRef
from moderation.domain.people import may_see
from moderation.usecases.read_all import read_all
from moderation.usecases.review.ports_of import ReviewPorts, item_of
from moderation.usecases.review.report import report
from moderation.usecases.state_reasons import state_reasons

_MOST = 100  # verdicts of a reference


def read_verdict(ports: ReviewPorts, request: Request) -> dict[str, Any]:
    record = item_of(ports, request.person, _image(ports, request), "read-verdicts")
    return shapes.app_record(record, request.person.pseudonym)


def find_verdicts(ports: ReviewPorts, request: Request) -> dict[str, Any]:
    images = islice(ports.verdicts.of_reference(ports.bucket, request.given["reference"]), _MOST)
    records = read_all(ports.verdicts, ports.bucket, images)
    seen = [record for record in records if may_see(request.person, record)]
    return {"verdicts": [shapes.app_record(record, request.person.pseudonym) for record in seen]}


def read_statement(ports: ReviewPorts, request: Request) -> dict[str, Any]:
    record = item_of(ports, request.person, _image(ports, request), "read-verdicts")
    return state_reasons(ports.work, ports.policies, record).data()


def send_appeal(ports: ReviewPorts, request: Request) -> dict[str, Any]:
    return _send(ports, request, "appeal")


def send_notice(ports: ReviewPorts, request: Request) -> dict[str, Any]:
    return _send(ports, request, "notice")


def _send(ports: ReviewPorts, request: Request, kind: Literal["appeal", "notice"]) -> dict[str, Any]:
    given, now = request.given, datetime.now(UTC)
    image = _image(ports, request)
    return shapes.answer(report(ports, request.person, image, kind, given["notifier"], given["text"], now))


def _image(ports: ReviewPorts, request: Request) -> ImageRef:
    return ImageRef(ports.bucket, request.given["key"], request.given["version"])
