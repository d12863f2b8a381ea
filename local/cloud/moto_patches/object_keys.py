"""S3: moto hands any object out; S3 wants the key that its uploader keeps (SSE-C), or a KMS key that can be used.

No upstream issue found as of November 2026.
"""

from collections.abc import Callable, Mapping
from typing import Any
from xml.sax.saxutils import escape

import moto.s3.models
from moto.kms.models import kms_backends
from moto.s3.cloud_formation import cfn_to_api_encryption
from moto.s3.models import S3Backend
from moto.s3.responses import S3Response
from moto.s3.utils import user_settable_fields

_CUSTOMER = "x-amz-server-side-encryption-customer-"
_ALGORITHM, _KEY_MD5 = f"{_CUSTOMER}algorithm", f"{_CUSTOMER}key-md5"

Answer = tuple[int, dict[str, Any], str]


def install() -> None:
    """Refuse as in "Using server-side encryption with customer-provided keys" and "Blocking or unblocking SSE-C"."""
    user_settable_fields.update({_ALGORITHM, _KEY_MD5})  # stored with the object and returned as headers
    moto.s3.models.cfn_to_api_encryption = _with_blocked_types
    S3Response.get_object = _unless_locked(S3Response.get_object)
    S3Response.head_object = _unless_locked_head(S3Response.head_object)
    S3Response._key_response_put = _unless_blocked(S3Response._key_response_put)
    S3Response._key_response_post = _unless_blocked(S3Response._key_response_post)
    S3Response._bucket_response_post = _unless_blocked(S3Response._bucket_response_post)
    S3Backend.copy_object = _under_its_own_key(S3Backend.copy_object)


def _with_blocked_types(properties: dict[str, Any]) -> dict[str, Any]:
    """Keep the property `BlockedEncryptionTypes`, which moto drops, where PutBucketEncryption stores it."""
    encryption: dict[str, Any] = cfn_to_api_encryption(properties)
    blocked = properties["ServerSideEncryptionConfiguration"][0].get("BlockedEncryptionTypes")
    if blocked:
        encryption["Rule"]["BlockedEncryptionTypes"] = blocked
    return encryption


def _unless_blocked(write: Callable[..., Any]) -> Callable[..., Any]:
    def refuse_or_write(self: Any, *args: Any, **kwargs: Any) -> Any:
        asks = self.headers.get(_ALGORITHM) or self.form_data.get(_ALGORITHM)
        if asks and _blocks_customer_keys(self.backend.get_bucket(self.bucket_name)):
            return _error(403, "AccessDenied", "Access Denied")
        return write(self, *args, **kwargs)

    return refuse_or_write


def _blocks_customer_keys(bucket: Any) -> bool:
    rule = (bucket.encryption or {}).get("Rule", {})
    types = rule.get("BlockedEncryptionTypes", {}).get("EncryptionType", [])
    return "SSE-C" in ([types] if isinstance(types, str) else types)


def _unless_locked(read: Callable[..., Any]) -> Callable[..., Any]:
    def refuse_or_read(self: Any) -> Any:
        key, _ = self._get_key()
        return _refusal(self, key, self.headers) or read(self)

    return refuse_or_read


def _unless_locked_head(head: Callable[..., Any]) -> Callable[..., Any]:
    """Return the answer without its error code for HEAD, which has no body."""

    def refuse_or_head(
        self: Any, bucket_name: str, query: dict[str, list[str]], key_name: str, headers: Mapping[str, str]
    ) -> Any:
        key = self.backend.get_object(bucket_name, key_name, version_id=query.get("versionId", [None])[0])
        refusal = _refusal(self, key, headers) if key else None
        return (refusal[0], {}, "") if refusal else head(self, bucket_name, query, key_name, headers)

    return refuse_or_head


def _refusal(response: Any, key: Any, headers: Mapping[str, str]) -> Answer | None:
    kept, given = key.metadata.get(_KEY_MD5), headers.get(_KEY_MD5)
    if kept and not given:
        what = "The object was stored using a form of Server Side Encryption. "
        return _error(400, "InvalidRequest", what + "The correct parameters must be provided to retrieve the object.")
    if kept and given != kept:
        what = "Requests specifying Server Side Encryption with Customer provided keys must provide the correct "
        return _error(403, "AccessDenied", what + "secret key.")
    if given and not kept:
        return _error(400, "InvalidRequest", "The encryption parameters are not applicable to this object.")
    if key.encryption in ("aws:kms", "aws:kms:dsse") and key.kms_key_id:
        return _kms_refusal(response, key.kms_key_id)
    return None


def _kms_refusal(response: Any, key_id: str) -> Answer | None:
    """Return S3's error for an unusable key; callers without the right on it were refused before."""
    region = key_id.split(":")[3] if key_id.startswith("arn:") else response.region
    backend = kms_backends[response.current_account][region]
    key = backend.keys[backend.any_id_to_key_id(key_id)]
    if key.key_state == "Disabled":
        return _error(400, "KMS.DisabledException", f"{key.arn} is disabled.")
    if key.key_state != "Enabled":
        return _error(400, "KMS.KMSInvalidStateException", f"{key.arn} is pending deletion.")
    return None


def _under_its_own_key(copy: Callable[..., None]) -> Callable[..., None]:
    """Encrypt a copy as its own request says, whatever metadata it takes over."""

    def copy_and_mark(self: Any, source: Any, bucket: str, name: str, *args: Any, **kwargs: Any) -> None:
        copy(self, source, bucket, name, *args, **kwargs)
        made, asked = self.get_object(bucket, name), kwargs.get("metadata") or {}
        for marker in (_ALGORITHM, _KEY_MD5):
            made.metadata.pop(marker, None)
            if marker in asked:
                made.metadata[marker] = asked[marker]

    return copy_and_mark


def _error(status: int, code: str, message: str) -> Answer:
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
    return status, {"content-type": "application/xml"}, body
