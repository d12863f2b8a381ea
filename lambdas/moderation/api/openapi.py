"""The OpenAPI document of the table of routes: `python -m moderation.api.openapi` writes it."""

import json
import sys
from typing import Any

from moderation.api.app_table import APP_ROUTES
from moderation.api.bodies import Field
from moderation.api.table import PEOPLES_ROUTES, Route

_SENTENCE = {"description": "", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Refusal"}}}}
_REFUSALS = {
    "400": "The request can't be understood: the sentence names the field.",
    "401": "The request carries no person.",
    "404": "There is nothing here, or not for this person: the two look alike.",
    "409": "It isn't so any more: somebody else has it, or it was decided. The sentence says what happened.",
    "503": "The store is busy, and this may not have been done: try again.",
}


def document() -> dict[str, Any]:
    """Return the whole document."""
    paths: dict[str, dict[str, Any]] = {}
    for route in PEOPLES_ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    for route in APP_ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route) | {"security": [{"app": []}]}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Review of moderated images", "version": "1"},
        "paths": paths,
        "components": {
            "schemas": {
                "Refusal": {
                    "type": "object",
                    "properties": {"message": {"type": "string"}},
                    "required": ["message"],
                }
            },
            "securitySchemes": {
                "person": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "app": {
                    "type": "apiKey",
                    "name": "Authorization",
                    "in": "header",
                    "description": "A signature of AWS (version 4) by the app's role.",
                },
            },
        },
        "security": [{"person": []}],
    }


def text() -> str:
    """Return the document as it is committed."""
    return json.dumps(document(), indent=1, ensure_ascii=False) + "\n"


def _operation(route: Route) -> dict[str, Any]:
    named = [word[1:-1] for word in route.path.split("/") if word.startswith("{")]
    in_path = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in named]
    in_query = [
        {"name": name, "in": "query", "required": not field.optional, "schema": field.schema()}
        for name, field in route.query.items()
    ]
    return {
        "operationId": route.name,
        "summary": route.summary,
        "x-right": route.right,
        "parameters": [*in_path, *in_query],
        **({"requestBody": _body(route.body)} if route.body else {}),
        "responses": {
            "200": {"description": "Done.", "content": {"application/json": {"schema": {"type": "object"}}}},
            **{status: _SENTENCE | {"description": why} for status, why in _REFUSALS.items()},
        },
    }


def _body(fields: "dict[str, Field]") -> dict[str, Any]:
    schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {name: field.schema() for name, field in fields.items()},
        "required": [name for name, field in fields.items() if not field.optional],
    }
    return {"required": bool(schema["required"]), "content": {"application/json": {"schema": schema}}}


if __name__ == "__main__":
    sys.stdout.write(text())
