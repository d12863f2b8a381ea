"""Protocols: moto reads `&Action=` in an object's key or a message as the request's action, and runs that.

No upstream issue found as of November 2026. It builds a service's routes upon the first request, which on Python before
3.11.8 fails now and then if two come at once (https://github.com/python/cpython/pull/113035).
"""

from typing import Any
from urllib.parse import parse_qs

from moto.core.responses import BaseResponse
from moto.core.routing import get_service_router


def install() -> None:
    """Read a request's action only where its protocol has it: in the header, the form, the query or the path."""
    get = BaseResponse._get_action

    def get_action(self: Any) -> Any:
        if self.service_name == "s3":  # moto routes these by path before it names the action
            return get(self)
        if target := self.headers.get("x-amz-target"):
            return target.rpartition(".")[2]
        if "Action" in self.normalized_request.form or "Action" in parse_qs(self.parsed_url.query):
            return get(self)
        return self._get_action_from_method_and_request_uri(self.normalized_request)

    BaseResponse._get_action = get_action
    get_service_router("lambda")._get_router("rest-json")  # the only routes by path that many ask for at once
