"""`moderate console`, from its link to a decision in force, as a person's browser asks."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from typing import Any

import pytest

from moderate.console import command
from moderate.failures import CommandFailed
from moderate.roles import acting_as
from tests.command.history import CREATED


class Visit:
    """A browser on the link that the command prints, until Ctrl-C."""

    def __init__(self) -> None:
        self.links: list[str] = []
        self.session = ""

    def print(self, *parts: object, **_: object) -> None:
        self.links += re.findall(r"http://\S+", str(parts[0]))

    def ask(self, method: str, path: str, body: object = None, credential: str = "", status: int = 200) -> Any:
        origin = self.links[0].partition("/#")[0]
        connection = HTTPConnection(origin.removeprefix("http://"), timeout=30)
        headers = {"Origin": origin, "Authorization": f"Bearer {credential or self.session}"}
        connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        answer = connection.getresponse()
        said = json.loads(answer.read())
        connection.close()
        assert answer.status == status, said
        return said

    def enter(self) -> None:
        self.session = self.ask("POST", "/session", credential=self.links[-1].partition("#")[2])["session"]


@pytest.fixture
def visit(monkeypatch) -> Visit:
    visit = Visit()
    monkeypatch.setattr("moderate.console.command.results", visit)
    return visit


@pytest.fixture
def while_it_runs(monkeypatch) -> Callable[[Callable[[], None]], None]:
    """Does something in the time between the command's start and Ctrl-C."""

    def arrange(act: Callable[[], None]) -> None:
        def pause() -> None:
            act()
            raise KeyboardInterrupt

        monkeypatch.setattr("signal.pause", pause)

    return arrange


def test_whoever_has_no_rights_is_told_who_gives_them(deployed, moderate):
    refused = moderate("console")

    assert refused.exit_code == 1
    assert re.search(
        r"You \((\S+)\) have no rights in the console: .* `moderate people set \1 --role reviewer`", refused.stderr
    )


def test_a_decision_in_the_browser_comes_into_force(deployed, moderate, visit, while_it_runs, monkeypatch):
    [person] = re.findall(r"moderate people set (\S+)", moderate("console").stderr)
    assert moderate("people", "set", person, "--role", "reviewer", "--role", "lead").exit_code == 0
    image = deployed.put_object()
    waiting = {"queue": "review#0", "queue_order": f"5#{CREATED}"}
    deployed.put_failure(image, **waiting)

    def review() -> None:
        visit.enter()
        assert visit.ask("GET", "/api/me")["roles"] == ["lead", "reviewer"]
        item = visit.ask("POST", "/api/next", {})["item"]
        choice = {"screen": item["screen"], "verdict": "safe", "seen": False, "note": "Fine."}
        made = visit.ask("POST", f"/api/items/{item['item']}/decide", choice)
        soon = datetime.now(UTC) + timedelta(seconds=11)
        monkeypatch.setattr("moderate.console.command.datetime", Frozen(soon))
        visit.ask("POST", f"/api/items/{item['item']}/finish", {"pending": made["pending"]})

    while_it_runs(review)
    assert moderate("console").exit_code == 0

    assert len(set(visit.links)) == 2  # another is printed when one was used
    record = deployed.record(image)
    assert (record["verdict"], record["reason"], deployed.tag(image)) == ("safe", "Fine.", "safe")


def test_who_may_not_escalate_is_told_whom_to_give_what(deployed, moderate, visit, while_it_runs, monkeypatch):
    [person] = re.findall(r"moderate people set (\S+)", moderate("console").stderr)
    assert moderate("people", "set", person, "--role", "reviewer").exit_code == 0
    image = deployed.put_object()
    deployed.put_failure(image, queue="review#0", queue_order=f"5#{CREATED}")

    def refuse(own: Any, role: str) -> Any:
        if role == "Quarantine":
            raise CommandFailed("You may not assume the role Quarantine.")
        return acting_as(own, role)

    def review() -> None:
        visit.enter()
        item = visit.ask("POST", "/api/next", {})["item"]
        said = visit.ask("POST", f"/api/items/{item['item']}/escalate", {}, status=409)["message"]
        assert said.startswith(
            "Nothing was escalated: you may not. Don't show it to anybody. Give its name and version"
        )
        assert image.version in said and "may not assume the role" in said

    monkeypatch.setattr(command, "acting_as", refuse)
    while_it_runs(review)
    assert moderate("console").exit_code == 0


class Frozen:
    """A clock that stands."""

    def __init__(self, moment: datetime) -> None:
        self._moment = moment

    def now(self, zone: object) -> datetime:
        return self._moment
