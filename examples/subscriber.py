"""A subscriber in twenty lines: print each unsafe image of some categories, through an SQS queue.

python -m examples.subscriber "$UNSAFE_TOPIC_ARN" Weapons Violence
"""

import json
import sys

import boto3


def subscribe(queue: str, topics: list[str], filters: dict[str, list[str]]) -> str:
    """Create a queue that the topics may send to, subscribe it to what passes the filters, and return its URL."""
    sqs, sns = boto3.client("sqs"), boto3.client("sns")
    url = sqs.create_queue(QueueName=queue)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sender = {"Principal": {"Service": "sns.amazonaws.com"}, "Condition": {"ArnEquals": {"aws:SourceArn": topics}}}
    allow = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": arn, **sender}
    policy = {"Version": "2012-10-17", "Statement": [allow]}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    attributes = {"RawMessageDelivery": "true", "FilterPolicy": json.dumps(filters)}
    for topic in topics:
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=attributes)
    return url


if __name__ == "__main__":
    url, sqs = subscribe("unsafe-images", sys.argv[1:2], {"category": sys.argv[2:]}), boto3.client("sqs")
    while True:
        for message in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20).get("Messages", []):
            verdict = json.loads(message["Body"])
            print(verdict["image"]["key"], verdict["category"], verdict["reason"], sep="\t", flush=True)
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])  # handled: else it comes again
