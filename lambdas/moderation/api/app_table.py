"""Every route of the apps, with the right that it takes and what it may be sent."""

from moderation.api.bodies import Field, Text
from moderation.api.table import Route
from moderation.domain.reports import LONGEST_TEXT

_VERSION: dict[str, Field] = {"key": Text(1024, exact=True), "version": Text(1024, exact=True)}
_REPORT: dict[str, Field] = {**_VERSION, "notifier": Text(200), "text": Text(LONGEST_TEXT)}

APP_ROUTES = (
    Route("GET", "/verdict", "read_verdict", "read-verdicts", "The verdict on an object version.", query=_VERSION),
    Route(
        "GET",
        "/verdicts",
        "find_verdicts",
        "read-verdicts",
        "The verdicts on uploads with a reference, newest first.",
        query={"reference": Text(1024, exact=True)},
    ),
    Route(
        "GET",
        "/statement",
        "read_statement",
        "read-verdicts",
        "The reasons of a verdict, for its uploader.",
        query=_VERSION,
    ),
    Route("POST", "/appeals", "send_appeal", "report", "Appeal against an unsafe verdict.", _REPORT),
    Route("POST", "/notices", "send_notice", "report", "Report an image that isn't restricted.", _REPORT),
)
