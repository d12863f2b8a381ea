"""The review console's stack: who may sign in, what reaches the function, what the page may do, and what is kept."""

import json
from typing import Any

import pytest
from aws_cdk.cx_api import CloudAssembly

from moderate.console.page_files import content_security_policy
from moderation.api.table import LOG_ROUTES
from moderation.domain.record import AT_WORK
from moderation.domain.review import LEASE
from stacks.components.review_page import PAGE
from stacks.components.verdict_table import REPORTED, REVIEWED
from tests.infra.access import Account, somebody
from tests.infra.synthesis import WEB_ACL, Template, flatten, template_of

STACK = "ModerationConsole"


@pytest.fixture(scope="module")
def stack(console: CloudAssembly) -> Template:
    return template_of(console, STACK)


@pytest.fixture(scope="module")
def protected(protected_console: CloudAssembly) -> Template:
    return template_of(protected_console, STACK)


@pytest.fixture(scope="module")
def pipeline(console: CloudAssembly) -> Template:
    """The stack Moderation of a deployment with the console."""
    return template_of(console, "Moderation")


def test_the_console_is_made_on_request_alone(default: CloudAssembly, console: CloudAssembly) -> None:
    names = {stack.stack_name for stack in default.stacks}

    assert STACK not in names
    assert {stack.stack_name for stack in console.stacks} == names | {STACK}
    assert not any(name.startswith("FunctionsApi") for name in template_of(default, "Moderation").resources)


def test_it_is_deployed_after_the_pipeline(console: CloudAssembly) -> None:
    (stack,) = [stack for stack in console.stacks if stack.stack_name == STACK]

    assert "Moderation" in {needed.id for needed in stack.dependencies}


# Who may sign in.


def test_nobody_signs_up_and_everybody_has_a_second_factor(stack: Template) -> None:
    pool = stack.only("AWS::Cognito::UserPool")

    assert pool["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] is True
    assert pool["MfaConfiguration"] == "ON"
    assert pool["EnabledMfas"] == ["SOFTWARE_TOKEN_MFA"]
    assert pool["AccountRecoverySetting"]["RecoveryMechanisms"] == [{"Name": "admin_only", "Priority": 1}]


def test_the_page_has_no_secret_takes_codes_alone_and_tokens_live_five_minutes(stack: Template) -> None:
    client = stack.only("AWS::Cognito::UserPoolClient")

    assert client["GenerateSecret"] is False
    assert client["AllowedOAuthFlows"] == ["code"]
    assert client["ExplicitAuthFlows"] == ["ALLOW_REFRESH_TOKEN_AUTH"]
    assert client["TokenValidityUnits"]["AccessToken"] == "minutes" and client["AccessTokenValidity"] == 5
    assert client["EnableTokenRevocation"] is True
    assert client["PreventUserExistenceErrors"] == "ENABLED"
    assert client["CallbackURLs"] == client["LogoutURLs"] == [output(stack, "ConsoleUrl")]


def test_a_user_can_write_nothing_that_is_read(stack: Template) -> None:
    """Without the list Cognito lets a user write all attributes; rights stand in the policy bucket in any case."""
    assert stack.only("AWS::Cognito::UserPoolClient")["WriteAttributes"] == ["locale"]
    assert "Schema" not in stack.only("AWS::Cognito::UserPool")


def test_the_sign_in_is_managed_with_its_branding(stack: Template) -> None:
    branding = stack.only("AWS::Cognito::ManagedLoginBranding")
    (client,) = stack.of_type("AWS::Cognito::UserPoolClient")

    assert stack.only("AWS::Cognito::UserPoolDomain")["ManagedLoginVersion"] == 2
    assert (branding["ClientId"], branding["UseCognitoProvidedValues"]) == ({"Ref": client}, True)


# What reaches the function.


def test_every_route_takes_an_access_token_of_the_pool_for_this_api(stack: Template) -> None:
    routes = stack.properties("AWS::ApiGatewayV2::Route")
    ((authorizer_id, authorizer),) = stack.of_type("AWS::ApiGatewayV2::Authorizer").items()
    (pool,) = stack.of_type("AWS::Cognito::UserPool")
    (client,) = stack.of_type("AWS::Cognito::UserPoolClient")
    (scope,) = stack.only("AWS::Cognito::UserPoolClient")["AllowedOAuthScopes"]

    of_people = [route for route in routes if "/app/" not in route["RouteKey"]]
    logs = {f"{route.method} /api{route.path}" for route in LOG_ROUTES}
    assert {route["RouteKey"] for route in of_people} == {"GET /api/{proxy+}", "POST /api/{proxy+}", *logs}
    for route in of_people:
        assert route["AuthorizationType"] == "JWT"
        assert route["AuthorizerId"] == {"Ref": authorizer_id}
        assert route["AuthorizationScopes"] == ["review/use"]  # which no token has that says who somebody is
    assert flatten(scope).endswith("/use")
    assert stack.only("AWS::Cognito::UserPoolResourceServer")["Identifier"] == "review"
    configuration = authorizer["Properties"]["JwtConfiguration"]
    assert configuration["Audience"] == [{"Ref": client}]
    assert flatten(configuration["Issuer"]) == f"https://cognito-idp.<AWS::Region>.amazonaws.com/<{pool}>"


def test_the_apps_routes_take_signed_requests(stack: Template) -> None:
    routes = [route for route in stack.properties("AWS::ApiGatewayV2::Route") if "/app/" in route["RouteKey"]]

    assert {route["RouteKey"] for route in routes} == {"GET /app/{proxy+}", "POST /app/{proxy+}"}
    assert {route["AuthorizationType"] for route in routes} == {"AWS_IAM"}


def test_requests_are_limited_and_logged_without_who_and_which_item(stack: Template) -> None:
    stage = stack.only("AWS::ApiGatewayV2::Stage")
    logged = json.loads(stage["AccessLogSettings"]["Format"])

    assert stage["DefaultRouteSettings"] == {"ThrottlingBurstLimit": 100, "ThrottlingRateLimit": 50}
    assert logged["route"] == "$context.routeKey"
    assert not any(word in json.dumps(logged) for word in ("path", "sourceIp", "claims", "identity"))


def test_only_this_api_invokes_the_function(stack: Template) -> None:
    (api,) = stack.of_type("AWS::ApiGatewayV2::Api")

    for permission in stack.properties("AWS::Lambda::Permission"):
        assert permission["Principal"] == "apigateway.amazonaws.com"
        assert f"<{api}>/" in flatten(permission["SourceArn"])


# What the function may do.


def test_the_functions_role_is_granted_what_a_review_takes_and_nothing_else(pipeline: Template) -> None:
    granted = pipeline.granted("FunctionsApiRole")
    actions = {action for allowed in granted.values() for action in allowed}

    assert actions == {
        *("dynamodb:GetItem", "dynamodb:Query", "dynamodb:Scan", "dynamodb:UpdateItem"),
        *("s3:GetObject", "s3:PutObject", "s3:ListBucket"),
        "lambda:InvokeFunction",
        *("logs:CreateLogStream", "logs:PutLogEvents"),
        *("xray:PutTelemetryRecords", "xray:PutTraceSegments"),
    }
    written = {resource.partition(">")[2] for resource, allowed in granted.items() if "s3:PutObject" in allowed}
    assert written == {"/provenance/keys/*", "/entries/*"}
    invoked = [resource for resource, allowed in granted.items() if "lambda:InvokeFunction" in allowed]
    assert sorted(name.partition("Functions")[2].partition("Function")[0] for name in invoked) == [
        *("Escalate", "Finalise", "RenderOriginal", "Vouch"),
    ]
    assert not any("IntakeImages" in resource for resource in granted)


def test_what_vouches_reads_records_and_writes_nothing_but_that(pipeline: Template) -> None:
    granted = pipeline.granted("FunctionsVouchRole")
    account = Account(pipeline)
    role, bucket = account.role("FunctionsVouchRole"), account.arn("IntakeImages")
    table = account.arn("VerdictsTable", "AWS::DynamoDB::Table")
    record = {"dynamodb:LeadingKeys": f"{bucket.rpartition(':')[2]}#posts/a.png"}

    assert {action for allowed in granted.values() for action in allowed} == {
        *("dynamodb:GetItem", "dynamodb:UpdateItem", "s3:GetObject", "ssm:GetParameter"),
        *("logs:CreateLogStream", "logs:PutLogEvents"),
        *("xray:PutTelemetryRecords", "xray:PutTraceSegments"),
    }
    (parameter,) = [resource for resource, allowed in granted.items() if "ssm:GetParameter" in allowed]
    assert parameter.endswith(":parameter/Moderation/console-tokens")
    assert account.may(role, "dynamodb:UpdateItem", table, record | {"dynamodb:Attributes": "vouched"})
    for name in ("pending", "pending_id", "lease_holder", "verdict", "history"):
        assert not account.may(role, "dynamodb:UpdateItem", table, record | {"dynamodb:Attributes": name}), name


def test_the_function_that_vouches_learns_whose_tokens_count(stack: Template, pipeline: Template) -> None:
    parameter = stack.only("AWS::SSM::Parameter")
    (pool,) = stack.of_type("AWS::Cognito::UserPool")
    (client,) = stack.of_type("AWS::Cognito::UserPoolClient")
    told = json.loads(flatten(parameter["Value"]))

    assert parameter["Name"] == pipeline.function("vouch")["Environment"]["Variables"]["TOKENS_PARAMETER"]
    assert told["client"] == f"<{client}>"
    assert told["issuer"] == f"<{pool}.ProviderURL>" and told["keys"] == f"{told['issuer']}/.well-known/jwks.json"


def test_no_role_of_requests_may_write_whose_decision_is_pending() -> None:
    assert "vouched" not in REVIEWED and "vouched" not in REPORTED


def test_the_apps_role_reads_records_and_adds_reports_and_nothing_else(pipeline: Template) -> None:
    granted = pipeline.granted("FunctionsAppApiRole")
    actions = {action for allowed in granted.values() for action in allowed}

    assert actions == {
        *("dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:UpdateItem"),
        *("s3:GetObject", "s3:PutObject", "s3:ListBucket"),
        *("logs:CreateLogStream", "logs:PutLogEvents"),
        *("xray:PutTelemetryRecords", "xray:PutTraceSegments"),
    }
    assert {"verdict", "history", "decided_by", "evidence", "reason"}.isdisjoint(REPORTED)
    assert not any("IntakeImages" in resource or "SNS" in resource for resource in granted)


def test_what_reads_the_logs_writes_nowhere(pipeline: Template) -> None:
    granted = pipeline.granted("FunctionsLogApiRole")
    read = {resource.partition(">")[2] for resource, allowed in granted.items() if "s3:GetObject" in allowed}

    assert {action for allowed in granted.values() for action in allowed} == {
        *("s3:GetObject", "s3:ListBucket", "s3:ListBucketVersions"),
        *("logs:CreateLogStream", "logs:PutLogEvents"),
        *("xray:PutTelemetryRecords", "xray:PutTraceSegments"),
    }
    assert read == {"/people.json", "/history/log/*", "/entries/*", "/checks/*"}


def test_the_logs_routes_go_to_the_function_that_may_read_them(stack: Template) -> None:
    by_route = {route["RouteKey"]: flatten(route["Target"]) for route in stack.properties("AWS::ApiGatewayV2::Route")}
    integrations = stack.of_type("AWS::ApiGatewayV2::Integration")

    for route in LOG_ROUTES:
        target = by_route[f"{route.method} /api{route.path}"].partition("<")[2].rstrip(">")
        assert "LogApi" in flatten(integrations[target]["Properties"]["IntegrationUri"])


def test_what_escalates_may_take_the_role_of_the_quarantine_and_nothing_else(pipeline: Template) -> None:
    granted = pipeline.granted("FunctionsEscalateRole")

    (role,) = [resource for resource, allowed in granted.items() if allowed == {"sts:AssumeRole"}]
    assert role.startswith("<QuarantineRole")
    assert {action.partition(":")[0] for allowed in granted.values() for action in allowed} == {"logs", "sts", "xray"}


def test_what_shows_uploads_reads_those_alone_that_nobody_escalated_and_keeps_nothing(pipeline: Template) -> None:
    granted = pipeline.granted("FunctionsRenderOriginalRole")
    account = Account(pipeline)
    role, bucket = account.role("FunctionsRenderOriginalRole"), account.arn("IntakeImages")
    escalated = {"s3:ExistingObjectTag/quarantine": "escalated"}

    assert {action for allowed in granted.values() for action in allowed} == {
        *("dynamodb:GetItem", "dynamodb:UpdateItem"),
        *("s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket", "s3:ListBucketVersions", "s3:PutObject"),
        *("logs:CreateLogStream", "logs:PutLogEvents"),
        *("xray:PutTelemetryRecords", "xray:PutTraceSegments"),
    }
    written = {resource.partition(">")[2] for resource, allowed in granted.items() if "s3:PutObject" in allowed}
    assert written == {"/entries/*"}
    assert account.may(role, "s3:GetObjectVersion", f"{bucket}/posts/a.png")
    assert not account.may(role, "s3:GetObjectVersion", f"{bucket}/posts/a.png", escalated)
    table, record = account.arn("VerdictsTable", "AWS::DynamoDB::Table"), f"{bucket.rpartition(':')[2]}#posts/a.png"
    for action, keys in (("GetItem", record), ("UpdateItem", "review:reveals")):
        assert account.may(role, f"dynamodb:{action}", table, {"dynamodb:LeadingKeys": keys})
    for keys in (record, "review:skips"):
        assert not account.may(role, "dynamodb:UpdateItem", table, {"dynamodb:LeadingKeys": keys})


def test_a_persons_work_names_the_attributes_that_the_role_may_write() -> None:
    """IAM sees those of the conditions as well, so what a condition names could be written."""
    assert set(REVIEWED) == {*LEASE, *AT_WORK}
    assert {"verdict", "history", "decided_by", "evidence", "reason"}.isdisjoint(REVIEWED)


def test_other_roles_read_the_secret_of_decisions_no_more_than_before(pipeline: Template) -> None:
    account = Account(pipeline)
    secret = f"{account.arn('Work')}/provenance/keys/decisions.json"

    assert account.may(account.role("FunctionsApiRole"), "s3:GetObject", secret)
    assert not account.may(somebody("s3:GetObject"), "s3:GetObject", secret)


# The page.


def policy_of(stack: Template) -> dict[str, str]:
    headers = stack.only("AWS::CloudFront::ResponseHeadersPolicy")["ResponseHeadersPolicyConfig"]
    text = flatten(headers["SecurityHeadersConfig"]["ContentSecurityPolicy"]["ContentSecurityPolicy"])
    return dict(part.split(" ", 1) for part in text.split("; "))


def test_the_page_may_do_what_it_may_on_the_loopback_and_ask_for_tokens(stack: Template) -> None:
    there, here = policy_of(stack), dict(part.split(" ", 1) for part in content_security_policy("x").split("; "))
    (domain,) = stack.of_type("AWS::Cognito::UserPoolDomain")

    assert there.pop("connect-src") == f"'self' https://<{domain}>.auth.<AWS::Region>.amazoncognito.com"
    assert there.pop("img-src").startswith("'self' data: https://")
    assert there == {name: value for name, value in here.items() if name not in ("connect-src", "img-src")}


def test_no_answer_is_kept_framed_or_taken_for_something_else(stack: Template) -> None:
    headers = stack.only("AWS::CloudFront::ResponseHeadersPolicy")["ResponseHeadersPolicyConfig"]
    others = {item["Header"]: item["Value"] for item in headers["CustomHeadersConfig"]["Items"]}

    assert others["Cache-Control"] == "no-store"
    assert headers["SecurityHeadersConfig"]["ReferrerPolicy"]["ReferrerPolicy"] == "no-referrer"
    assert headers["SecurityHeadersConfig"]["ContentTypeOptions"] == {"Override": True}
    assert headers["SecurityHeadersConfig"]["StrictTransportSecurity"]["AccessControlMaxAgeSec"] == 31_536_000


def test_the_files_are_private_and_only_the_distribution_reads_them(stack: Template) -> None:
    bucket = stack.only("AWS::S3::Bucket")
    (policy,) = stack.properties("AWS::S3::BucketPolicy")
    reading = [s for s in policy["PolicyDocument"]["Statement"] if s["Effect"] == "Allow" and "GetObject" in str(s)]
    (distribution,) = stack.of_type("AWS::CloudFront::Distribution")

    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert [s["Principal"] for s in reading if s["Action"] == "s3:GetObject"] == [
        {"Service": "cloudfront.amazonaws.com"}
    ]
    (read,) = [s for s in reading if s["Action"] == "s3:GetObject"]
    assert flatten(read["Condition"]["StringEquals"]["AWS:SourceArn"]).endswith(f":distribution/<{distribution}>")


def test_the_page_and_the_api_are_one_origin_over_tls(stack: Template) -> None:
    made = stack.only("AWS::CloudFront::Distribution")["DistributionConfig"]
    (api,) = made["CacheBehaviors"]

    assert made["DefaultCacheBehavior"]["ViewerProtocolPolicy"] == "redirect-to-https"
    assert (api["PathPattern"], api["ViewerProtocolPolicy"]) == ("/api/*", "https-only")
    assert api["CachePolicyId"] == made["DefaultCacheBehavior"]["CachePolicyId"]  # the one that caches nothing
    assert "WebACLId" not in made


def test_a_web_acl_can_be_named(protected: Template) -> None:
    assert protected.only("AWS::CloudFront::Distribution")["DistributionConfig"]["WebACLId"] == WEB_ACL


def test_each_deploy_brings_the_files_and_where_to_sign_in(stack: Template, console: CloudAssembly) -> None:
    upload = stack.only("Custom::CDKBucketDeployment")
    (role,) = [name for name in stack.of_type("AWS::IAM::Role") if name.startswith("Upload")]
    granted = stack.granted(role)

    assert (PAGE / "sign_in.js").is_file() and len(upload["SourceObjectKeys"]) == 2
    (client,) = stack.of_type("AWS::Cognito::UserPoolClient")
    assert {"Ref": client} in upload["SourceMarkers"][1].values()
    assert {action for allowed in granted.values() for action in allowed} == {
        *("s3:GetObject", "s3:ListBucket", "s3:PutObject", "s3:DeleteObject"),
        *("logs:CreateLogStream", "logs:PutLogEvents"),
    }


# What is kept.


def test_people_are_kept_in_production_and_nothing_in_development(stack: Template, protected: Template) -> None:
    kept = {r["Type"] for r in protected.resources.values() if r.get("DeletionPolicy") == "Retain"}

    assert kept == {"AWS::Cognito::UserPool", "AWS::Logs::LogGroup"}
    assert protected.only("AWS::Cognito::UserPool")["DeletionProtection"] == "ACTIVE"
    assert not [r for r in stack.resources.values() if r.get("DeletionPolicy", "Delete") != "Delete"]
    assert stack.only("AWS::Cognito::UserPool")["DeletionProtection"] == "INACTIVE"


@pytest.mark.parametrize("which", ["stack", "protected"])
def test_the_page_is_emptied_before_its_bucket_is_deleted(which: str, request: pytest.FixtureRequest) -> None:
    """It holds copies: in production, too, the stack can be destroyed."""
    template: Template = request.getfixturevalue(which)
    (bucket,) = template.of_type("AWS::S3::Bucket")

    assert template.only("Custom::S3AutoDeleteObjects")["BucketName"] == {"Ref": bucket}


def output(template: Template, name: str) -> Any:
    return template.content["Outputs"][name]["Value"]
