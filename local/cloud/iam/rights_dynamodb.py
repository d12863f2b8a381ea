"""Rights of requests to Amazon DynamoDB, with the condition keys of fine-grained access control.

Source: "Using IAM policy conditions for fine-grained access control", Amazon DynamoDB Developer Guide.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from local.cloud.iam.evaluate import AccessRequest
from local.cloud.iam.policy import Context
from local.cloud.iam.request import AwsRequest
from local.cloud.iam.resources import Resources, arn

_SINGLE = {"GetItem", "PutItem", "UpdateItem", "DeleteItem"}
_PARAMETERS = {"ReturnValues": "dynamodb:returnvalues", "Select": "dynamodb:select"}
_EXPRESSIONS = (
    "UpdateExpression",
    "ConditionExpression",
    "FilterExpression",
    "KeyConditionExpression",
    "ProjectionExpression",
)
_WORDS = {"SET", "REMOVE", "ADD", "DELETE", "AND", "OR", "NOT", "BETWEEN", "IN"}
_WORDS |= {"attribute_exists", "attribute_not_exists", "attribute_type", "begins_with", "contains", "size"}
_WORDS |= {"if_not_exists", "list_append"}


def rights_of(request: AwsRequest, resources: Resources) -> tuple[AccessRequest, ...] | None:
    """Return the rights that a request needs, None for an unknown request."""
    operation, given = request.operation, request.json
    if operation in _SINGLE:
        return (_of_item(operation, given["TableName"], given, resources),)
    if operation == "Query":
        return (_of_query(given, resources),)
    if operation == "BatchGetItem":
        return tuple(_of_batch(table, wanted["Keys"], resources) for table, wanted in given["RequestItems"].items())
    if operation == "TransactWriteItems":
        parts = [part for item in given["TransactItems"] for part in item.items()]
        return tuple(_of_part(kind, part, resources) for kind, part in parts)
    if operation in ("Scan", "DescribeTable", "DescribeTimeToLive"):
        return (AccessRequest(f"dynamodb:{operation}", _queried(given), _context(given, ())),)
    return None


def _of_part(kind: str, given: Mapping[str, Any], resources: Resources) -> AccessRequest:
    """Return the right of a part of a transaction ("Using IAM with DynamoDB transactions")."""
    return _of_item(f"{kind}Item", given["TableName"], given, resources)


def _of_item(operation: str, table: str, given: Mapping[str, Any], resources: Resources) -> AccessRequest:
    key = given.get("Key") or given["Item"]
    leading = _value(key[resources.hash_key(table, None)])
    return AccessRequest(f"dynamodb:{operation}", _table(table), _context(given, (leading,)))


def _of_query(given: Mapping[str, Any], resources: Resources) -> AccessRequest:
    table, index = given["TableName"], given.get("IndexName")
    names = given.get("ExpressionAttributeNames", {})
    wanted = resources.hash_key(table, index)
    equalities = re.findall(r"(#?[\w.]+)\s*=\s*(:\w+)", given["KeyConditionExpression"])
    values = given["ExpressionAttributeValues"]
    leading = tuple(_value(values[value]) for name, value in equalities if names.get(name, name) == wanted)
    return AccessRequest("dynamodb:Query", _queried(given), _context(given, leading))


def _of_batch(table: str, keys: list[Mapping[str, Any]], resources: Resources) -> AccessRequest:
    hash_key = resources.hash_key(table, None)
    leading = dict.fromkeys(_value(key[hash_key]) for key in keys)
    attributes = dict.fromkeys(name for key in keys for name in key)
    context = {"dynamodb:leadingkeys": tuple(leading), "dynamodb:attributes": tuple(attributes)}
    return AccessRequest("dynamodb:BatchGetItem", _table(table), context)


def _context(given: Mapping[str, Any], leading: tuple[str, ...]) -> Context:
    context: dict[str, tuple[str, ...]] = {
        key: (str(given[name]),) for name, key in _PARAMETERS.items() if name in given
    }
    context["dynamodb:attributes"] = _attributes(given)
    if leading:
        context["dynamodb:leadingkeys"] = leading
    return context


def _attributes(given: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the top-level attributes that a request names anywhere."""
    names = given.get("ExpressionAttributeNames", {})
    found = set(given.get("Key", {})) | set(given.get("Item", {}))
    for expression in _EXPRESSIONS:
        found.update(names.get(word, word) for word in _words(given.get(expression) or ""))
    return tuple(sorted(found))


@lru_cache(maxsize=1024)
def _words(expression: str) -> tuple[str, ...]:
    """Return the attributes or placeholders in an expression."""
    found = re.findall(r"(?<![\w.])#?[A-Za-z_]\w*", re.sub(r":\w+", "", expression))
    return tuple(word for word in found if word not in _WORDS)


def _value(typed: Mapping[str, Any]) -> str:
    return str(next(iter(typed.values())))


def _queried(given: Mapping[str, Any]) -> str:
    """Return the table or the index that a request reads."""
    return _table(given["TableName"]) + (f"/index/{given['IndexName']}" if "IndexName" in given else "")


def _table(name: str) -> str:
    return name if name.startswith("arn:") else arn("dynamodb", f"table/{name}")
