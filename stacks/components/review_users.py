"""User pool of the review console."""

from aws_cdk import Duration, Fn, RemovalPolicy, Stack
from aws_cdk import aws_cognito as cognito
from constructs import Construct

_SCOPE = "use"


class ReviewUsers(Construct):
    """People whom an administrator has added; each signs in with a password and a one-time password.

    The pool says who somebody is. What they may do stands in the policy bucket, by the subject of their token.
    """

    def __init__(self, scope: Construct, construct_id: str, *, protected: bool) -> None:
        super().__init__(scope, construct_id)
        self.pool = cognito.UserPool(
            self,
            "Pool",
            # managed login needs ESSENTIALS; PLUS also refuses passwords that are known from leaks
            feature_plan=cognito.FeaturePlan.PLUS,
            standard_threat_protection_mode=cognito.StandardThreatProtectionMode.FULL_FUNCTION,
            self_sign_up_enabled=False,
            account_recovery=cognito.AccountRecovery.NONE,  # an administrator resets a password
            sign_in_aliases=cognito.SignInAliases(username=True),
            mfa=cognito.Mfa.REQUIRED,
            mfa_second_factor=cognito.MfaSecondFactor(otp=True, sms=False),
            password_policy=cognito.PasswordPolicy(
                min_length=14,
                require_digits=True,
                require_lowercase=True,
                require_uppercase=True,
                require_symbols=True,
                temp_password_validity=Duration.days(3),
            ),
            deletion_protection=protected,
            removal_policy=RemovalPolicy.RETAIN if protected else RemovalPolicy.DESTROY,
        )
        scopes = [cognito.ResourceServerScope(scope_name=_SCOPE, scope_description="Use the review console")]
        server = self.pool.add_resource_server("Console", identifier="review", scopes=scopes)
        # Tokens of other flows, and those that say who somebody is, don't carry it.
        self._scope = cognito.OAuthScope.resource_server(server, scopes[0])
        self.scope_name = f"review/{_SCOPE}"
        self._domain = self.pool.add_domain(
            "Domain",
            cognito_domain=cognito.CognitoDomainOptions(domain_prefix=f"review-{_own_id(self)}"),
            managed_login_version=cognito.ManagedLoginVersion.NEWER_MANAGED_LOGIN,
        )
        self.sign_in_url = self._domain.base_url()

    def add_client(self, page: str) -> cognito.UserPoolClient:
        """Return the client of the page at that address: without a secret, so with PKCE."""
        client = self.pool.add_client(
            "Page",
            generate_secret=False,
            auth_flows=cognito.AuthFlow(user_srp=False),  # by the sign-in page alone
            o_auth=cognito.OAuthSettings(
                flows=cognito.OAuthFlows(authorization_code_grant=True),
                scopes=[self._scope],
                callback_urls=[page],
                logout_urls=[page],
            ),
            access_token_validity=Duration.minutes(5),
            id_token_validity=Duration.minutes(5),
            refresh_token_validity=Duration.hours(10),  # a working day; the page keeps it in memory
            enable_token_revocation=True,
            prevent_user_existence_errors=True,
            supported_identity_providers=[cognito.UserPoolClientIdentityProvider.COGNITO],
            # nothing is read from an attribute; without a list all of them could be written
            write_attributes=cognito.ClientAttributes().with_standard_attributes(locale=True),
        )
        cognito.CfnManagedLoginBranding(
            self,
            "Branding",
            user_pool_id=self.pool.user_pool_id,
            client_id=client.user_pool_client_id,
            use_cognito_provided_values=True,
        )
        return client


def _own_id(scope: Construct) -> str:
    """Return the UUID in the stack's ARN: the name of a sign-in page must be nobody else's in the region."""
    return Fn.select(2, Fn.split("/", Stack.of(scope).stack_id))
