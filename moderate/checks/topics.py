"""Checks that the topics have subscribers."""

from moderate.checks.aws import client
from moderate.checks.check import Check
from moderate.deployment import Deployment
from moderation.contract import TOPIC_OUTPUTS

_PENDING = "PendingConfirmation"


def subscribed(verdict: str, deployment: Deployment) -> Check:
    """Check that a topic has subscriptions, all of them confirmed."""
    name, topic = f"subscribers: {verdict}", deployment.output(TOPIC_OUTPUTS[verdict])
    pages = client("sns").get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic)
    found = [subscription for page in pages for subscription in page["Subscriptions"]]
    pending = [s["Endpoint"] for s in found if s["SubscriptionArn"] == _PENDING]
    confirmed = [s for s in found if s["SubscriptionArn"].startswith("arn:")]
    if pending:
        remedy = "Each must confirm with the link in AWS's message; subscribing again sends a new one"
        return Check(name, "warn", f"{len(confirmed)} confirmed; not yet: {', '.join(pending)}", remedy)
    if not confirmed:
        remedy = f"aws sns subscribe --topic-arn {topic} --protocol email --notification-endpoint you@example.com"
        return Check(name, "warn", "none: nobody is notified", remedy)
    return Check(name, "ok", f"{len(confirmed)} confirmed")
