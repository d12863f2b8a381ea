"""Checks of the routes and packs in force, with their lint."""

from moderate.checks.check import Check, attempt
from moderate.deployment import Deployment
from moderate.policy_routes import deciders, keys
from moderation.adapters.policies import ROUTES_KEY
from moderation.domain.policy import Routes, lint
from moderation.domain.prompt import crowded


def policies(deployment: Deployment) -> list[Check]:
    """Return a row for the routes, and one for each pack that they name."""
    routes: list[Routes] = []

    def examine() -> Check:
        routes.append(deployment.policies.routes())
        return _routes(routes[0], deployment)

    remedy = f"Correct {ROUTES_KEY} and publish it: moderate policy routes {ROUTES_KEY}"
    rows = [attempt("routes", examine, remedy)]
    for name in [name for found in routes for name in found.pack_names]:
        back = f"moderate policy rollback {name}, or moderate policy push with a corrected file"
        rows.append(attempt(f"policy {name}", lambda name=name: _pack(name, deployment), back))  # type: ignore[misc]
    return rows


def _routes(routes: Routes, deployment: Deployment) -> Check:
    found = ", ".join(f"{keys(route.prefix)} → {deciders(route)}" for route in routes.routes)
    if not routes.covers(deployment.intake_prefix):
        remedy = f"Add the prefix '' (or {deployment.intake_prefix!r}): moderate policy routes {ROUTES_KEY}"
        return Check("routes", "warn", f"{found}; images under other keys end as review", remedy)
    return Check("routes", "ok", found)


def _pack(name: str, deployment: Deployment) -> Check:
    pack = deployment.policies.pack(name)
    found = f"{pack.digest[:12]}: {len(pack.categories)} categories, {len(pack.questions)} questions"
    if warnings := [*lint(pack), *crowded(pack)]:
        return Check(
            f"policy {name}",
            "warn",
            f"{found}; {'; '.join(warnings)}",
            "Fix what isn't intended: moderate policy push FILE",
        )
    return Check(f"policy {name}", "ok", found)
