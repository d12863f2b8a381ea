"""A shop that has its sellers' pictures moderated and shows those that are cleared.

python -m examples.shop bicycle.jpg lamp.jpg --seller seller-3 --secret "$PSEUDONYM_SECRET"
"""

import argparse
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from examples.subscriber import subscribe

_QUEUE = "shop-verdicts"
_TOPICS = ("UnsafeTopicArn", "ReviewTopicArn")
_SHOWN = "shown"
_UNDECIDED = "hidden, no verdict yet"


@dataclass
class UploadedImage:
    """A picture of an offer, with what the shop does with it. It stays hidden until it is cleared."""

    name: str
    key: str
    version: str
    state: str = _UNDECIDED


def outputs_of(stack: str) -> dict[str, str]:
    """Return the outputs of the deployment by name."""
    (found,) = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in found["Outputs"]}


def pseudonym(seller: str, secret: str) -> str:
    """Return a name for the seller that is always the same, and that only the shop can trace back to a person."""
    return hmac.new(secret.encode(), seller.encode(), hashlib.sha256).hexdigest()


def upload(bucket: str, photo: Path, reference: str, uploader: str) -> UploadedImage:
    """Put a photo into the intake bucket, under a key that names no person."""
    key = f"offers/{reference}{photo.suffix}"
    metadata = {"reference": reference, "uploader": uploader}  # sent as x-amz-meta-reference, x-amz-meta-uploader
    put = boto3.client("s3").put_object(Bucket=bucket, Key=key, Body=photo.read_bytes(), Metadata=metadata)
    return UploadedImage(photo.name, key, put["VersionId"])


def messages(queue_url: str) -> Iterator[Mapping[str, Any]]:
    """Yield the messages that wait. One is deleted after it was handled, so that none is lost."""
    sqs = boto3.client("sqs")
    for message in sqs.receive_message(QueueUrl=queue_url, WaitTimeSeconds=1).get("Messages", []):
        yield json.loads(message["Body"])
        sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])


def is_cleared(bucket: str, picture: UploadedImage) -> bool:
    """Return True once the version is tagged safe. A topic that is silent clears nothing."""
    found = boto3.client("s3").get_object_tagging(Bucket=bucket, Key=picture.key, VersionId=picture.version)
    return {"Key": "moderation", "Value": "safe"} in found["TagSet"]


def follow(pictures: Mapping[str, UploadedImage], bucket: str, queue_url: str, timeout_s: float) -> None:
    """Update the pictures, by their references, until each is decided or `timeout_s` has passed."""
    until = time.monotonic() + timeout_s
    while time.monotonic() < until and any(picture.state == _UNDECIDED for picture in pictures.values()):
        for message in messages(queue_url):
            image = message["image"]
            # An upload that failed before it was read has no reference: then the key says whose it is.
            picture = pictures.get(image["reference"] or Path(image["key"]).stem)
            if picture and picture.version == image["version"]:  # else another app's, or one of an earlier run
                picture.state = f"hidden, {message['verdict']} ({message['category']}): {message['reason']}"
        for picture in pictures.values():
            if picture.state == _UNDECIDED and is_cleared(bucket, picture):
                picture.state = _SHOWN


def run(photos: Sequence[Path], uploader: str, stack: str, timeout_s: float) -> Sequence[UploadedImage]:
    """Upload the photos and return the pictures as they stand when all are decided, or time is up."""
    outputs = outputs_of(stack)
    bucket = outputs["IntakeBucketName"]
    queue_url = subscribe(_QUEUE, [outputs[topic] for topic in _TOPICS], {"verdict": ["unsafe", "review"]})
    references = {f"offer-{uuid.uuid4()}": photo for photo in photos}  # a shop has ids of its own
    pictures = {reference: upload(bucket, photo, reference, uploader) for reference, photo in references.items()}
    follow(pictures, bucket, queue_url, timeout_s)
    return list(pictures.values())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path, nargs="+")
    parser.add_argument("--seller", required=True, help="the shop's name for the seller; it never leaves the shop")
    parser.add_argument("--secret", required=True, help="the key under which pseudonyms are made")
    parser.add_argument("--stack", default="Moderation")
    parser.add_argument("--timeout", type=float, default=60, help="seconds to wait for verdicts")
    given = parser.parse_args()
    for picture in run(given.photos, pseudonym(given.seller, given.secret), given.stack, given.timeout):
        print(picture.name, picture.state, sep="\t")
