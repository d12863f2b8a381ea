"""The list of people in the policy bucket: read at each call, and replaced only as it was read."""

import json
from dataclasses import replace

import pytest

from moderation.adapters.s3_people import PEOPLE_KEY, S3PeopleStore
from moderation.domain.people import Person
from moderation.errors import DecidedMeanwhile, Misconfigured

ANN = Person(id="sub-1", pseudonym="p-1", roles=frozenset({"reviewer"}))


@pytest.fixture
def people(s3):
    s3.create_bucket(Bucket="policies")
    return S3PeopleStore(s3, "policies")


def test_without_a_list_nobody_has_rights(people):
    assert people.find("sub-1") is None


def test_a_right_that_is_taken_away_is_gone_at_the_next_call(people):
    people.replace([ANN], "")
    assert people.find("sub-1") == ANN
    assert people.find("sub-2") is None

    people.replace([replace(ANN, roles=frozenset())], people.all()[1])

    assert people.find("sub-1").roles == frozenset()


def test_two_administrators_do_not_overwrite_each_other(s3, people):
    with pytest.raises(DecidedMeanwhile, match="meanwhile: repeat this"):
        people.replace([ANN], '"00000000000000000000000000000000"')
    people.replace([ANN], "")
    first, mark = people.all()
    people.replace([*first.values(), replace(ANN, id="sub-2")], mark)

    with pytest.raises(DecidedMeanwhile):
        people.replace([], mark)
    with pytest.raises(DecidedMeanwhile):
        people.replace([], "")

    assert set(people.all()[0]) == {"sub-1", "sub-2"}


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"people": 1}', '{"people": [{}]}', '{"people": [{"id": "a"}]}', '{"people": ["a"]}'],
)
def test_a_broken_list_gives_nobody_rights_and_says_what_to_do(s3, people, text):
    s3.put_object(Bucket="policies", Key=PEOPLE_KEY, Body=text.encode())

    with pytest.raises(Misconfigured, match="restore its version before"):
        people.find("sub-1")


def test_a_role_that_does_not_exist_is_no_right(s3, people):
    people.replace([ANN], "")
    stored = json.loads(s3.get_object(Bucket="policies", Key=PEOPLE_KEY)["Body"].read())
    stored["people"][0]["roles"] = ["reviewer", "root"]
    s3.put_object(Bucket="policies", Key=PEOPLE_KEY, Body=json.dumps(stored).encode())

    with pytest.raises(Misconfigured, match='"root" is no role'):
        people.find("sub-1")
