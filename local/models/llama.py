"""Endpoint `llama`: a judge behind the request formats of its containers."""

import json
from typing import Any

from local.models.chat import Judge, JudgeFailed
from local.models.container import Reply
from local.models.dialects import dialect_of


class LlamaEndpoint:
    """Translates requests to chats and completions to answers."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge

    def invoke(self, body: bytes, attributes: str) -> Reply:
        """Answer a request in its own dialect."""
        try:
            data = _json_object(body)
            dialect = dialect_of(data)
            completion = self._judge.complete(dialect.read(data, attributes))
        except JudgeFailed as problem:
            failure = {
                "code": problem.status,
                "message": "prediction failure",
                "error": str(problem),
            }  # as DJL reports it
            return Reply(problem.status, json.dumps(failure).encode())
        return Reply(200, json.dumps(dialect.write(data, completion)).encode())

    def close(self) -> None:
        """Do nothing: the endpoint holds no resources."""


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        data = json.loads(body)
    except ValueError:
        raise JudgeFailed(400, "The body must be JSON.") from None
    if not isinstance(data, dict):
        raise JudgeFailed(400, "The body must be a JSON object.")
    return data
