"""Upload of the page's files with each deploy, by the CDK's own function."""

import json
from collections.abc import Mapping

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3_deployment as deployment
from constructs import Construct

from stacks.acknowledge import acknowledge, acknowledge_wildcard
from stacks.components.grantee import Grantee, service
from stacks.components.review_page import PAGE, ReviewPage
from stacks.components.service_log import ServiceLog

_MEMORY_MB = 256


class PageUpload(Grantee):
    """Copies the page's files to its bucket, and writes where its users sign in."""

    def __init__(
        self, scope: Construct, construct_id: str, *, page: ReviewPage, sign_in: Mapping[str, str], protected: bool
    ) -> None:
        super().__init__(scope, construct_id)
        self.log = ServiceLog(self, "Log", protected=protected)
        self.role = iam.Role(self, "Role", assumed_by=service("lambda"))
        self.log.grant_write(self.role)
        settings = f"export const signIn = {json.dumps(dict(sign_in), indent=2)};\n"
        upload = deployment.BucketDeployment(
            self,
            "Files",
            sources=[
                deployment.Source.asset(str(PAGE), exclude=["config.js"]),
                deployment.Source.data("config.js", settings),
            ],
            destination_bucket=page.bucket,
            role=self.role.without_policy_updates(),  # instead of wildcards in actions
            log_group=self.log,
            memory_limit=_MEMORY_MB,
        )
        self._allow_copy(page)
        upload.node.add_dependency(self.role)
        function = next(
            child for child in Stack.of(self).node.children if child.node.id.startswith("Custom::CDKBucket")
        )
        acknowledge(function, "L1", "The CDK chooses the runtime of its own function")

    def _allow_copy(self, page: ReviewPage) -> None:
        """Allow what `aws s3 cp` from the CDK's assets and `aws s3 sync` to the page's bucket call."""
        stack = Stack.of(self)
        staged = stack.format_arn(
            service="s3", region="", account="", resource=f"cdk-hnb659fds-assets-{stack.account}-{stack.region}/*"
        )
        self.allow(("s3:GetObject",), staged)
        acknowledge_wildcard(self.role, staged, "The names of the CDK's assets are digests of their content")
        page.bucket.allow_list(self)
        for action in ("s3:PutObject", "s3:DeleteObject"):
            page.bucket.allow_objects(self, action, "*")
