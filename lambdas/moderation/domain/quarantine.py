"""Places of what was escalated as possibly illegal, in the quarantine bucket."""

import hashlib

from moderation.domain.image_ref import ImageRef

# Tag of an original and its views, by which a bucket policy denies them to all but one role until it says "released".
TAG, TAGGED, UNTAGGED = "quarantine", "escalated", "released"
# People who must agree to a release.
RELEASERS = 2


def case_of(image: ImageRef) -> str:
    """Prefix of the copies of an image."""
    return f"cases/{image.id}/"


def original_copy(image: ImageRef) -> str:
    return f"{case_of(image)}original"


def file_copy(image: ImageRef, key: str) -> str:
    """Key of the copy of a file of the work bucket."""
    return f"{case_of(image)}files/{key}"


def record_copy(image: ImageRef) -> str:
    """Key of the copy of the record, which is written last: with it the case is complete."""
    return f"{case_of(image)}record.json"


def releases_of(image: ImageRef, held: str) -> str:
    """Prefix of the signatures for the release of an image.

    `held` is the version of the record's copy, another one after each release: nobody signed for the next one yet.
    """
    return f"releases/{image.id}/{held}/"


def release_file(image: ImageRef, held: str, user_id: str) -> str:
    """Key of a person's signature; `user_id` is the `aws:userid` of their session."""
    return f"{releases_of(image, held)}{user_id}.json"


def pseudonym_of(arn: str) -> str:
    """Name of somebody in the audit log who isn't in the list of people: who they are, the account's IAM knows."""
    return f"iam-{hashlib.sha256(arn.encode()).hexdigest()[:16]}"
