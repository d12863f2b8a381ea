"""The intake bucket: the very version is read, odd keys included; its tag is set without harm to others."""

import io
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError, EndpointConnectionError
from urllib3 import HTTPResponse

from moderation.adapters.s3_images import S3ImageStore
from moderation.domain.image_ref import ImageRef
from moderation.errors import ImageUnavailable, Misconfigured, StoreUnavailable
from moderation.ports import ObjectHead

KEYS = ["plain.jpg", "with space+plus%41.jpg", "ünï/çødé/猫.png", "a" * 1024, "#hash&?query=1/../x", "quote\"{}'.png"]


@pytest.fixture
def images(s3):
    return S3ImageStore(s3)


def put(s3, bucket, key="a.jpg", body=b"bytes", **more) -> ImageRef:
    return ImageRef(bucket, key, s3.put_object(Bucket=bucket, Key=key, Body=body, **more)["VersionId"])


def tags(s3, image) -> dict[str, str]:
    found = s3.get_object_tagging(Bucket=image.bucket, Key=image.key, VersionId=image.version)["TagSet"]
    return {tag["Key"]: tag["Value"] for tag in found}


@pytest.mark.parametrize("key", KEYS)
def test_any_legal_key_is_fetched_and_tagged(s3, bucket, images, key):
    image = put(s3, bucket, key, ContentType="image/jpeg", Metadata={"reference": "post-17"})

    stored = images.fetch(image)

    assert (stored.data, stored.content_type, stored.reference) == (b"bytes", "image/jpeg", "post-17")
    assert images.tag(image, "unsafe") == "tagged"
    assert tags(s3, image) == {"moderation": "unsafe"}


@pytest.mark.parametrize(
    "sent, read",
    [
        ("post-17", "post-17"),
        ("=?UTF-8?Q?M=C3=BCller?=", "Müller"),
        ("=?UTF-8?B?54yr?=", "猫"),
        ("=?nothing?Q?M=C3?=", "=?nothing?Q?M=C3?="),
        ("a=?b", "a=?b"),
    ],
)
def test_metadata_that_s3_encoded_is_decoded(s3, bucket, images, sent, read):
    image = put(s3, bucket, Metadata={"reference": sent, "uploader": sent})

    stored = images.fetch(image)

    assert (stored.reference, stored.uploader) == (read, read)


def test_the_version_that_was_uploaded_is_read_not_the_latest(s3, bucket, images):
    first = put(s3, bucket, body=b"first")
    put(s3, bucket, body=b"second")

    assert images.fetch(first).data == b"first"


def test_a_users_tags_survive_and_a_later_verdict_replaces_the_earlier(s3, bucket, images):
    image = put(s3, bucket, Tagging="team=blue&cost=7")

    images.tag(image, "review")
    images.tag(image, "safe")

    assert tags(s3, image) == {"team": "blue", "cost": "7", "moderation": "safe"}


def test_ten_tags_already_is_said_and_not_an_error(s3, bucket, images):
    image = put(s3, bucket, Tagging="&".join(f"t{n}=x" for n in range(10)))

    assert images.tag(image, "unsafe") == "full"


def test_a_deleted_version_is_unavailable_and_cannot_be_tagged(s3, bucket, images):
    image = put(s3, bucket)
    s3.delete_object(Bucket=image.bucket, Key=image.key, VersionId=image.version)

    with pytest.raises(ImageUnavailable, match="deleted"):
        images.fetch(image)
    assert images.tag(image, "safe") == "gone"


def test_an_object_over_the_limit_is_not_downloaded(s3, bucket, images):
    image = put(s3, bucket, body=b"\0" * 20_000_001)

    stored = images.fetch(image)

    assert (stored.data, stored.oversize) == (b"", 20_000_001)


def chunked(size: int):
    """A client whose answer is sent in chunks: without a Content-Length."""
    s3 = boto3.client("s3")
    body = HTTPResponse(io.BytesIO(b"\0" * size), preload_content=False)
    headers: Any = {"Transfer-Encoding": "chunked"}

    def answer(**_) -> Any:
        return AWSResponse("http://x", 200, headers, body)

    s3.meta.events.register_first("before-send.s3.GetObject", answer)
    return s3


def test_an_object_without_a_content_length_is_read_up_to_the_limit():
    image = ImageRef("intake", "a.jpg", "v1")

    assert len(S3ImageStore(chunked(20_000_000)).fetch(image).data) == 20_000_000
    over = S3ImageStore(chunked(30_000_000)).fetch(image)
    assert (over.data, over.oversize) == (b"", 20_000_001)


class Failing:
    """An S3 client whose every call fails in the same way."""

    def __init__(self, error):
        self.error = error

    def __getattr__(self, name):
        def fail(**_):
            raise self.error

        return fail


def client_error(code: str, status: int) -> ClientError:
    response: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "GetObject")


@pytest.mark.parametrize(
    "error, expected",
    [
        (client_error("InvalidObjectState", 403), ImageUnavailable),
        (client_error("AccessDenied", 403), ImageUnavailable),
        (client_error("MethodNotAllowed", 405), ImageUnavailable),
        # An uploader's own key (SSE-C), and a key in every state in which it isn't enabled.
        (client_error("InvalidRequest", 400), ImageUnavailable),
        (client_error("400", 400), ImageUnavailable),
        (client_error("KMS.DisabledException", 400), ImageUnavailable),
        (client_error("KMS.KMSInvalidStateException", 400), ImageUnavailable),
        (client_error("KMS.NotFoundException", 400), ImageUnavailable),
        (client_error("KMS.InvalidKeyUsageException", 400), ImageUnavailable),
        (client_error("KMS.ThrottlingException", 400), StoreUnavailable),
        (client_error("KMS.KeyUnavailableException", 500), StoreUnavailable),
        (client_error("KMS.KMSInternalException", 500), StoreUnavailable),
        (client_error("KMS.DependencyTimeoutException", 503), StoreUnavailable),
        (client_error("SlowDown", 503), StoreUnavailable),
        (client_error("InternalError", 500), StoreUnavailable),
        (client_error("NoSuchBucket", 404), Misconfigured),
        (EndpointConnectionError(endpoint_url="x"), StoreUnavailable),
    ],
)
def test_what_s3_raises_gets_our_names(error, expected):
    failing: Any = Failing(error)
    with pytest.raises(expected):
        S3ImageStore(failing).fetch(ImageRef("b", "k", "v"))


class Headless:
    """An S3 client whose HeadObject fails as S3 answers it, without a body, and which works otherwise."""

    def __init__(self, s3, status: int):
        self._s3, self._status = s3, status

    def __getattr__(self, name):
        return getattr(self._s3, name)

    def head_object(self, **_):
        raise client_error(str(self._status), self._status)


def test_the_head_of_an_object_has_its_version_and_size(s3, bucket, images):
    first, second = put(s3, bucket, body=b"older"), put(s3, bucket, body=b"newest")

    assert images.head(bucket, "a.jpg", None) == ObjectHead(second.version, 6)
    assert images.head(bucket, "a.jpg", first.version) == ObjectHead(first.version, 5)
    assert images.head(bucket, "no.jpg", None) is None


@pytest.mark.parametrize("status", [400, 403])
def test_an_object_that_may_not_be_read_is_known_by_its_version(s3, bucket, status):
    first, second = put(s3, bucket), put(s3, bucket)
    put(s3, bucket, "a.jpg.png")
    headless: Any = Headless(s3, status)

    assert S3ImageStore(headless).head(bucket, "a.jpg", None) == ObjectHead(second.version, 0)
    assert S3ImageStore(headless).head(bucket, "a.jpg", first.version) == ObjectHead(first.version, 0)
    assert S3ImageStore(headless).head(bucket, "a", None) is None


def test_a_deleted_object_that_may_not_be_read_has_no_version_to_moderate(s3, bucket):
    put(s3, bucket)
    s3.delete_object(Bucket=bucket, Key="a.jpg")
    headless: Any = Headless(s3, 403)

    assert S3ImageStore(headless).head(bucket, "a.jpg", None) is None


def test_a_head_that_fails_for_a_while_is_no_answer(s3, bucket):
    put(s3, bucket)
    headless: Any = Headless(s3, 503)

    with pytest.raises(StoreUnavailable):
        S3ImageStore(headless).head(bucket, "a.jpg", None)
