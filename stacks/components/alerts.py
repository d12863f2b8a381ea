"""SNS topics for verdicts and alarms."""

from aws_cdk import ArnFormat, Aws, Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from stacks.components.grantee import Grantee

VERDICTS = ("safe", "unsafe", "review")


class Alerts(Construct):
    """Topics for unsafe images, for images to review, for safe images if `safe`, and for alarms.

    `ops_email` is subscribed to the alarms.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, protected: bool, safe: bool, ops_email: str | None
    ) -> None:
        super().__init__(scope, construct_id)
        # With the AWS-managed key of SNS, neither CloudWatch alarms nor other services could publish.
        self.key = kms.Key(
            self,
            "Key",
            description="Encrypts the notifications of image moderation",
            enable_key_rotation=True,
            pending_window=Duration.days(7),  # the shortest that KMS allows between destroy and deletion
            removal_policy=RemovalPolicy.RETAIN if protected else RemovalPolicy.DESTROY,
        )
        self.unsafe = self._topic("Unsafe")
        self.review = self._topic("Review")
        self.safe = self._topic("Safe") if safe else None
        self.ops = self._topic("Ops")
        self._allow_alarms()
        if ops_email:
            self.ops.add_subscription(subscriptions.EmailSubscription(ops_email))

    def _topic(self, construct_id: str) -> sns.Topic:
        return sns.Topic(self, construct_id, master_key=self.key, enforce_ssl=True)

    def _allow_alarms(self) -> None:
        """Allow the alarms of this account to publish to the ops topic.

        "Enable compatibility between event sources from AWS services and encrypted topics", Amazon SNS guide.
        """
        alarms = Stack.of(self).format_arn(
            service="cloudwatch", resource="alarm", resource_name="*", arn_format=ArnFormat.COLON_RESOURCE_NAME
        )
        ours = {"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}, "ArnLike": {"aws:SourceArn": alarms}}
        cloudwatch = iam.ServicePrincipal("cloudwatch.amazonaws.com")
        self.ops.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[cloudwatch], actions=["sns:Publish"], resources=[self.ops.topic_arn], conditions=ours
            )
        )
        self.key.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[cloudwatch],
                actions=["kms:Decrypt", "kms:GenerateDataKey*"],
                resources=["*"],  # in a key's policy: this key
                conditions=ours,
            )
        )

    @property
    def environment(self) -> dict[str, str]:
        """Environment variables with the topics' ARNs for functions that publish."""
        topics = {"UNSAFE_TOPIC_ARN": self.unsafe.topic_arn, "REVIEW_TOPIC_ARN": self.review.topic_arn}
        return topics | ({"SAFE_TOPIC_ARN": self.safe.topic_arn} if self.safe else {})

    def allow_examine(self, grantee: Grantee) -> None:
        """Allow `grantee` to list the subscriptions of each topic."""
        topics = [topic.topic_arn for topic in (self.unsafe, self.review, self.safe, self.ops) if topic]
        grantee.allow(("sns:ListSubscriptionsByTopic",), *topics)

    def allow_publish(self, grantee: Grantee, *verdicts: str) -> None:
        """Allow `grantee` to publish to those topics of `verdicts` that exist."""
        topics = {"unsafe": self.unsafe, "review": self.review, "safe": self.safe}
        granted = [topic.topic_arn for verdict in verdicts if (topic := topics[verdict])]
        grantee.allow(("sns:Publish",), *granted)
        grantee.allow(("kms:Decrypt", "kms:GenerateDataKey"), self.key.key_arn)
