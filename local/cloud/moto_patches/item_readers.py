"""Step Functions: moto reads one page of a listing, with keys of its own, and neither JSON Lines nor inventories.

"ItemReader (Map)", AWS Step Functions guide: a listing's items have the keys below, `LastModified` in seconds; an
inventory's have the columns of its `fileSchema`, with the values as they are in the file, where keys are URL-encoded.
No upstream issue found as of November 2026.
"""

import csv
import gzip
import json
import sys
from collections.abc import Iterator
from enum import Enum
from itertools import islice
from typing import Any

import moto.stepfunctions.parser.asl.utils.boto_client as boto_client
from moto.stepfunctions.parser.asl.component.eval_component import EvalComponent
from moto.stepfunctions.parser.asl.component.state.exec.state_map.item_reader import item_reader_decl
from moto.stepfunctions.parser.asl.component.state.exec.state_map.item_reader.eval.resource_eval_s3 import (
    ResourceEvalS3,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.item_reader.reader_config import input_type
from moto.stepfunctions.parser.asl.component.state.exec.state_task.credentials import StateCredentials


class InputTypeValue(Enum):
    """The input types of the service that the laptop cloud reads."""

    CSV = "CSV"
    JSON = "JSON"
    JSONL = "JSONL"
    MANIFEST = "MANIFEST"


def install() -> None:
    """Read listings whole, JSON Lines, and S3 inventories as CSV."""
    transformer_for = item_reader_decl.resource_output_transformer_for
    ours = {InputTypeValue.JSONL: _Lines, InputTypeValue.MANIFEST: _Inventory}

    def with_ours(input_type: Any) -> Any:
        transformer = ours.get(input_type.input_type_value)
        return transformer() if transformer else transformer_for(input_type)

    comparing: tuple[Any, ...] = (input_type, sys.modules[transformer_for.__module__])
    for module in comparing:
        module.InputTypeValue = InputTypeValue
    item_reader_decl.resource_output_transformer_for = with_ours
    ResourceEvalS3._handle_list_objects_v2 = staticmethod(_list)


def _list(env: Any, resource_runtime_part: Any, state_credentials: Any) -> None:
    s3 = boto_client.boto_client_for(resource_runtime_part.region, "s3", state_credentials)
    pages = s3.get_paginator("list_objects_v2").paginate(**env.stack.pop())
    env.stack.append([_listed(found) for page in pages for found in page.get("Contents", [])])


def _listed(found: dict[str, Any]) -> dict[str, Any]:
    return {
        "Etag": found["ETag"],
        "Key": found["Key"],
        "LastModified": int(found["LastModified"].timestamp()),
        "Size": found["Size"],
        "StorageClass": found["StorageClass"],
    }


class _Lines(EvalComponent):  # type: ignore[misc]
    """Reader of a file with a JSON value on each line."""

    def _eval_body(self, env: Any) -> None:
        most, text = env.stack.pop()["MaxItemsValue"], env.stack.pop()
        lines = (line for line in text.splitlines() if line.strip())
        env.stack.append([json.loads(line) for line in islice(lines, most)])


class _Inventory(EvalComponent):  # type: ignore[misc]
    """Reader of the files that an S3 inventory's manifest.json names, compressed CSV without a header."""

    def _eval_body(self, env: Any) -> None:
        most, manifest = env.stack.pop()["MaxItemsValue"], json.loads(env.stack.pop())
        env.stack.append(list(islice(self._rows(env, manifest), most)))

    def _rows(self, env: Any, manifest: dict[str, Any]) -> Iterator[dict[str, str]]:
        details = env.aws_execution_details
        s3 = boto_client.boto_client_for(details.region, "s3", StateCredentials(role_arn=details.role_arn))
        bucket = manifest["destinationBucket"].rpartition(":")[2]
        columns = [column.strip() for column in manifest["fileSchema"].split(",")]
        for file in manifest["files"]:
            packed = s3.get_object(Bucket=bucket, Key=file["key"])["Body"].read()
            for row in csv.reader(gzip.decompress(packed).decode().splitlines()):
                yield dict(zip(columns, row, strict=True))
