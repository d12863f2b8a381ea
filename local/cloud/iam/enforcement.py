"""Enforcement of IAM: each request is authorised before moto handles it."""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from local.cloud.iam import refusals
from local.cloud.iam.gate import Gate
from local.cloud.iam.identities import Identity
from local.cloud.iam.policy import UnknownPolicy
from local.cloud.iam.request import AwsRequest
from local.cloud.iam.rights import UnknownCall, rights_of
from local.cloud.iam.rights_s3 import listing_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# Paths that aren't AWS: moto's own pages, answers of custom resources, and health checks.
_BESIDE_AWS = ("/moto-api", "/cloudformation_", "/favicon.ico", "/latest/meta-data/", "/latest/api/")
# The keys that verify a user pool's tokens: anybody may read them. No bucket has an underscore in its name.
_PUBLIC = re.compile(r"/[\w-]+_\w+/\.well-known/jwks\.json")
# Whose unknown calls nobody makes: a bucket's denials hold for the deployer, too, and a session has its own bounds.
_EXACT = ("s3", "sts")


class Enforcement:
    """WSGI middleware that answers calls which no policy allows with AWS's own 403."""

    def __init__(self, application: "WSGIApplication", gate: Gate) -> None:
        self._application = application
        self._gate = gate

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path.startswith(_BESIDE_AWS) or _PUBLIC.fullmatch(path):
            return self._application(environ, start_response)
        request = AwsRequest.read(environ)
        identity = self._gate.identities.of_key(request.access_key)
        if identity is None:
            return refusals.unknown_key(request)(environ, start_response)
        try:
            refusal = self._gate.refusal(identity, rights_of(request, self._gate.resources))
        except UnknownCall as unknown:
            if identity.administers and request.service not in _EXACT:
                return self._application(environ, start_response)
            return refusals.respond(request, str(unknown))(environ, start_response)
        except UnknownPolicy as unknown:
            return refusals.respond(request, f"The laptop cloud doesn't understand a policy. {unknown}")(
                environ, start_response
            )
        if refusal:
            return refusals.respond(request, str(refusal))(environ, start_response)
        if request.service != "s3" or request.method not in ("GET", "HEAD") or identity.administers:
            return self._application(environ, start_response)
        return self._read_object(identity, request, environ, start_response)

    def _read_object(
        self, identity: Identity, request: AwsRequest, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer 404 for a missing object only to callers that may list the bucket, 403 to others."""
        answers: list[tuple[Any, ...]] = []

        def keep(*answer: Any) -> Any:
            answers.append(answer)
            return lambda data: None  # werkzeug's responses don't use it

        body = self._application(environ, keep)
        if answers[0][0].startswith("404") and (refusal := self._gate.refusal(identity, listing_of(request))):
            return refusals.respond(request, str(refusal))(environ, start_response)
        start_response(*answers[0])
        return body
