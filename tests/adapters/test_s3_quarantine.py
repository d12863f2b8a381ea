"""Copies under a legal hold, the tags that deny a picture, and the end of both."""

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from moderation.adapters.s3_quarantine import S3Quarantine
from moderation.domain.image_ref import ImageRef
from moderation.domain.quarantine import case_of, file_copy, original_copy, record_copy, releases_of
from moderation.errors import StoreUnavailable

VIEW = "work/{}/run/views/full.png"


@pytest.fixture
def image(s3, bucket):
    tags = "&".join(f"t{number}=x" for number in range(9)) + "&moderation=unsafe"
    version = s3.put_object(Bucket=bucket, Key="a b/ü.png", Body=b"picture", Tagging=tags)["VersionId"]
    return ImageRef(bucket, "a b/ü.png", version)


@pytest.fixture
def quarantine(s3, image):
    s3.create_bucket(Bucket="quarantine", ObjectLockEnabledForBucket=True)
    s3.create_bucket(Bucket="work")
    s3.put_object(Bucket="work", Key=VIEW.format(image.id), Body=b"view")
    return S3Quarantine(s3, "quarantine", "work")


def escalate(quarantine, image):
    assert quarantine.take_original(image)
    quarantine.take_file(image, VIEW.format(image.id))
    quarantine.take_record(image, {"pk": image.pk, "verdict": "unsafe"})
    quarantine.deny(image, [VIEW.format(image.id)])


def tags_of(s3, image):
    found = s3.get_object_tagging(Bucket=image.bucket, Key=image.key, VersionId=image.version)["TagSet"]
    return {tag["Key"]: tag["Value"] for tag in found}


def versions(s3, image):
    return s3.list_object_versions(Bucket="quarantine", Prefix=case_of(image))["Versions"]


def test_copies_have_a_hold_and_are_made_once(s3, quarantine, image):
    assert not quarantine.holds(image)

    escalate(quarantine, image)
    escalate(quarantine, image)

    assert quarantine.holds(image)
    assert len(versions(s3, image)) == 3
    assert s3.get_object(Bucket="quarantine", Key=original_copy(image))["Body"].read() == b"picture"
    assert s3.get_object(Bucket="quarantine", Key=file_copy(image, VIEW.format(image.id)))["Body"].read() == b"view"
    for version in versions(s3, image):
        with pytest.raises(ClientError, match="AccessDenied"):
            s3.delete_object(Bucket="quarantine", Key=version["Key"], VersionId=version["VersionId"])


@pytest.mark.parametrize("copies", range(3))
def test_a_copy_whose_hold_was_cut_off_is_held_when_the_escalation_is_repeated(s3, quarantine, image, copies):
    hold, held = s3.put_object_legal_hold, list[object]()

    def cut_off(**named):
        if len(held) == copies:
            raise EndpointConnectionError(endpoint_url="https://s3")
        held.append(hold(**named))

    with pytest.MonkeyPatch.context() as patch, pytest.raises(StoreUnavailable):
        patch.setattr(s3, "put_object_legal_hold", cut_off)
        escalate(quarantine, image)

    escalate(quarantine, image)

    assert len(versions(s3, image)) == 3
    for version in versions(s3, image):
        named = {"Bucket": "quarantine", "Key": version["Key"], "VersionId": version["VersionId"]}
        assert s3.get_object_legal_hold(**named)["LegalHold"]["Status"] == "ON"


def test_the_tag_is_set_even_where_ten_others_are(s3, quarantine, image):
    quarantine.deny(image, [])

    tags = tags_of(s3, image)
    assert tags["quarantine"] == "escalated" and len(tags) == 10


def test_what_is_gone_is_no_error(s3, quarantine, image):
    s3.delete_object(Bucket=image.bucket, Key=image.key, VersionId=image.version)
    s3.delete_object(Bucket="work", Key=VIEW.format(image.id))

    assert not quarantine.take_original(image)
    quarantine.take_file(image, VIEW.format(image.id))
    quarantine.deny(image, [VIEW.format(image.id)])

    assert "Versions" not in s3.list_object_versions(Bucket="quarantine")


def test_a_release_ends_the_hold_and_the_tags(s3, quarantine, image):
    escalate(quarantine, image)
    for user in ("AROA:ann", "AROA:ann", "AROA:bob"):
        quarantine.sign(image, user, {"at": "2026-11-27T10:00:00.000Z"})
    assert quarantine.signers(image) == ["ann", "bob"]

    quarantine.release(image)
    quarantine.release(image)

    assert tags_of(s3, image)["quarantine"] == "released"
    view = s3.get_object_tagging(Bucket="work", Key=VIEW.format(image.id))["TagSet"]
    assert view == [{"Key": "quarantine", "Value": "released"}]
    for version in versions(s3, image):
        named = {"Bucket": "quarantine", "Key": version["Key"], "VersionId": version["VersionId"]}
        assert s3.get_object_tagging(**named)["TagSet"] == [{"Key": "released", "Value": "true"}]
        s3.delete_object(**named)


def test_nobody_signs_twice_in_a_folder_of_their_own_or_under_a_role_that_was_replaced(s3, quarantine, image):
    escalate(quarantine, image)
    quarantine.sign(image, "AROAOLD:ann", {})
    quarantine.sign(image, "AROANEW:ann", {})
    held = s3.head_object(Bucket="quarantine", Key=record_copy(image))["VersionId"]
    for folder in (f"{releases_of(image, held)}more/", f"releases/{image.id}/"):  # what the role may write as well
        s3.put_object(Bucket="quarantine", Key=f"{folder}AROANEW:bob.json", Body=b"{}")

    assert quarantine.signers(image) == ["ann"]


def test_what_is_escalated_again_after_its_release_is_held_until_two_people_sign_again(s3, quarantine, image):
    escalate(quarantine, image)
    for user in ("AROA:ann", "AROA:bob"):
        quarantine.sign(image, user, {})
    quarantine.release(image)

    escalate(quarantine, image)
    escalate(quarantine, image)

    assert quarantine.signers(image) == []
    newest = [version for version in versions(s3, image) if version["IsLatest"]]
    assert len(newest) == 3
    for version in newest:
        named = {"Bucket": "quarantine", "Key": version["Key"], "VersionId": version["VersionId"]}
        assert s3.get_object_legal_hold(**named)["LegalHold"]["Status"] == "ON"
        released = {"Key": "released", "Value": "true"}
        assert released not in s3.get_object_tagging(**named)["TagSet"], "the lifecycle's rule leaves it"
    quarantine.sign(image, "AROA:ann", {})
    assert quarantine.signers(image) == ["ann"]
