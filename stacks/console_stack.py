"""Stack of the review console: who may sign in, the API's address, and the page. Optional (`-c console=true`)."""

from aws_cdk import CfnOutput, DefaultStackSynthesizer, Stack, Validations
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from stacks.components.cleanup_log import CleanupLog
from stacks.components.page_upload import PageUpload
from stacks.components.review_api import ReviewApi
from stacks.components.review_page import ReviewPage
from stacks.components.review_users import ReviewUsers
from stacks.moderation_stack import ModerationStack
from stacks.regions import console_faults
from stacks.settings import DeploymentSettings


class ConsoleStack(Stack):
    """User pool, HTTP API and page over the API's function, which `moderation` has with all that it may do."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: DeploymentSettings,
        moderation: ModerationStack,
        region: str | None,
    ) -> None:
        super().__init__(
            scope, construct_id, synthesizer=DefaultStackSynthesizer(generate_bootstrap_version_rule=False)
        )
        for number, fault in enumerate(console_faults(region) if region else []):
            Validations.of(self).add_error(f"Region{number}", fault)
        protected, functions = settings.protected, moderation.functions
        handler, apps, logs = functions.api, functions.app_api, functions.log_api
        assert handler and apps and logs  # noqa: S101 - there is one with the setting that makes this stack
        users = ReviewUsers(self, "Users", protected=protected)
        api = ReviewApi(self, "Api")
        page = ReviewPage(
            self,
            "Page",
            api=api.api,
            sign_in_url=users.sign_in_url,
            pictures=moderation.work,
            web_acl_arn=settings.console_web_acl_arn,
        )
        CleanupLog(self, "CleanupLog")
        client = users.add_client(page.url)
        api.serve(handler.function, logs.function, users, client)
        api.serve_apps(apps.function)
        self._name_issuer(functions.tokens_parameter, users.pool, client)
        sign_in = {
            "url": users.sign_in_url,
            "client": client.user_pool_client_id,
            "scope": users.scope_name,
            "page": page.url,
        }
        PageUpload(self, "Upload", page=page, sign_in=sign_in, protected=protected)
        outputs = {
            "ConsoleUrl": page.url,
            "AppApiUrl": f"{api.api.api_endpoint}/app",
            "UserPoolId": users.pool.user_pool_id,
            "ApiLog": api.log.log_group_name,
        }
        for name, value in outputs.items():
            CfnOutput(self, name, value=value)

    def _name_issuer(self, parameter: str, pool: cognito.UserPool, client: cognito.UserPoolClient) -> None:
        """Tell the function that verifies tokens whose they are (`moderation.adapters.cognito_tokens.Issuer`)."""
        issuer = pool.user_pool_provider_url
        value = {
            "issuer": issuer,
            "client": client.user_pool_client_id,
            "keys": f"{issuer}/.well-known/jwks.json",
        }
        ssm.StringParameter(
            self,
            "Tokens",
            parameter_name=parameter,
            string_value=self.to_json_string(value),
            description="Issuer of the access tokens by which people of the review console decide",
        )
