"""The run against a real account: what it says before it spends, and what it takes for left over."""

from pathlib import Path

import pytest

from scripts import e2e
from scripts.e2e import cost
from scripts.inventory import Inventory, added


def test_the_cost_is_shown_with_its_arithmetic() -> None:
    assert cost(makes_endpoints=True).startswith(
        "It costs about $8.61: (ml.g5.2xlarge $1.515 + ml.g5.12xlarge $7.090) an hour"
    )


def test_existing_endpoints_cost_nothing_more() -> None:
    assert "$" not in cost(makes_endpoints=False)


def test_left_over_is_what_is_new_and_bears_our_name() -> None:
    before = Inventory(frozenset({("bucket", "moderation-old"), ("role", "Admin")}))
    after = Inventory(before.found | {("log group", "/aws/lambda/Moderation-X"), ("role", "Somebody")})

    assert added(before, after, "moderation") == [("log group", "/aws/lambda/Moderation-X")]


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Puts a tool in the place of `moderate` or `cdk`; the list that it gives has the words of each call."""

    def put(name: str, status: int) -> Path:
        calls, tool = tmp_path / f"{name}.calls", tmp_path / name
        tool.write_text(f'#!/bin/sh\necho "$@" >> {calls}\nexit {status}\n')
        tool.chmod(0o755)
        calls.touch()
        monkeypatch.setattr(e2e, {"moderate": "MODERATE", "cdk": "CDK"}[name], tool)
        return calls

    return put


@pytest.fixture
def empty_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(e2e, "_say_where", lambda console: None)
    monkeypatch.setattr(e2e, "_refuse_to_touch_a_deployment", lambda: None)
    monkeypatch.setattr(e2e.inventory, "take", lambda client: Inventory(frozenset()))


@pytest.mark.parametrize("status", [0, 1])
def test_nothing_is_deployed_where_the_doctor_finds_a_fault(status, tool, empty_account, monkeypatch, capsys) -> None:
    doctor, cdk = tool("moderate", status), tool("cdk", 1)
    words = ["e2e", "--yes", "--existing-endpoints", "mine,yours", "-c", "modelInputSize=96"]
    monkeypatch.setattr("sys.argv", words)

    assert e2e.main() == 1

    settings = "--context blip2Endpoint=mine --context llamaEndpoint=yours --context modelInputSize=96"
    assert doctor.read_text() == f"doctor {settings}\n"
    assert cdk.read_text().startswith("deploy") is (status == 0)
    assert ("Nothing was deployed" in capsys.readouterr().out) is (status == 1)
