"""Where verdicts are announced."""

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from constructs import Construct

from stacks.components.grantee import Grantee


class Alerts(Construct):
    """A topic for unsafe images, one for those a person must see, and one for safe images if asked for."""

    def __init__(self, scope: Construct, construct_id: str, *, protected: bool, safe: bool) -> None:
        super().__init__(scope, construct_id)
        # Under the AWS-managed key of SNS, neither alarms nor other services could publish here.
        self.key = kms.Key(
            self,
            "Key",
            description="Announcements of the image moderation",
            enable_key_rotation=True,
            pending_window=Duration.days(7),  # the shortest that KMS allows between destroy and deletion
            removal_policy=RemovalPolicy.RETAIN if protected else RemovalPolicy.DESTROY,
        )
        self.unsafe = self._topic("Unsafe")
        self.review = self._topic("Review")
        self.safe = self._topic("Safe") if safe else None

    def _topic(self, construct_id: str) -> sns.Topic:
        return sns.Topic(self, construct_id, master_key=self.key, enforce_ssl=True)

    @property
    def environment(self) -> dict[str, str]:
        """The topics' ARNs as the function that publishes reads them."""
        topics = {"UNSAFE_TOPIC_ARN": self.unsafe.topic_arn, "REVIEW_TOPIC_ARN": self.review.topic_arn}
        return topics | ({"SAFE_TOPIC_ARN": self.safe.topic_arn} if self.safe else {})

    def allow_publish(self, grantee: Grantee) -> None:
        """Let `grantee` publish to every topic."""
        grantee.allow(("sns:Publish",), *self.environment.values())
        grantee.allow(("kms:Decrypt", "kms:GenerateDataKey"), self.key.key_arn)
