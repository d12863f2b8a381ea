"""The record that a person decides on: the newest, unless the bucket has another current version."""

from dataclasses import replace

import pytest

from moderation.errors import ImageUnavailable, NoSuchRecord, OtherVersionIsCurrent
from moderation.usecases.find_record import FoundRecord, find_looked_at
from tests.support.fakes import FakeImages, FakeVerdicts
from tests.unit.judged import IMAGE, judged_work, parts, record_of, run


class UnreadableImages(FakeImages):
    """A bucket whose current versions may not be read."""

    def current_version(self, bucket: str, key: str) -> str | None:
        raise ImageUnavailable("The bucket can't be read.")


def test_the_newest_record_is_the_one_that_is_decided_on() -> None:
    made = parts(judged_work())
    run(made)

    found = find_looked_at(made.images, made.verdicts, IMAGE.bucket, IMAGE.key)

    assert found == FoundRecord(record_of(made))


def test_a_newer_upload_is_never_decided_on_unseen() -> None:
    made = parts(judged_work())
    run(made)
    newer = FakeImages()
    newer.objects = {replace(IMAGE, version="newer"): next(iter(made.images.objects.values()))}

    with pytest.raises(OtherVersionIsCurrent, match=f"of version {IMAGE.version}, but the current version is newer"):
        find_looked_at(newer, made.verdicts, IMAGE.bucket, IMAGE.key)


def test_a_bucket_that_cannot_be_read_leaves_the_newest_record_and_says_so() -> None:
    made = parts(judged_work())
    run(made)

    found = find_looked_at(UnreadableImages(), made.verdicts, IMAGE.bucket, IMAGE.key)

    assert found == FoundRecord(record_of(made), current_unknown=True)


def test_an_object_without_a_record_has_nothing_to_decide_on() -> None:
    with pytest.raises(NoSuchRecord, match="There is no object"):
        find_looked_at(FakeImages(), FakeVerdicts(), IMAGE.bucket, IMAGE.key)
