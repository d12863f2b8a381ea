"""Amazon S3: which rights a request needs.

Sources: "Required permissions for Amazon S3 API operations", "Bucket policy condition keys", and each operation's own
page in the Amazon S3 API Reference.
"""

from urllib.parse import parse_qsl, unquote

import xmltodict

from local.cloud.iam.evaluate import Asked
from local.cloud.iam.policy import Context
from local.cloud.iam.request import Request
from local.cloud.iam.resources import ACCOUNT, REGION, Resources

# (method, subresource) → action; {v} is "Version" where the request names one.
_BUCKET = {
    ("GET", ""): "ListBucket",
    ("HEAD", ""): "ListBucket",
    ("PUT", ""): "CreateBucket",
    ("DELETE", ""): "DeleteBucket",
    ("GET", "encryption"): "GetEncryptionConfiguration",
    ("PUT", "encryption"): "PutEncryptionConfiguration",
    ("GET", "lifecycle"): "GetLifecycleConfiguration",
    ("GET", "location"): "GetBucketLocation",
    ("GET", "notification"): "GetBucketNotification",
    ("PUT", "notification"): "PutBucketNotification",
    ("GET", "policy"): "GetBucketPolicy",
    ("PUT", "policy"): "PutBucketPolicy",
    ("DELETE", "policy"): "DeleteBucketPolicy",
    ("GET", "uploads"): "ListBucketMultipartUploads",
    ("GET", "versioning"): "GetBucketVersioning",
    ("PUT", "versioning"): "PutBucketVersioning",
    ("GET", "versions"): "ListBucketVersions",
}
_OBJECT = {
    ("GET", ""): ("GetObject{v}",),
    ("HEAD", ""): ("GetObject{v}",),
    ("PUT", ""): ("PutObject",),
    ("DELETE", ""): ("DeleteObject{v}",),
    # with a version the second permission is needed "also" (PutObjectTagging, GetObjectTagging, DeleteObjectTagging)
    ("GET", "tagging"): ("GetObjectTagging", "GetObject{v}Tagging"),
    ("PUT", "tagging"): ("PutObjectTagging", "PutObject{v}Tagging"),
    ("DELETE", "tagging"): ("DeleteObjectTagging", "DeleteObject{v}Tagging"),
    ("GET", "uploadId"): ("ListMultipartUploadParts",),
    ("POST", "uploads"): ("PutObject",),
    ("PUT", "uploadId"): ("PutObject",),
    ("POST", "uploadId"): ("PutObject",),
    ("DELETE", "uploadId"): ("AbortMultipartUpload",),
}
# What a request may say without asking for something else.
_PARAMETERS = {"versionId", "prefix", "delimiter", "list-type", "max-keys", "continuation-token", "start-after"}
_PARAMETERS |= {"key-marker", "version-id-marker", "encoding-type", "fetch-owner", "marker", "partNumber", "x-id"}
_PREFIXES = ("X-Amz-", "response-")
# "Enforce conditional writes on Amazon S3 buckets": parts and the start of a multipart upload create no object
_CREATES_NO_OBJECT = {("POST", "uploads"), ("PUT", "uploadId")}


def rights_of(request: Request, resources: Resources) -> tuple[Asked, ...] | None:
    """Return what a request asks of IAM, None for a request that isn't written down here."""
    bucket, _, key = request.path.lstrip("/").partition("/")
    named = [name for name in request.query if name not in _PARAMETERS and not name.startswith(_PREFIXES)]
    # a part and the end of a multipart upload name two things: the upload tells which
    subresource = "uploadId" if "uploadId" in named else "".join(named)
    if not bucket:
        return (Asked("s3:ListAllMyBuckets", "*"),)
    if key:
        return _of_object(request, resources, bucket, key, subresource)
    if (request.method, subresource) == ("POST", "delete"):
        return _of_deletions(request, bucket)
    action = _BUCKET.get((request.method, subresource))
    context = {"s3:prefix": (request.query["prefix"],)} if "prefix" in request.query else {}
    return (Asked(f"s3:{action}", _arn(bucket), context),) if action else None


def listing_of(request: Request) -> tuple[Asked, ...]:
    """What tells a missing object from a forbidden one: without it S3 answers 403, not 404 (GetObject, HeadObject)."""
    bucket = _arn(request.path.lstrip("/").partition("/")[0])
    versions = (Asked("s3:ListBucketVersions", bucket),) if "versionId" in request.query else ()
    return (Asked("s3:ListBucket", bucket), *versions)


def _of_object(
    request: Request, resources: Resources, bucket: str, key: str, subresource: str
) -> tuple[Asked, ...] | None:
    call = request.method, subresource
    version = request.query.get("versionId")
    actions = dict.fromkeys(action.format(v="Version" if version else "") for action in _OBJECT.get(call, ()))
    if not actions:
        return None
    context = _context(request, resources, bucket, key, version)
    if "PutObject" in actions:
        context = {**context, "s3:objectcreationoperation": (str(call not in _CREATES_NO_OBJECT).lower(),)}
    asked = [Asked(f"s3:{action}", _arn(bucket, key), context) for action in actions]
    if request.method == "PUT" and not subresource and (source := request.headers.get("x-amz-copy-source")):
        asked += _of_source(source, resources)
    if call == ("PUT", "") and _tags(request):  # "to add tags you must have s3:PutObjectTagging" (PutObject)
        asked.append(Asked("s3:PutObjectTagging", _arn(bucket, key), context))
    return (*asked, *_of_key(call, resources, bucket, key, version))


def _of_key(
    call: tuple[str, str], resources: Resources, bucket: str, key: str, version: str | None
) -> tuple[Asked, ...]:
    """What SSE-KMS asks of whoever reads or writes ("Using server-side encryption with AWS KMS keys")."""
    if call == ("GET", ""):
        verb, stored = "Decrypt", resources.object_key(bucket, key, version)
    elif call == ("PUT", ""):
        verb, stored = "GenerateDataKey", resources.bucket_key(bucket)
    else:
        return ()
    if stored is None:
        return ()
    via = {"kms:viaservice": (f"s3.{REGION}.amazonaws.com",), "kms:calleraccount": (ACCOUNT,)}
    return (Asked(f"kms:{verb}", stored, via),)


def _of_source(source: str, resources: Resources) -> tuple[Asked, ...]:
    """What a copy asks of its source; tags come along unless it says otherwise (CopyObject)."""
    place, _, version = unquote(source).lstrip("/").partition("?versionId=")
    bucket, _, key = place.partition("/")
    v = "Version" if version else ""
    tags = {
        f"s3:existingobjecttag/{name}".lower(): (value,)
        for name, value in resources.object_tags(bucket, key, version or None).items()
    }
    return tuple(Asked(f"s3:{action}", _arn(bucket, key), tags) for action in (f"GetObject{v}", f"GetObject{v}Tagging"))


def _of_deletions(request: Request, bucket: str) -> tuple[Asked, ...]:
    """One right an object of DeleteObjects. S3 reports the refused ones apart; here one refusal refuses all."""
    objects = xmltodict.parse(request.body, force_list=("Object",))["Delete"]["Object"]
    return tuple(
        Asked(f"s3:DeleteObject{'Version' if o.get('VersionId') else ''}", _arn(bucket, o["Key"])) for o in objects
    )


def _context(request: Request, resources: Resources, bucket: str, key: str, version: str | None) -> Context:
    tags = resources.object_tags(bucket, key, version) if request.method in ("GET", "HEAD") else {}
    context: dict[str, tuple[str, ...]] = {
        f"s3:existingobjecttag/{name}".lower(): (value,) for name, value in tags.items()
    }
    if version:
        context["s3:versionid"] = (version,)
    if "if-none-match" in request.headers and request.method in ("PUT", "POST"):
        context["s3:if-none-match"] = (request.headers["if-none-match"],)
    if asked_tags := _tags(request):
        context["s3:requestobjecttagkeys"] = tuple(asked_tags)
        context |= {f"s3:requestobjecttag/{name}".lower(): (value,) for name, value in asked_tags.items()}
    return context


def _tags(request: Request) -> dict[str, str]:
    """The tags that a request brings, in its header or as its body."""
    if "tagging" in request.query and request.method == "PUT":
        tag_set = (xmltodict.parse(request.body, force_list=("Tag",)).get("Tagging") or {}).get("TagSet") or {}
        return {tag["Key"]: tag.get("Value") or "" for tag in tag_set.get("Tag", [])}
    return dict(parse_qsl(request.headers.get("x-amz-tagging", ""), keep_blank_values=True))


def _arn(bucket: str, key: str | None = None) -> str:
    return f"arn:aws:s3:::{bucket}" + (f"/{key}" if key is not None else "")
