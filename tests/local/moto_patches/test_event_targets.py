"""Targets of rules, their input, and the dead letters of events that can't be delivered."""

import json

from tests.local.moto_patches.cloud import Cloud, document, function, unique


def test_a_rule_starts_an_execution(cloud: Cloud) -> None:
    source, machine = unique(), cloud.machine({"Type": "Pass"})
    cloud.rule({"source": [source]}, {"Arn": machine, "RoleArn": cloud.role()})

    cloud.send(source, {"a": 1})

    stepfunctions = cloud.client("stepfunctions")
    assert cloud.eventually(lambda: stepfunctions.list_executions(stateMachineArn=machine)["executions"])


def test_a_rule_publishes_to_a_topic(cloud: Cloud) -> None:
    source, sns, (url, queue) = unique(), cloud.client("sns"), cloud.queue()
    topic = sns.create_topic(Name=unique())["TopicArn"]
    policy = document({"Effect": "Allow", "Principal": "*", "Action": "sns:Publish", "Resource": topic})
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue, Attributes={"RawMessageDelivery": "true"})
    cloud.rule({"source": [source]}, {"Arn": topic})

    cloud.send(source, {"a": 1})

    assert cloud.receive(url)["detail"] == {"a": 1}


def test_a_rule_invokes_a_function(cloud: Cloud) -> None:
    source, (url, dead_letters) = unique(), cloud.queue()
    fails = function(cloud, FunctionName=unique(), DeadLetterConfig={"TargetArn": dead_letters})
    stack = cloud.stack({"Function": ("AWS::Lambda::Function", fails)})
    lambda_, name = cloud.client("lambda"), stack.resource("Function")
    arn = lambda_.get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    lambda_.add_permission(
        FunctionName=name, StatementId="rule", Action="lambda:InvokeFunction", Principal="events.amazonaws.com"
    )
    cloud.rule({"source": [source]}, {"Arn": arn})

    cloud.send(source, {"a": 1})

    assert cloud.receive(url)["detail"] == {"a": 1}


def test_a_queue_gets_the_part_of_the_event_that_its_target_names(cloud: Cloud) -> None:
    source, (url, arn) = unique(), cloud.queue()
    cloud.rule({"source": [source]}, {"Arn": arn, "InputPath": "$.detail"})

    cloud.send(source, {"a": 1})

    assert cloud.receive(url) == {"a": 1}


def test_an_event_that_cannot_be_delivered_becomes_a_dead_letter(cloud: Cloud) -> None:
    source, (url, dead_letters) = unique(), cloud.queue()
    missing = "arn:aws:sqs:us-east-1:123456789012:missing"
    cloud.rule({"source": [source]}, {"Arn": missing, "DeadLetterConfig": {"Arn": dead_letters}})

    cloud.client("events").put_events(
        Entries=[{"Source": source, "DetailType": "Check", "Detail": json.dumps({"a": 1})}]
    )

    letter = cloud.message(url)
    assert json.loads(letter["Body"])["detail"] == {"a": 1}
    facts = {name: attribute["StringValue"] for name, attribute in letter["MessageAttributes"].items()}
    assert facts.keys() == {"RULE_ARN", "TARGET_ARN", "ERROR_CODE", "ERROR_MESSAGE"}
    assert facts["TARGET_ARN"] == missing and facts["ERROR_CODE"]
