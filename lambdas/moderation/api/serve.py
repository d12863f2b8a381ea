"""The review API over its table of routes: who asks, what they may, what they sent, and the answer."""

import json
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import partial
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from aws_lambda_powertools.event_handler import Response as AnyResponse
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2
from aws_lambda_powertools.utilities.typing import LambdaContext

from moderation.api import actions, app_actions, batch_actions, log_actions, review_actions
from moderation.api.api_ports import ApiPorts
from moderation.api.app_table import APP_ROUTES
from moderation.api.bodies import BadRequest, parsed, read
from moderation.api.claims import token_of
from moderation.api.log_actions import LogPorts
from moderation.api.refusals import REFUSED, NobodyKnown, NotFound, refusal
from moderation.api.request import Request
from moderation.api.table import LOG_ROUTES, ROUTES, Route
from moderation.domain.people import Person, may
from moderation.errors import Misconfigured
from moderation.observability import logger
from moderation.usecases.review.ports_of import ReviewPorts

_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
_JSON = "application/json"

Response = AnyResponse[str]
Act = Callable[[Request], dict[str, Any]]
ACTIONS: dict[str, Callable[[ApiPorts, Request], dict[str, Any]]] = {
    **vars(actions),
    **vars(review_actions),
    **vars(batch_actions),
}
LOG_ACTIONS: dict[str, Callable[[LogPorts, Request], dict[str, Any]]] = vars(log_actions)
APP_ACTIONS: dict[str, Callable[[ReviewPorts, Request], dict[str, Any]]] = vars(app_actions)
FindPerson = Callable[[Mapping[str, Any]], Person | None]


def resolver(ports: ApiPorts, find_person: FindPerson, logs: LogPorts | None = None) -> APIGatewayHttpResolver:
    """Return what answers the events of an HTTP API, without `logs` those of other routes than the logs' alone.

    `find_person` reads a request's claims.
    """
    routes = [(route, partial(ACTIONS[route.name], ports)) for route in ROUTES]
    return _resolver("/api", find_person, [*routes, *(_of_logs(logs) if logs else ())])


def log_resolver(logs: LogPorts, find_person: FindPerson) -> APIGatewayHttpResolver:
    """Return what answers the events of the logs' routes."""
    return _resolver("/api", find_person, _of_logs(logs))


def _of_logs(logs: LogPorts) -> list[tuple[Route, Act]]:
    return [(route, partial(LOG_ACTIONS[route.name], logs)) for route in LOG_ROUTES]


def app_resolver(ports: ReviewPorts, find_app: FindPerson) -> APIGatewayHttpResolver:
    """Return what answers the events of apps; `find_app` reads who signed a request."""
    return _resolver("/app", find_app, [(route, partial(APP_ACTIONS[route.name], ports)) for route in APP_ROUTES])


def _resolver(prefix: str, find_person: FindPerson, routes: Iterable[tuple[Route, Act]]) -> APIGatewayHttpResolver:
    app = APIGatewayHttpResolver(strip_prefixes=[prefix])
    for route, act in routes:
        rule = route.path.replace("{", "<").replace("}", ">")
        app.route(rule, method=route.method)(_answering(app, find_person, route, act))
    app.not_found()(lambda _: _refused(NotFound()))
    return app


def answered(app: APIGatewayHttpResolver, event: dict[str, Any]) -> dict[str, Any]:
    """Return the answer to an event that comes from no Lambda service."""
    return app.resolve(event, LambdaContext())


def _answering(app: APIGatewayHttpResolver, find_person: FindPerson, route: Route, act: Act) -> Callable[..., Response]:
    def answer(**path: str) -> Response:
        try:
            request = _checked(app, find_person, route, path)
            return _response(200, act(request))
        except REFUSED as error:
            if isinstance(error, Misconfigured):  # it names a resource and a code, nothing of an image
                logger.error("misconfigured", extra={"route": route.name, "reason": str(error)})
            logger.info("refused", extra={"route": route.name, "error": type(error).__name__})
            return _refused(error)

    return answer


def _checked(app: APIGatewayHttpResolver, find_person: FindPerson, route: Route, path: Mapping[str, str]) -> Request:
    event = app.current_event
    person = find_person(event)
    if person is None or not person.roles:
        raise NobodyKnown
    if route.right and not may(person, route.right):
        raise NotFound
    query = read(route.query, event.query_string_parameters or {})
    return Request(person, path, query | read(route.body, parsed(_text_of(event))), token_of(event))


def _text_of(event: APIGatewayProxyEventV2) -> str | None:
    """Return the body of a request, None without one. Raises BadRequest for bytes that are no text."""
    try:
        return event.decoded_body if event.body else None
    except ValueError as error:
        raise BadRequest("The body isn't JSON.") from error


def _refused(error: Exception) -> Response:
    status, message = refusal(error)
    return _response(status, {"message": message})


def _response(status: int, said: Mapping[str, Any]) -> Response:
    body = json.dumps(said, ensure_ascii=False, default=_plain)
    return Response(status, _JSON, body, headers=dict(_HEADERS))


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{type(value).__name__} isn't JSON")
