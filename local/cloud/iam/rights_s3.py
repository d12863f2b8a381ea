"""Rights of requests to Amazon S3.

Sources: "Required permissions for Amazon S3 API operations", "Bucket policy condition keys", and each operation's own
page in the Amazon S3 API Reference.
"""

from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote

import xmltodict

from local.cloud.iam.evaluate import AccessRequest
from local.cloud.iam.policy import Context
from local.cloud.iam.request import AwsRequest
from local.cloud.iam.resources import ACCOUNT, REGION, Resources

# Subresource of a bucket → what GET, PUT and DELETE of it need, by the ends of the actions' names.
_OF_BUCKETS = {
    "accelerate": "AccelerateConfiguration",
    "acl": "BucketAcl",
    "cors": "BucketCORS",
    "encryption": "EncryptionConfiguration",
    "lifecycle": "LifecycleConfiguration",
    "logging": "BucketLogging",
    "notification": "BucketNotification",
    "object-lock": "BucketObjectLockConfiguration",
    "ownershipControls": "BucketOwnershipControls",
    "publicAccessBlock": "BucketPublicAccessBlock",
    "replication": "ReplicationConfiguration",
    "requestPayment": "BucketRequestPayment",
    "tagging": "BucketTagging",
    "versioning": "BucketVersioning",
}
# (method, subresource) → action; {v} is "Version" where the request names one. To delete a setting is to put it, but
# for a policy's.
_BUCKET = {
    ("GET", ""): "ListBucket",
    ("HEAD", ""): "ListBucket",
    ("PUT", ""): "CreateBucket",
    ("DELETE", ""): "DeleteBucket",
    ("GET", "location"): "GetBucketLocation",
    ("GET", "policy"): "GetBucketPolicy",
    ("PUT", "policy"): "PutBucketPolicy",
    ("DELETE", "policy"): "DeleteBucketPolicy",
    ("GET", "policyStatus"): "GetBucketPolicyStatus",
    ("GET", "uploads"): "ListBucketMultipartUploads",
    ("GET", "versions"): "ListBucketVersions",
    **{("GET", name): f"Get{ending}" for name, ending in _OF_BUCKETS.items()},
    **{(verb, name): f"Put{ending}" for name, ending in _OF_BUCKETS.items() for verb in ("PUT", "DELETE")},
}
_OBJECT = {
    ("GET", ""): ("GetObject{v}",),
    ("HEAD", ""): ("GetObject{v}",),
    ("PUT", ""): ("PutObject",),
    ("DELETE", ""): ("DeleteObject{v}",),
    ("GET", "acl"): ("GetObject{v}Acl",),
    ("PUT", "acl"): ("PutObject{v}Acl",),
    ("GET", "attributes"): ("GetObject{v}", "GetObject{v}Attributes"),
    ("GET", "legal-hold"): ("GetObjectLegalHold",),
    ("PUT", "legal-hold"): ("PutObjectLegalHold",),
    ("GET", "retention"): ("GetObjectRetention",),
    ("PUT", "retention"): ("PutObjectRetention",),
    # with a version the second permission is needed "also" (PutObjectTagging, GetObjectTagging, DeleteObjectTagging)
    ("GET", "tagging"): ("GetObjectTagging", "GetObject{v}Tagging"),
    ("PUT", "tagging"): ("PutObjectTagging", "PutObject{v}Tagging"),
    ("DELETE", "tagging"): ("DeleteObjectTagging", "DeleteObject{v}Tagging"),
    ("GET", "torrent"): ("GetObject{v}Torrent",),
    ("GET", "uploadId"): ("ListMultipartUploadParts",),
    ("POST", "uploads"): ("PutObject",),
    ("PUT", "uploadId"): ("PutObject",),
    ("POST", "uploadId"): ("PutObject",),
    ("DELETE", "uploadId"): ("AbortMultipartUpload",),
}
# Query parameters and headers that need no further right.
_PARAMETERS = {"versionId", "prefix", "delimiter", "list-type", "max-keys", "continuation-token", "start-after"}
_PARAMETERS |= {"key-marker", "version-id-marker", "encoding-type", "fetch-owner", "marker", "partNumber", "x-id"}
_PREFIXES = ("X-Amz-", "response-")
# "Enforce conditional writes on Amazon S3 buckets": parts and the start of a multipart upload create no object
_CREATES_NO_OBJECT = {("POST", "uploads"), ("PUT", "uploadId")}


def rights_of(request: AwsRequest, resources: Resources) -> tuple[AccessRequest, ...] | None:
    """Return the rights that a request needs, None for an unknown request."""
    bucket, _, key = request.path.lstrip("/").partition("/")
    named = [name for name in request.query if name not in _PARAMETERS and not name.startswith(_PREFIXES)]
    # a part and the end of a multipart upload name two things: the upload tells which
    subresource = "uploadId" if "uploadId" in named else "".join(named)
    if not bucket:
        return (AccessRequest("s3:ListAllMyBuckets", "*"),)
    if key:
        return _of_object(request, resources, bucket, key, subresource)
    if (request.method, subresource) == ("POST", "delete"):
        return _of_deletions(request, bucket)
    action = _BUCKET.get((request.method, subresource))
    context = {"s3:prefix": (request.query["prefix"],)} if "prefix" in request.query else {}
    return (AccessRequest(f"s3:{action}", _arn(bucket), context),) if action else None


def listing_of(request: AwsRequest) -> tuple[AccessRequest, ...]:
    """Return the right without which S3 answers 403, not 404, for a missing object (GetObject, HeadObject).

    There is none for a bucket's settings, such as its policy: the right to read them is enough.
    """
    bucket, _, key = request.path.lstrip("/").partition("/")
    versions = (AccessRequest("s3:ListBucketVersions", _arn(bucket)),) if "versionId" in request.query else ()
    return (AccessRequest("s3:ListBucket", _arn(bucket)), *versions) if key else ()


def _of_object(
    request: AwsRequest, resources: Resources, bucket: str, key: str, subresource: str
) -> tuple[AccessRequest, ...] | None:
    call = request.method, subresource
    version = request.query.get("versionId")
    actions = dict.fromkeys(action.format(v="Version" if version else "") for action in _OBJECT.get(call, ()))
    if not actions:
        return None
    context = _context(request, resources, bucket, key, version)
    if "PutObject" in actions:
        context = {**context, "s3:objectcreationoperation": (str(call not in _CREATES_NO_OBJECT).lower(),)}
    asked = [AccessRequest(f"s3:{action}", _arn(bucket, key), context) for action in actions]
    source = request.headers.get("x-amz-copy-source")
    if source and call in (("PUT", ""), ("PUT", "uploadId")):
        asked += _of_source(source, resources, tagged=call == ("PUT", ""))
    if call in (("PUT", ""), ("POST", "uploads")) and _brings_tags(request, resources, source):
        # "to add tags you must have s3:PutObjectTagging" (PutObject); of a copy's, too ("Required permissions …")
        asked.append(AccessRequest("s3:PutObjectTagging", _arn(bucket, key), context))
    return (*asked, *_of_key(call, resources, bucket, key, version))


def _of_key(
    call: tuple[str, str], resources: Resources, bucket: str, key: str, version: str | None
) -> tuple[AccessRequest, ...]:
    """Return the rights on a KMS key ("Using server-side encryption with AWS KMS keys")."""
    if call == ("GET", ""):
        verb, stored = "Decrypt", resources.object_key(bucket, key, version)
    elif call == ("PUT", ""):
        verb, stored = "GenerateDataKey", resources.bucket_key(bucket)
    else:
        return ()
    if stored is None:
        return ()
    via = {"kms:viaservice": (f"s3.{REGION}.amazonaws.com",), "kms:calleraccount": (ACCOUNT,)}
    return (AccessRequest(f"kms:{verb}", stored, via),)


def _of_source(source: str, resources: Resources, *, tagged: bool) -> tuple[AccessRequest, ...]:
    """Return the rights on a copy's source; those on its tags unless it replaces them or is a part (CopyObject)."""
    bucket, key, version = _named(source)
    v = "Version" if version else ""
    actions = (f"GetObject{v}", f"GetObject{v}Tagging") if tagged else (f"GetObject{v}",)
    context = _existing(resources.object_tags(bucket, key, version))
    return tuple(AccessRequest(f"s3:{action}", _arn(bucket, key), context) for action in actions)


def _brings_tags(request: AwsRequest, resources: Resources, source: str | None) -> bool:
    if _tags(request):
        return True
    replaces = request.headers.get("x-amz-tagging-directive") == "REPLACE"
    return bool(source and not replaces and resources.object_tags(*_named(source)))


def _named(source: str) -> tuple[str, str, str | None]:
    """Return bucket, key and version of a copy's source, whose key is URL-encoded."""
    place, _, version = source.partition("?versionId=")
    bucket, _, key = unquote(place).lstrip("/").partition("/")
    return bucket, key, version or None


def _of_deletions(request: AwsRequest, bucket: str) -> tuple[AccessRequest, ...]:
    """Return a right per object of DeleteObjects. S3 reports denied objects one by one; here a denial denies all."""
    objects = xmltodict.parse(request.body, force_list=("Object",))["Delete"]["Object"]
    return tuple(
        AccessRequest(f"s3:DeleteObject{'Version' if o.get('VersionId') else ''}", _arn(bucket, o["Key"]))
        for o in objects
    )


def _context(request: AwsRequest, resources: Resources, bucket: str, key: str, version: str | None) -> Context:
    # of reads and of changes of tags: "Actions, resources, and condition keys for Amazon S3", s3:ExistingObjectTag
    seen = request.method in ("GET", "HEAD") or "tagging" in request.query
    tags = resources.object_tags(bucket, key, version) if seen else {}
    context = _existing(tags)
    if version:
        context["s3:versionid"] = (version,)
    if "if-none-match" in request.headers and request.method in ("PUT", "POST"):
        context["s3:if-none-match"] = (request.headers["if-none-match"],)
    if asked_tags := _tags(request):
        context["s3:requestobjecttagkeys"] = tuple(asked_tags)
        context |= {f"s3:requestobjecttag/{name}".lower(): (value,) for name, value in asked_tags.items()}
    return context


def _existing(tags: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    return {f"s3:existingobjecttag/{name}".lower(): (value,) for name, value in tags.items()}


def _tags(request: AwsRequest) -> dict[str, str]:
    """Return the tags in a request's header or body."""
    if "tagging" in request.query and request.method == "PUT":
        tag_set = (xmltodict.parse(request.body, force_list=("Tag",)).get("Tagging") or {}).get("TagSet") or {}
        return {tag["Key"]: tag.get("Value") or "" for tag in tag_set.get("Tag", [])}
    return dict(parse_qsl(request.headers.get("x-amz-tagging", ""), keep_blank_values=True))


def _arn(bucket: str, key: str | None = None) -> str:
    return f"arn:aws:s3:::{bucket}" + (f"/{key}" if key is not None else "")
