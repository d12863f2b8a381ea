"""`moderate status`."""

import json
from datetime import UTC, datetime, timedelta

import boto3
import pytest

from moderate.deployment import Deployment
from moderation.adapters.policies import shipped_pack
from moderation.domain.image_ref import ImageRef
from moderation.domain.record import utc

JUDGED = {"verdict": "unsafe", "category": "Violence", "reason": "", "decided_by": "judge", "decided_at": "d"}
QUEUED = {"verdict": "review", "category": None, "reason": "", "decided_by": "evidence", "decided_at": "d"}


@pytest.fixture
def busy(deployed):
    """Two claims, three reviews for a person, two for others, a failed notification, dead letters, an execution."""
    old = utc(datetime.now(UTC) - timedelta(days=40))
    deployed.put_record(ImageRef("intake", "in/claim-1", "v"), created_at=utc(datetime.now(UTC) - timedelta(hours=3)))
    deployed.put_record(ImageRef("intake", "in/claim-2", "v"))
    for number, created in enumerate([old, utc(datetime.now(UTC)), utc(datetime.now(UTC))]):
        place = {"queue": f"review#{number}", "queue_order": f"5#{created}", "created_at": created}
        row = "disagreement" if number else "unsupported"
        deployed.put_record(ImageRef("intake", f"in/review-{number}", "v"), **QUEUED, **place, row=row)
    deployed.put_failure(ImageRef("intake", "in/damaged", "v"), "UnreadableImage", needs="reupload")
    deployed.put_failure(ImageRef("intake", "in/policy", "v"), "InvalidPolicy", needs="policy")
    deployed.put_record(ImageRef("intake", "in/unsafe", "v"), **JUDGED, notified=False)
    url = deployed.outputs["UnstartedQueueUrl"]
    for _ in range(3):
        deployed.sqs.send_message(QueueUrl=url, MessageBody="{}")
    deployed.sqs.receive_message(QueueUrl=url, VisibilityTimeout=60)
    deployed.workflow.start_execution(stateMachineArn=deployed.outputs["WorkflowArn"], name="one", input="{}")


def test_people_see_all_that_waits(deployed, busy, moderate):
    result = moderate("status")

    assert result.exit_code == 0, result.stderr
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    three_hours_ago = (datetime.now(UTC) - timedelta(hours=3)).strftime("%Y-%m-%d")
    assert any(line.startswith(f"uploads without a verdict 2, the oldest uploaded {three_hours_ago}") for line in lines)
    assert "running executions 1" in lines
    (reviews,) = [line for line in lines if line.startswith("reviews waiting for a person 3,")]
    assert reviews.endswith("0.0 hours of work at 30 s each")
    assert "reviews waiting for another upload 1" in lines
    assert "reviews waiting for a corrected pack 1" in lines
    assert "dead letters: uploads not started 2 in the queue, 1 in flight" in lines
    assert "dead letters: failures not recorded 0 in the queue, 0 in flight" in lines
    assert "failed notifications 1: `moderate redrive` publishes them" in lines
    assert any("disagreement" in line and " 2 " in line for line in lines)
    assert any("unsupported" in line and " 1 " in line for line in lines)
    pack = shipped_pack("default")
    assert pack and any("default" in line and pack.digest[:12] in line for line in lines)


def test_json_has_all_of_it(deployed, busy, moderate):
    found = json.loads(moderate("status", "--json", "--review-seconds", 1200).stdout)

    assert found["undecided"]["number"] == 2
    assert found["running"] == {"number": 1, "counted": True}
    assert (found["reviews"]["waiting"]["number"], found["reviews"]["hours"]) == (3, 1.0)
    assert {cause: pile["number"] for cause, pile in found["reviews"]["by_cause"].items()} == {
        "disagreement": 2,
        "unsupported": 1,
    }
    assert found["elsewhere"] == {"reupload": 1, "policy": 1}
    assert found["dead_letters"]["uploads not started"] == {"waiting": 2, "in_flight": 1}
    assert found["unpublished"] == 1
    assert found["endpoints"] == {"blip2": "missing", "llama": "missing"}
    assert [route["pack"] for route in found["policies"]] == ["default"]
    assert found["review_seconds"] == 1200 and datetime.fromisoformat(found["since"])


def test_a_deployment_at_rest_waits_for_nothing(deployed, moderate):
    found = json.loads(moderate("status", "--json").stdout)

    assert found["undecided"] == {"number": 0, "oldest": None}
    assert found["reviews"]["by_cause"] == {}
    assert "Reviews by cause" not in moderate("status").stdout


def test_the_same_causes_choose_verdicts(deployed, busy, moderate):
    causes = json.loads(moderate("status", "--json").stdout)["reviews"]["by_cause"]

    for cause, pile in causes.items():
        listed = json.loads(moderate("verdicts", "--cause", cause, "--since", "60d", "--json").stdout)
        assert len(listed) == pile["number"]


def test_a_broken_pack_is_named_and_no_reason_to_fail(deployed, moderate):
    deployed.s3.put_object(Bucket="policies", Key="packs/default.yaml", Body=b"name: other")

    result = moderate("status")

    assert result.exit_code == 0
    assert "packs/default.yaml" in result.stdout


def test_endpoints_are_described_on_aws(deployed, moderate, monkeypatch):
    class Described:
        def status(self, endpoint: str, component: str | None) -> str:
            return f"InService {component or ''}".strip()

    monkeypatch.setattr("moderate.status.is_aws", lambda: True)
    monkeypatch.setattr("moderate.status.SageMakerEndpoints", lambda client: Described())

    shown = " ".join(moderate("status").stdout.split())

    assert "endpoint blip2 InService" in shown and "endpoint llama InService" in shown


def test_a_laptops_model_server_is_none_of_sagemakers(deployed, moderate, monkeypatch):
    monkeypatch.setattr("moderate.status.is_aws", lambda: False)

    assert json.loads(moderate("status", "--json").stdout)["endpoints"] is None
    assert "the laptop's model server" in moderate("status").stdout


def test_express_executions_are_said_not_to_be_known(deployed, moderate, monkeypatch):
    outputs = {name: value for name, value in deployed.outputs.items() if name != "UnrecordedQueueUrl"}
    monkeypatch.setattr("moderate.status.find", lambda stack: Deployment(stack, outputs))

    result = moderate("status")

    assert result.exit_code == 0
    assert "lists no Express executions" in result.stdout
    assert "failures not recorded" not in result.stdout


def test_a_part_that_cannot_be_read_is_named_and_the_rest_shown(deployed, busy, moderate):
    boto3.client("stepfunctions").delete_state_machine(stateMachineArn=deployed.outputs["WorkflowArn"])

    result = moderate("status")

    assert result.exit_code == 1
    assert "Not read: running." in result.stderr
    assert "reviews waiting for a person" in result.stdout
