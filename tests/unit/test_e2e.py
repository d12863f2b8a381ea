"""The run against a real account: what it says before it spends, and what it takes for left over."""

from pathlib import Path

import boto3
import pytest
from botocore.stub import Stubber
from rich.console import Console

from scripts.release import __main__ as e2e
from scripts.release import inventory
from scripts.release.__main__ import cost
from scripts.release.inventory import LISTINGS, RETAINED, Inventory, leftovers, retained

ROLE = ("role", "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint")
LOG_DELIVERY = ("resource policy of logs", "AWSLogDeliveryWrite20150319")
BACKUP = ("system backup", "Moderation-VerdictsTable-1ABC")


@pytest.mark.parametrize(
    "settings, said",
    [
        ([], "$8.61: (1 x ml.g5.2xlarge $1.515 + 1 x ml.g5.12xlarge $7.090) per hour"),
        (["llamaSize=70b"], "$21.88: (1 x ml.g5.2xlarge $1.515 + 1 x ml.g5.48xlarge $20.360) per hour"),
        (["llamaSize=7b", "blip2MinInstances=2"], "$4.54: (3 x ml.g5.2xlarge $1.515) per hour"),
    ],
)
def test_the_cost_is_shown_with_its_arithmetic(settings, said, monkeypatch) -> None:
    words = [word for setting in settings for word in ("-c", setting)]
    monkeypatch.setattr("sys.argv", ["e2e", "--accept-llama2-eula", *words])

    assert cost(e2e._arguments().instances).startswith(f"The run costs about {said}")


def test_what_it_could_not_destroy_is_not_deployed(monkeypatch, capsys) -> None:
    monkeypatch.setattr("sys.argv", ["e2e", "--accept-llama2-eula", "-c", "terminationProtection=true"])

    with pytest.raises(SystemExit):
        e2e._arguments()

    assert "terminationProtection=true would prevent the run from destroying" in capsys.readouterr().err


def test_existing_endpoints_cost_nothing_more() -> None:
    assert "$" not in cost({})


def test_left_over_is_what_is_new_and_bears_our_name() -> None:
    before = Inventory(frozenset({("bucket", "moderation-old"), ("role", "Admin")}))
    after = Inventory(before.found | {("log group", "/aws/lambda/Moderation-X"), ("role", "Somebody")})

    assert leftovers(before, after, "moderation") == [("log group", "/aws/lambda/Moderation-X")]


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
    monkeypatch.setattr(e2e, "_print_target", lambda console: None)
    monkeypatch.setattr(e2e, "_refuse_to_touch_a_deployment", lambda: None)
    monkeypatch.setattr(inventory, "take", lambda client: Inventory(frozenset()))


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


def test_what_aws_keeps_in_the_account_is_named_and_is_not_left_over() -> None:
    before = Inventory(frozenset({("role", "Admin")}))
    after = Inventory(before.found | {ROLE, LOG_DELIVERY, BACKUP})

    assert leftovers(before, after, "moderation") == []
    assert [(kind, name) for kind, name, _ in retained(before, after)] == sorted([ROLE, LOG_DELIVERY, BACKUP])


def test_what_aws_had_made_before_is_not_of_this_run() -> None:
    before = Inventory(frozenset({ROLE, LOG_DELIVERY}))

    assert retained(before, before) == []


@pytest.mark.parametrize(
    ("operation", "request_", "answer", "found"),
    [
        ("list_backups", {"BackupType": "SYSTEM"}, {"BackupSummaries": [{"TableName": BACKUP[1]}]}, BACKUP),
        ("describe_resource_policies", {}, {"resourcePolicies": [{"policyName": LOG_DELIVERY[1]}]}, LOG_DELIVERY),
    ],
)
def test_what_may_stay_is_listed(
    operation: str, request_: dict[str, str], answer: dict[str, object], found: tuple[str, str]
) -> None:
    kind, name = found
    client = boto3.client(LISTINGS[kind][0], region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")  # type: ignore[call-overload]
    with Stubber(client) as stubber:
        stubber.add_response(operation, answer, request_)

        assert list(inventory._names(lambda service: client, kind)) == [name]


def test_the_page_names_all_that_stays() -> None:
    page = (Path(__file__).parents[2] / "docs/lifecycle.md").read_text()

    assert {name for _, name in RETAINED if name} == {ROLE[1], LOG_DELIVERY[1]}
    assert all(name in page for _, name in RETAINED)
    assert "system backup" in page


def test_the_report_lists_what_stays_and_does_not_fail_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inventory, "take", lambda client: Inventory(frozenset({ROLE, BACKUP})))
    console = Console(record=True, width=300)

    e2e._report_leftovers(console, Inventory(frozenset()))

    shown = console.export_text()
    assert ROLE[1] in shown
    assert BACKUP[1] in shown
    assert "35 days" in shown
