"""Error responses for denied calls, in each service's protocol.

Formats: "Common errors" of each service's API reference; error codes from the services' botocore models and from
users' reports.
"""

import json
import uuid
from xml.sax.saxutils import escape

from werkzeug import Response

from local.cloud.iam.request import AwsRequest

_JSON_STATUS = {"dynamodb": 400, "states": 400, "kms": 400, "logs": 400, "ssm": 400, "sqs": 403}


def respond(request: AwsRequest, message: str) -> Response:
    """Answer a request with AWS's "access denied"."""
    if request.service == "s3":
        return _s3(request, "AccessDenied", message)
    if request.service in ("lambda", "bedrock") or (
        request.service == "sagemaker" and "x-amz-target" not in request.headers
    ):
        return _json(403, {"Message": message}, {"x-amzn-ErrorType": "AccessDeniedException"})
    if "x-amz-target" in request.headers:
        code = "com.amazonaws.sqs#AccessDenied" if request.service == "sqs" else "AccessDeniedException"
        status = _JSON_STATUS.get(request.service, 400)
        return _json(status, {"__type": code, "message": message, "Message": message}, {})
    return _query("AuthorizationError" if request.service == "sns" else "AccessDenied", message)


def unknown_key(request: AwsRequest) -> Response:
    """Answer a request that was signed with an unknown key."""
    message = "Unknown access key: use the environment variables that the laptop cloud printed when it started."
    if request.service == "s3":
        return _s3(request, "InvalidAccessKeyId", message)
    if "x-amz-target" in request.headers or request.service in ("lambda", "sagemaker", "bedrock"):
        return _json(403, {"__type": "UnrecognizedClientException", "message": message}, {})
    return _query("InvalidClientTokenId", message)


def _s3(request: AwsRequest, code: str, message: str) -> Response:
    body = (
        f"<Error><Code>{code}</Code><Message>{escape(message)}</Message><RequestId>{uuid.uuid4()}</RequestId></Error>"
    )
    return Response("" if request.method == "HEAD" else body, 403, content_type="application/xml")


def _json(status: int, body: dict[str, str], headers: dict[str, str]) -> Response:
    more = {"x-amzn-RequestId": str(uuid.uuid4()), **headers}
    return Response(json.dumps(body), status, headers=more, content_type="application/x-amz-json-1.0")


def _query(code: str, message: str) -> Response:
    error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
    body = f"<ErrorResponse>{error}<RequestId>{uuid.uuid4()}</RequestId></ErrorResponse>"
    return Response(body, 403, content_type="text/xml")
