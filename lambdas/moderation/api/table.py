"""Every route of the review API, with the right that it takes and what it may be sent."""

from dataclasses import dataclass, field

from moderation.api.bodies import Field, Moment

ANYONE = ""  # any person who has a right at all


@dataclass(frozen=True)
class Route:
    """One route. `name` is that of its function in `api.actions`, `right` one of `domain.people.RIGHTS`."""

    method: str
    path: str
    name: str
    right: str
    summary: str
    body: dict[str, Field] = field(default_factory=dict)
    query: dict[str, Field] = field(default_factory=dict)


_TIMES: dict[str, Field] = {"since": Moment(optional=True), "until": Moment(optional=True)}

ROUTES = (
    Route("GET", "/me", "who_am_i", ANYONE, "The person's pseudonym, roles, rights and limits."),
    Route("GET", "/items/{item}", "read_item", "next", "An item with its evidence, policy and history."),
    Route("GET", "/policies", "list_policies", "read-policies", "The packs and routes in force."),
    Route("GET", "/policies/{pack}", "read_policy", "read-policies", "A pack in force: categories, questions, cases."),
    Route("GET", "/metrics", "read_metrics", "metrics", "How good the verdicts are, with intervals.", query=_TIMES),
)
