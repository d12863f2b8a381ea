"""Page of the review console, and the one address under which it and its API are reached."""

import json
from pathlib import Path
from typing import Any

from aws_cdk import Aws, Duration, Fn
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.acknowledge import acknowledge
from stacks.components.private_bucket import PrivateBucket

_CONSOLE = Path(__file__).parents[2] / "moderate/console"
PAGE = _CONSOLE / "page"
# What the page is sent with, here and by `moderate console`.
_SENT: dict[str, Any] = json.loads((_CONSOLE / "headers.json").read_text("utf-8"))
# CloudFront has properties of their own for these.
_SECURITY = {"Referrer-Policy", "X-Content-Type-Options"}


class ReviewPage(Construct):
    """Private bucket of the page's files behind a distribution, which passes `/api` on to the API.

    So the page asks nobody but its own origin, the sign-in page for tokens, and the work bucket for pictures.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        api: apigateway.HttpApi,
        sign_in_url: str,
        pictures: s3.IBucket,
        web_acl_arn: str | None,
    ) -> None:
        super().__init__(scope, construct_id)
        # Copies of files that every deploy brings: nothing to keep, in `prod` either.
        self.bucket = PrivateBucket(self, "Files", protected=False)
        acknowledge(self.bucket, "S1", "It holds the page's files, the same for everybody; the API logs its requests")
        headers = self._headers(sign_in_url, pictures)
        self.distribution = cloudfront.Distribution(
            self,
            "Distribution",
            comment="Review of moderated images",
            default_root_object="index.html",
            price_class=cloudfront.PriceClass.PRICE_CLASS_100,
            web_acl_id=web_acl_arn,
            default_behavior=cloudfront.BehaviorOptions(
                origin=origins.S3BucketOrigin.with_origin_access_control(self.bucket),
                viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
                cache_policy=cloudfront.CachePolicy.CACHING_DISABLED,  # a deploy counts at once
                response_headers_policy=headers,
            ),
            additional_behaviors={
                "/api/*": cloudfront.BehaviorOptions(
                    origin=origins.HttpOrigin(Fn.select(2, Fn.split("/", api.api_endpoint))),
                    viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
                    allowed_methods=cloudfront.AllowedMethods.ALLOW_ALL,
                    cache_policy=cloudfront.CachePolicy.CACHING_DISABLED,
                    origin_request_policy=cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
                )
            },
        )
        self.url = f"https://{self.distribution.distribution_domain_name}/"
        acknowledge(self.distribution, "CFR1", "Reviewers may work anywhere; who isn't one can't sign in")
        if not web_acl_arn:
            acknowledge(
                self.distribution, "CFR2", "The setting consoleWebAclArn names one; without it the API throttles"
            )
        acknowledge(
            self.distribution, "CFR3", "Its log would hold the paths of items; the API has an access log of its own"
        )
        acknowledge(self.distribution, "CFR4", "Another minimum than CloudFront's own needs a domain and a certificate")

    def _headers(self, sign_in_url: str, pictures: s3.IBucket) -> cloudfront.ResponseHeadersPolicy:
        policy: dict[str, list[str]] = _SENT["content_security_policy"]
        # a link to a picture names the region, but for us-east-1
        hosts = (pictures.bucket_regional_domain_name, pictures.bucket_domain_name)
        allowed = policy | {
            "connect-src": [*policy["connect-src"], sign_in_url],
            "img-src": [*policy["img-src"], *(f"https://{host}" for host in hosts)],
        }
        others = {name: value for name, value in _SENT["headers"].items() if name not in _SECURITY}
        return cloudfront.ResponseHeadersPolicy(
            self,
            "Headers",
            response_headers_policy_name=f"{Aws.STACK_NAME}-{Aws.REGION}",
            security_headers_behavior=cloudfront.ResponseSecurityHeadersBehavior(
                content_security_policy=cloudfront.ResponseHeadersContentSecurityPolicy(
                    content_security_policy="; ".join(" ".join((name, *sources)) for name, sources in allowed.items()),
                    override=True,
                ),
                content_type_options=cloudfront.ResponseHeadersContentTypeOptions(override=True),
                referrer_policy=cloudfront.ResponseHeadersReferrerPolicy(
                    referrer_policy=cloudfront.HeadersReferrerPolicy.NO_REFERRER, override=True
                ),
                strict_transport_security=cloudfront.ResponseHeadersStrictTransportSecurity(
                    access_control_max_age=Duration.days(365), override=True
                ),
            ),
            custom_headers_behavior=cloudfront.ResponseCustomHeadersBehavior(
                custom_headers=[
                    cloudfront.ResponseCustomHeader(header=name, value=value, override=True)
                    for name, value in others.items()
                ]
            ),
        )
