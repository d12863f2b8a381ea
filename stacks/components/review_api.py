"""HTTP API of the review console."""

import json

from aws_cdk import Aws
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_apigatewayv2_authorizers as authorizers
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from stacks.components.review_users import ReviewUsers
from stacks.components.service_log import ServiceLog

# `moderation.api.table.LOG_ROUTES`
_LOGS = ("/api/audit", "/api/policy-log")
# Neither who asked nor the path, which names an item: the function's log has the route, the audit the person.
_LOGGED = {
    "requestId": "$context.requestId",
    "requestTime": "$context.requestTime",
    "method": "$context.httpMethod",
    "route": "$context.routeKey",
    "status": "$context.status",
    "refused": "$context.authorizer.error",
    "latency": "$context.responseLatency",
    "failure": "$context.integrationErrorMessage",
}


class ReviewApi(Construct):
    """API with an access log and a limit of requests."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.log = ServiceLog(self, "Log", name=f"/aws/vendedlogs/apigateway/{Aws.STACK_NAME}")
        self.api = apigateway.HttpApi(
            self, "Http", description="Review of moderated images", create_default_stage=False
        )
        stage = self.api.add_stage(
            "Stage", auto_deploy=True, throttle=apigateway.ThrottleSettings(rate_limit=50, burst_limit=100)
        )
        resource = stage.node.default_child
        assert isinstance(resource, apigateway.CfnStage)  # noqa: S101 - true of every stage
        resource.access_log_settings = apigateway.CfnStage.AccessLogSettingsProperty(
            destination_arn=self.log.log_group_arn, format=json.dumps(_LOGGED)
        )

    def serve(
        self,
        function: lambda_.IFunction,
        logs: lambda_.IFunction,
        users: ReviewUsers,
        client: cognito.UserPoolClient,
    ) -> None:
        """Pass requests on to `function` that carry an access token of the pool, issued to the client for this API.

        Those to the routes of the logs go to `logs`.
        """
        people = authorizers.HttpUserPoolAuthorizer("People", users.pool, user_pool_clients=[client])
        to_logs = integrations.HttpLambdaIntegration("LogFunction", logs)
        read, both = [apigateway.HttpMethod.GET], [apigateway.HttpMethod.GET, apigateway.HttpMethod.POST]
        routes = dict.fromkeys(_LOGS, (read, to_logs))  # the more exact path is the one that counts
        routes["/api/{proxy+}"] = both, integrations.HttpLambdaIntegration("Function", function)
        for path, (methods, integration) in routes.items():
            self.api.add_routes(
                path=path,
                methods=methods,
                integration=integration,
                authorizer=people,
                authorization_scopes=[users.scope_name],
            )

    def serve_apps(self, function: lambda_.IFunction) -> None:
        """Pass requests on to `function` that somebody signed who may invoke these routes by their own policy."""
        self.api.add_routes(
            path="/app/{proxy+}",
            methods=[apigateway.HttpMethod.GET, apigateway.HttpMethod.POST],
            integration=integrations.HttpLambdaIntegration("AppFunction", function),
            authorizer=authorizers.HttpIamAuthorizer(),
        )
