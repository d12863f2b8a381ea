"""People of the console, in a file of the policy bucket."""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from moderation.adapters.faults import code_of, store_faults
from moderation.domain.people import Person, person_data, read_person
from moderation.errors import DecidedMeanwhile, Misconfigured

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PEOPLE_KEY = "people.json"
_CHANGED = {"PreconditionFailed", "412", "NoSuchKey", "404", "ConditionalRequestConflict", "409"}


class S3PeopleStore:
    """Implements `ports.PeopleStore`. Nothing is cached: a right that is taken away is gone at the next call."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client, self._bucket = client, bucket

    def find(self, subject: str) -> Person | None:
        return self.all()[0].get(subject)

    def everybody(self) -> list[Person]:
        return list(self.all()[0].values())

    def all(self) -> tuple[dict[str, Person], str]:
        """Return everybody by id, and the mark of the file as it is, "" if there is none.

        Raises StoreUnavailable, and Misconfigured for a file that can't be used.
        """
        with store_faults(f"Policy bucket {self._bucket}"):
            try:
                found = self._client.get_object(Bucket=self._bucket, Key=PEOPLE_KEY)
                text, mark = found["Body"].read(), found["ETag"]
            except ClientError as error:
                if code_of(error) in ("NoSuchKey", "404"):
                    return {}, ""
                raise
        try:
            people = [read_person(data) for data in json.loads(text)["people"]]
        except (ValueError, KeyError, TypeError) as error:
            raise Misconfigured(
                f"{PEOPLE_KEY} in the policy bucket can't be used ({error}): restore its version before."
            ) from error
        return {person.id: person for person in people}, mark

    def replace(self, people: Iterable[Person], mark: str) -> None:
        """Write everybody, if the file is still as it was. Raises DecidedMeanwhile if it isn't."""
        text = json.dumps({"schema_version": 1, "people": [person_data(person) for person in people]}, indent=2)
        unchanged: Any = {"IfMatch": mark} if mark else {"IfNoneMatch": "*"}
        with store_faults(f"Policy bucket {self._bucket}"):
            try:
                self._client.put_object(
                    Bucket=self._bucket,
                    Key=PEOPLE_KEY,
                    Body=text.encode(),
                    ContentType="application/json",
                    **unchanged,
                )
            except ClientError as error:
                if code_of(error) not in _CHANGED:
                    raise
                raise DecidedMeanwhile("Somebody else changed the list of people meanwhile: repeat this.") from error
