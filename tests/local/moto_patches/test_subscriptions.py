"""Subscriptions of a template, and queues that take nothing from a topic."""

import json

from tests.local.moto_patches.cloud import Cloud, ref, unique


def test_a_subscription_of_a_template_filters_and_delivers_raw(cloud: Cloud) -> None:
    url, queue = cloud.queue()
    subscription = {
        "TopicArn": ref("Topic"),
        "Protocol": "sqs",
        "Endpoint": queue,
        "RawMessageDelivery": True,
        "FilterPolicy": {"verdict": ["unsafe"]},
    }
    stack = cloud.stack(
        {"Topic": ("AWS::SNS::Topic", {}), "Subscription": ("AWS::SNS::Subscription", subscription)},
        {"Arn": ref("Topic")},
    )

    for verdict in ("safe", "unsafe"):
        cloud.client("sns").publish(
            TopicArn=stack.outputs()["Arn"],
            Message=json.dumps({"verdict": verdict}),
            MessageAttributes={"verdict": {"DataType": "String", "StringValue": verdict}},
        )

    assert cloud.receive(url) == {"verdict": "unsafe"}


def test_a_queue_that_does_not_let_the_topic_gets_nothing(cloud: Cloud) -> None:
    sns, sqs = cloud.client("sns"), cloud.client("sqs")
    topic = sns.create_topic(Name=unique())["TopicArn"]
    closed = sqs.create_queue(QueueName=unique())["QueueUrl"]
    closed_arn = sqs.get_queue_attributes(QueueUrl=closed, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    url, opened = cloud.queue()
    for queue in (closed_arn, opened):  # the open one is served last
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue, Attributes={"RawMessageDelivery": "true"})

    sns.publish(TopicArn=topic, Message="{}")

    assert cloud.receive(url) == {}
    assert "Messages" not in sqs.receive_message(QueueUrl=closed)
