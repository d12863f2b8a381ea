"""The work bucket: what goes in comes out, what is kept stays."""

import pytest

from moderation.adapters.s3_work import S3WorkStore
from moderation.errors import Misconfigured


@pytest.fixture
def work(s3):
    s3.create_bucket(Bucket="work")
    return S3WorkStore(s3, "work")


def test_json_and_bytes_come_back_unchanged(work):
    work.put_json("a.json", {"text": "ünïcode", "list": [1, 2.5, None]})
    work.put_bytes("a.png", b"\x89PNG")

    assert work.get_json("a.json") == {"text": "ünïcode", "list": [1, 2.5, None]}
    assert work.get_bytes("a.png") == b"\x89PNG"


def test_what_is_kept_is_never_overwritten(s3, work):
    work.put_if_absent("provenance/x.json", {"first": True})
    S3WorkStore(s3, "work").put_if_absent("provenance/x.json", {"first": False})

    assert work.get_json("provenance/x.json") == {"first": True}


def test_a_missing_file_says_which_bucket(work):
    with pytest.raises(Misconfigured, match="Work bucket work"):
        work.get_json("nowhere.json")
