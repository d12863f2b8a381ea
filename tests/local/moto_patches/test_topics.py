"""Messages that moto keeps after they were delivered."""

import boto3
import pytest
from moto import mock_aws
from moto.sns.models import Topic, sns_backends

from local.cloud.moto_patches import topics
from local.deploy import ACCOUNT, REGION
from tests.local.moto_patches.cloud import DUMMY


def test_only_the_newest_messages_are_kept(is_patched: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Topic, "publish", Topic.publish)  # restored afterwards
    if is_patched:
        topics.install()
    with mock_aws():
        sns = boto3.client("sns", region_name=REGION, **DUMMY)  # type: ignore[call-overload]
        arn = sns.create_topic(Name="topic")["TopicArn"]

        for number in range(topics.KEPT_MESSAGES + 2):
            sns.publish(TopicArn=arn, Message=str(number))

        kept = [message for _, message, *_ in sns_backends[ACCOUNT][REGION].topics[arn].sent_notifications]
    assert kept == [str(number) for number in range(2, topics.KEPT_MESSAGES + 2)]
