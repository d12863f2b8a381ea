"""Stand-in for version 2 of the AWS CLI, made of botocore's models of the services.

It knows what the runbooks use and refuses the rest. What only the real one shows is left to `make runbooks`.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import jmespath
from botocore import xform_name
from botocore.exceptions import ClientError, ParamValidationError
from botocore.loaders import Loader
from botocore.model import ListShape, OperationModel, ServiceModel, Shape, StructureShape

EVERYWHERE = {"query", "output", "cli-read-timeout", "cli-binary-format"}
PAGING = {"max-items", "page-size", "starting-token"}
FLAGS = {"no-paginate"}
# Its own names, see awscli/customizations/argrename.py and streamingoutputarg.py.
_RENAMED = {("sns", "subscribe"): {"endpoint": "notification-endpoint"}}
_POSITIONAL = {("lambda", "invoke")}


class Refused(Exception):
    """The AWS CLI has no such service, command, option or value."""


@dataclass(frozen=True)
class Call:
    """A command: the operation, its parameters, what is shown of the answer, and what isn't the service's."""

    operation: OperationModel
    parameters: Mapping[str, Any]
    query: str | None
    text: bool
    paging: Mapping[str, str]
    outfile: str | None = None

    @property
    def service(self) -> str:
        return str(self.operation.service_model.service_name)

    @property
    def is_paginated(self) -> bool:
        return self.operation.name in pages(self.service) and "no-paginate" not in self.paging


@cache
def model_of(service: str) -> ServiceModel:
    """Return the model of a service. Raises Refused."""
    loader = Loader()
    if service not in loader.list_available_services("service-2"):
        raise Refused(f"no service {service}")
    return ServiceModel(loader.load_service_model(service, "service-2"), service)


@cache
def pages(service: str) -> frozenset[str]:
    """Return the names of the operations that the CLI calls page by page."""
    return frozenset(Loader().load_service_model(service, "paginators-1")["pagination"])


def operation_of(service: str, command: str) -> OperationModel:
    """Return the model of an operation by its name on the command line. Raises Refused."""
    model = model_of(service)
    for name in model.operation_names:
        if xform_name(name, "-") == command:
            return model.operation_model(name)
    raise Refused(f"no command {service} {command}")


def options_of(operation: OperationModel) -> dict[str, str]:
    """Return the options of a command, without dashes, with the parameters that they give; common ones give none."""
    service = str(operation.service_model.service_name)
    members = operation.input_shape.members if operation.input_shape else {}
    renamed = _RENAMED.get((service, xform_name(operation.name, "-")), {})
    names = {renamed.get(option := xform_name(name, "-"), option): name for name in members}
    return names | dict.fromkeys(EVERYWHERE | PAGING | FLAGS, "")


def parsed(words: Sequence[str]) -> Call:
    """Return the call of `aws SERVICE COMMAND …`. Raises Refused."""
    service, command, *rest = words
    operation = operation_of(service, command)
    members = operation.input_shape.members if operation.input_shape else {}
    names = options_of(operation)
    given: dict[str, Any] = {}
    beside: dict[str, str] = {}
    outfile = None
    while rest:
        word, *rest = rest
        if not word.startswith("--"):
            if (service, command) not in _POSITIONAL or outfile:
                raise Refused(f"{word} isn't expected")
            outfile = word
            continue
        option = word.removeprefix("--")
        values: list[str] = []
        while rest and not rest[0].startswith("--") and not (values and (service, command) in _POSITIONAL):
            values.append(rest.pop(0))
        if option in names and not names[option]:
            beside[option] = " ".join(values)
        elif option in names:
            given[names[option]] = _value(members[names[option]], values)
        elif option.startswith("no-") and option.removeprefix("no-") in names:
            given[names[option.removeprefix("no-")]] = False
        else:
            raise Refused(f"{service} {command} has no option {word}")
    if (service, command) in _POSITIONAL and not outfile:
        raise Refused(f"{service} {command} needs a file")
    missing = set(operation.input_shape.required_members if operation.input_shape else ()) - set(given)
    if missing:
        raise Refused(f"{service} {command} needs {sorted(missing)}")
    query, output = beside.pop("query", None), beside.pop("output", "json")
    if output not in ("json", "text"):
        raise Refused(f"--output {output}")
    beside.pop("cli-read-timeout", None)
    is_raw = beside.pop("cli-binary-format", "base64") == "raw-in-base64-out"
    if not is_raw and any(members[name].type_name == "blob" for name in given):
        raise Refused("a blob is read as base64 without --cli-binary-format raw-in-base64-out")
    if query:
        shown_shape(query, operation)
    return Call(operation, given, query, output == "text", beside, outfile)


def _value(shape: Shape, values: Sequence[str]) -> Any:
    """Return the value of an option. Raises Refused."""
    if isinstance(shape, ListShape) and not values[0].startswith("["):
        return [_value(shape.member, [each]) for each in values]
    if shape.type_name == "boolean" and not values:
        return True
    if len(values) != 1:
        raise Refused(f"{len(values)} values for {shape.name}")
    (text,) = values
    if isinstance(shape, StructureShape | ListShape) or shape.type_name == "map":
        if text[0] in "[{":
            return json.loads(text)
        return dict(pair.split("=", 1) for pair in text.split(","))
    if (allowed := getattr(shape, "enum", None)) and text not in allowed:
        raise Refused(f"{text} is none of {allowed}")
    if shape.type_name in ("integer", "long"):
        return int(text)
    if shape.type_name == "timestamp":
        return datetime.fromtimestamp(int(text), UTC)
    return text


def shown_shape(query: str, operation: OperationModel) -> None:
    """Raise Refused if the query names a field that the answer doesn't have."""
    _walk(jmespath.compile(query).parsed, operation.output_shape)


def _walk(node: Mapping[str, Any], shape: Shape | None) -> Shape | None:
    """Return the shape that a part of a query leads to from `shape`; None where it's no field of the answer."""
    kind, parts = node["type"], node.get("children", [])
    if kind == "field":
        if not isinstance(shape, StructureShape):
            return _member_of_map(shape, node["value"])
        if node["value"] not in shape.members:
            raise Refused(f"{shape.name} has no field {node['value']}")
        return shape.members[node["value"]]
    if kind in ("subexpression", "index_expression", "pipe"):
        for part in parts:
            shape = _walk(part, shape)
        return shape
    if kind in ("projection", "filter_projection", "flatten"):
        found = _walk(parts[0], shape)
        if not isinstance(found, ListShape):
            return found
        if kind == "flatten":
            return found
        for condition in parts[2:]:
            _walk(condition, found.member)
        _walk(parts[1], found.member)
        return found
    if kind == "index":
        return shape.member if isinstance(shape, ListShape) else None
    if kind == "function_expression":
        found = _walk(parts[0], shape)
        for part in parts[1:]:
            _walk(part["children"][0], found.member if isinstance(found, ListShape) else None)
        return found
    if kind in ("multi_select_list", "comparator"):
        for part in parts:
            _walk(part, shape)
        return None
    if kind in ("identity", "literal"):
        return shape
    raise Refused(f"{kind} in a query")


def _member_of_map(shape: Shape | None, name: str) -> Shape | None:
    if shape is not None and shape.type_name == "map":
        return shape.value  # type: ignore[attr-defined]  # of a MapShape
    raise Refused(f"no field {name} there")


def run(words: Sequence[str]) -> tuple[str, int]:
    """Run `aws WORDS`; returns what it prints, and its exit status."""
    try:
        if tuple(words[:2]) in _CUSTOM:
            return _CUSTOM[words[0], words[1]](*words[2:]), 0
        return _called(parsed(words)), 0
    except Refused as error:
        return f"aws: [ERROR]: {error}\n", 252
    except ParamValidationError as error:
        return f"aws: [ERROR]: {error}\n", 252
    except ClientError as error:
        return f"aws: [ERROR]: {error}\n", 254


def _called(call: Call) -> str:
    client, name = boto3.client(call.service), xform_name(call.operation.name)  # type: ignore[call-overload]
    if call.is_paginated and client.can_paginate(name):
        limits = {"MaxItems": call.paging.get("max-items"), "PageSize": call.paging.get("page-size")}
        answer = client.get_paginator(name).paginate(**call.parameters, PaginationConfig=limits).build_full_result()
    else:
        answer = getattr(client, name)(**call.parameters)
    answer.pop("ResponseMetadata", None)
    if call.outfile:
        Path(call.outfile).write_bytes(answer.pop("Payload").read())
    if not answer:
        return ""
    shown = json.loads(json.dumps(answer, default=lambda moment: moment.isoformat()))
    shown = jmespath.search(call.query, shown) if call.query else shown
    return _text(shown) if call.text else json.dumps(shown, indent=4) + "\n"


def _text(shown: Any) -> str:
    """Format scalars, and lists of them, one line each."""
    rows = shown if isinstance(shown, list) and shown and isinstance(shown[0], list) else [shown]
    return "".join("\t".join(map(str, row if isinstance(row, list) else [row])) + "\n" for row in rows if row != [])


def _tail(group: str, option: str, age: str) -> str:
    """`aws logs tail GROUP --since AGE`, which isn't an operation of the service."""
    found = re.fullmatch(r"(\d+)h", age)
    if option != "--since" or not found:
        raise Refused(f"{option} {age}")
    since = datetime.now(UTC) - timedelta(hours=int(found[1]))
    pages = boto3.client("logs").get_paginator("filter_log_events")
    lines = pages.paginate(logGroupName=group, startTime=int(since.timestamp() * 1000)).search("events[]")
    return "".join(f"{line['timestamp']} {line['logStreamName']} {line['message']}\n" for line in lines if line)


def _copy(option: str, source: str, target: str) -> str:
    """`aws s3 cp --recursive s3://BUCKET/PREFIX FOLDER`."""
    if option != "--recursive" or not source.startswith("s3://"):
        raise Refused(f"s3 cp {option} {source}")
    bucket, _, prefix = source.removeprefix("s3://").partition("/")
    s3 = boto3.client("s3")
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for found in page.get("Contents", []):
            file = Path(target) / found["Key"].removeprefix(prefix)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(s3.get_object(Bucket=bucket, Key=found["Key"])["Body"].read())
    return ""


_CUSTOM: dict[tuple[str, str], Callable[..., str]] = {("logs", "tail"): _tail, ("s3", "cp"): _copy}
