"""Every route of the review API, with the right that it takes and what it may be sent."""

from dataclasses import dataclass, field

from moderation.api.bodies import Choice, Count, Field, Flag, Moment, Text, Texts
from moderation.usecases.decide_copies import MOST_ALONE

ANYONE = ""  # any person who has a right at all


@dataclass(frozen=True)
class Route:
    """One route. `name` is that of its function (`api.serve`), `right` one of `domain.people.RIGHTS`."""

    method: str
    path: str
    name: str
    right: str
    summary: str
    body: dict[str, Field] = field(default_factory=dict)
    query: dict[str, Field] = field(default_factory=dict)


_TIMES: dict[str, Field] = {"since": Moment(optional=True), "until": Moment(optional=True)}

_PENDING: dict[str, Field] = {"pending": Text(64)}
_DECISION: dict[str, Field] = {
    "screen": Text(64),
    "verdict": Choice(("safe", "unsafe")),
    "categories": Texts(20, 200, optional=True),
    "note": Text(1000, optional=True),
    "seen": Flag(),
    "this_copy": Flag(optional=True),
    "reply": Text(1000, optional=True),
    "press": Text(64, optional=True),
}

_ITEMS: dict[str, Field] = {"items": Texts(MOST_ALONE, 4096)}
_BATCH: dict[str, Field] = {
    **_ITEMS,
    "screens": Texts(MOST_ALONE, 64),
    "verdict": Choice(("safe", "unsafe")),
    "categories": Texts(20, 200, optional=True),
    "note": Text(1000, optional=True),
    "press": Text(64, optional=True),
}

ROUTES = (
    Route("GET", "/me", "who_am_i", ANYONE, "The person's pseudonym, roles, rights and limits."),
    Route("GET", "/items/{item}", "read_item", "next", "An item with its evidence, policy and history."),
    Route(
        "GET",
        "/queue",
        "read_queue",
        "next",
        "How many items wait in the person's scope, how many are overdue, and when the next is due.",
    ),
    Route(
        "POST",
        "/next",
        "take_next",
        "next",
        "Take the next item, leased for two minutes; null if there is none up to the place `after`, if there is one.",
        {"after": Text(64, optional=True)},
    ),
    Route("POST", "/items/{item}/claim", "claim_item", "claim", "Lease an item, also one that was decided."),
    Route("POST", "/items/{item}/renew", "renew_lease", "claim", "Renew the lease for two minutes."),
    Route("POST", "/items/{item}/free", "free_item", "claim", "Let the item wait as before."),
    Route("POST", "/items/{item}/reveal", "reveal_item", "reveal", "Links of a minute to the views, noted down first."),
    Route(
        "POST",
        "/items/{item}/original",
        "show_original",
        "original",
        "The whole upload, larger and encoded anew, noted down first.",
    ),
    Route(
        "POST",
        "/items/{item}/decide",
        "decide_item",
        "decide",
        "Decide; it can be taken back for ten seconds, and is in force when it is finished.",
        _DECISION,
    ),
    Route("POST", "/items/{item}/undo", "undo_decision", "undo", "Take the decision back, or open it again.", _PENDING),
    Route("POST", "/items/{item}/finish", "finish_decision", "decide", "End the ten seconds of a decision.", _PENDING),
    Route("POST", "/items/{item}/skip", "skip_item", "claim", "Leave the item to other people."),
    Route("POST", "/items/{item}/park", "park_item", "claim", "Let the item wait until a time.", {"until": Moment()}),
    Route("POST", "/items/{item}/escalate", "escalate_item", "escalate", "Put the item into quarantine; for good."),
    Route("GET", "/items/{item}/identical", "list_identical", "decide", "The free items of the same bytes, blurred."),
    Route("POST", "/batches/try", "try_batch", "decide", "Tell what a batch would decide on; changes nothing.", _BATCH),
    Route(
        "POST",
        "/batches",
        "decide_items",
        "decide",
        "Decide alike on as many items as were confirmed.",
        {**_BATCH, "confirmed": Count(MOST_ALONE)},
    ),
    Route(
        "POST",
        "/batches/undo",
        "undo_items",
        "undo",
        "Take a batch back as one.",
        {**_ITEMS, "pending": Texts(MOST_ALONE, 64)},
    ),
    Route("GET", "/policies", "list_policies", "read-policies", "The packs and routes in force."),
    Route("GET", "/policies/{pack}", "read_policy", "read-policies", "A pack in force: categories, questions, cases."),
    Route(
        "GET",
        "/metrics",
        "read_metrics",
        "metrics",
        "How good the verdicts of whole days are, with intervals.",
        query=_TIMES,
    ),
)

# Those of a function of its own, which reads both logs and writes nowhere.
LOG_ROUTES = (
    Route(
        "GET",
        "/audit",
        "read_audit",
        "audit",
        "Entries of the audit log, newest first, and what its last check found; who reviews sees no others' images.",
        query={
            "image": Text(64, optional=True),
            "person": Text(64, optional=True),
            "before": Text(200, optional=True),
        },
    ),
    Route(
        "GET",
        "/policy-log",
        "read_policy_log",
        "read-policy-log",
        "The last changes of packs, routes and the canary, newest first.",
    ),
)
PEOPLES_ROUTES = (*ROUTES, *LOG_ROUTES)
