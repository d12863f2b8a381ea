"""Full export of the table of verdicts to S3, in the format DYNAMODB_JSON.

Beside `manifest-summary.json` lie `manifest-files.json`, a line of JSON for each data file with its number of items,
and the folder `data` with those files: gzip, an item a line as `{"Item": {…}}`.
"""

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, cast

from botocore.exceptions import BotoCoreError

from moderation.adapters.dynamodb_items import record_of
from moderation.adapters.faults import store_faults
from moderation.domain.record import Record
from moderation.domain.replay import REPLAYED
from moderation.errors import ModerationError, StoreUnavailable

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_SUMMARY = "manifest-summary.json"
_FORMAT = "DYNAMODB_JSON"
_READ = ("pk", "sk", *REPLAYED)


class UnusableExport(ModerationError):
    """The export can't be read: another format, an incremental one, of another table, or damaged."""


@dataclass(frozen=True)
class DataFile:
    """One data file of an export: its key and its number of items."""

    key: str
    items: int


class TableExport:
    """Reader of one export, below a prefix of a bucket."""

    def __init__(self, client: "S3Client", bucket: str, folder: str) -> None:
        """`folder` is the key of the export's folder or of its `manifest-summary.json`."""
        self._client, self._bucket = client, bucket
        self._folder = folder.removesuffix(_SUMMARY).strip("/")

    def files(self, table: str) -> list[DataFile]:
        """Return the data files in a fixed order. Raises UnusableExport, StoreUnavailable, Misconfigured.

        `table` is the name of the table that it has to be an export of.
        """
        try:
            summary = json.loads(self._text(_SUMMARY))
            listed = [json.loads(line) for line in self._text("manifest-files.json").splitlines() if line.strip()]
            kind, of = summary.get("exportType", "FULL_EXPORT"), str(summary["tableArn"]).rsplit("/", 1)[-1]
            form = summary["outputFormat"]
            files = [DataFile(self._key(f"data/{_name(file)}"), int(file["itemCount"])) for file in listed]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UnusableExport(f"The manifest of {self._place} isn't one of a DynamoDB export.") from error
        if (form, kind) != (_FORMAT, "FULL_EXPORT"):
            raise UnusableExport(f"{self._place} is a {kind} as {form}: make a full export as {_FORMAT}.")
        if of != table:
            raise UnusableExport(f"{self._place} is an export of the table {of}, not of {table}.")
        return sorted(files, key=lambda file: file.key)

    def lines(self, file: DataFile) -> Iterator[bytes]:
        """Yield the lines of a data file, reading as it goes.

        Raises UnusableExport, also where there are fewer lines than items, StoreUnavailable, Misconfigured.
        """
        number = 0
        with store_faults(f"Bucket {self._bucket}"):
            body = self._client.get_object(Bucket=self._bucket, Key=file.key)["Body"]
        try:
            with gzip.GzipFile(fileobj=cast(IO[bytes], body)) as unpacked:
                for line in unpacked:
                    number += 1
                    yield line
        except (EOFError, gzip.BadGzipFile) as error:
            raise UnusableExport(f"The file {file.key} is damaged: {error}") from error
        except BotoCoreError as error:
            raise StoreUnavailable(f"Reading {file.key} ended early: {error}") from error
        if number != file.items:
            raise UnusableExport(f"The file {file.key} has {number:,} items, and its manifest says {file.items:,}.")

    @property
    def _place(self) -> str:
        return f"s3://{self._bucket}/{self._folder}"

    def _text(self, name: str) -> str:
        with store_faults(f"Bucket {self._bucket}"):
            return self._client.get_object(Bucket=self._bucket, Key=self._key(name))["Body"].read().decode()

    def _key(self, name: str) -> str:
        return f"{self._folder}/{name}" if self._folder else name


def exported_record(line: bytes, bucket: str) -> Record | None:
    """Return the record in a line of a data file; None for another item of the table, or another bucket's.

    It has only the attributes that a replay reads. Raises UnusableExport.
    """
    try:
        item: dict[str, Any] = json.loads(line)["Item"]
        if not item["pk"]["S"].startswith(f"{bucket}#"):
            return None
        return record_of({name: item[name] for name in _READ if name in item})
    except (ValueError, KeyError, TypeError) as error:
        raise UnusableExport(f"A line of the export has no item of the table: {line[:80]!r}.") from error


def _name(file: dict[str, Any]) -> str:
    return str(file["dataFileS3Key"]).rsplit("/", 1)[-1]
