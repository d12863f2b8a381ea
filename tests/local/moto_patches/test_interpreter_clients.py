"""The calls that an execution makes: in the name of its state machine's role, to the service's own endpoint."""

import json

from tests.local.moto_patches.cloud import Cloud, unique


def test_a_task_acts_as_the_role_of_its_state_machine(cloud: Cloud) -> None:
    role = cloud.role()
    task = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sts:getCallerIdentity", "End": True}
    definition = json.dumps({"StartAt": "Only", "States": {"Only": task}})
    machine = cloud.client("stepfunctions").create_state_machine(name=unique(), definition=definition, roleArn=role)[
        "stateMachineArn"
    ]

    assert role.rpartition("/")[2] in json.loads(cloud.run(machine)["output"])["Arn"]


def test_a_service_s_own_endpoint_is_used(cloud: Cloud) -> None:
    """AWS_ENDPOINT_URL_SNS leads nowhere in both."""
    topic = cloud.client("sns").create_topic(Name=unique())["TopicArn"]
    task = {"Type": "Task", "Resource": "arn:aws:states:::sns:publish"}

    ended = cloud.run(cloud.machine(task | {"Parameters": {"TopicArn": topic, "Message": "m"}}))

    assert "127.0.0.1:9/" in ended.get("cause", "")
