"""HTTP on the loopback for one person: the page's files, the exchange of the link's token, and the API.

Other pages in the same browser can reach this port: requests must name exactly this host, come from this origin, and
carry the session in a header, which no other origin can send.
"""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from moderate.console.links import Links
from moderate.console.page_files import PageFile, page_files

HOST = "127.0.0.1"
_MOST_BYTES = 64 * 1024
_SCHEME = "Bearer "

Api = Callable[[dict[str, Any]], Mapping[str, Any]]  # an event of an HTTP API → its answer


@dataclass(frozen=True)
class Answer:
    """An answer, with all its headers."""

    status: int
    body: bytes
    headers: Mapping[str, str]


class Console(ThreadingHTTPServer):
    """Server of the page and of an API on a free port of the loopback. `on_entry` is called when a link was used."""

    daemon_threads = True

    def __init__(self, api: Api, pictures: str, on_entry: Callable[[], None]) -> None:
        super().__init__((HOST, 0), _Handler)
        self.links = Links()
        self.files = page_files(pictures)
        self.on_entry = on_entry
        self._api, self._one_at_a_time = api, Lock()

    @property
    def origin(self) -> str:
        return f"http://{HOST}:{self.server_port}"

    @property
    def link(self) -> str:
        """The link that works once. Browsers send nobody what stands behind the #."""
        return f"{self.origin}/#{self.links.token}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print a failure, unless the browser has gone before its answer came."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    def ask(self, event: dict[str, Any]) -> Mapping[str, Any]:
        with self._one_at_a_time:  # the resolver keeps the event that it is answering
            return self._api(event)


class _Handler(BaseHTTPRequestHandler):
    server: Console
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "moderate", ""

    def do_GET(self) -> None:
        self._answer(self._get)

    def do_POST(self) -> None:
        self._answer(self._post)

    def do_OPTIONS(self) -> None:
        self._send(_refused(403, "No other page may ask this one."))

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse what is no request of the page's: another method, or what isn't HTTP."""
        self.close_connection = True
        self._send(_refused(405 if code == HTTPStatus.NOT_IMPLEMENTED else code, "The console asks by GET and POST."))

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing: paths name items."""

    def _answer(self, act: Callable[[bytes], Answer]) -> None:
        length = self.headers.get("Content-Length", "0")
        if not (length.isascii() and length.isdigit() and int(length) <= _MOST_BYTES):
            self.close_connection = True
            self._send(_refused(413, f"The body is over {_MOST_BYTES // 1024} KiB: send less."))
            return
        body = self.rfile.read(int(length))
        self._send(act(body) if self._is_ours() else _refused(403, "This isn't the address of the console."))

    def _is_ours(self) -> bool:
        """Tell if the request names this server as its host and comes from no other page."""
        origin = self.headers.get("Origin")
        by_itself = origin == self.server.origin or (origin is None and self.command == "GET")
        return by_itself and self.headers.get_all("Host") == [urlsplit(self.server.origin).netloc]

    def _get(self, body: bytes) -> Answer:
        url = urlsplit(self.path)
        if url.path.startswith("/api/"):
            return self._api(body)
        file = self.server.files.get(url.path)
        return _page(file) if file else _refused(404, "There is no such page.")

    def _post(self, body: bytes) -> Answer:
        if urlsplit(self.path).path == "/session":
            return self._enter()
        return self._api(body)

    def _enter(self) -> Answer:
        session = self.server.links.exchange(self._credential())
        if session is None:
            return _refused(403, "This link was used already: open the newest one that `moderate console` printed.")
        self.server.on_entry()
        return _json(200, {"session": session})

    def _api(self, body: bytes) -> Answer:
        if not self.server.links.knows(self._credential()):
            return _refused(403, "Open the newest link that `moderate console` printed.")
        said = self.server.ask(self._event(body))
        return Answer(said["statusCode"], said["body"].encode(), said["headers"])

    def _credential(self) -> str:
        given = self.headers.get("Authorization", "")
        return given.removeprefix(_SCHEME) if given.startswith(_SCHEME) else ""

    def _event(self, body: bytes) -> dict[str, Any]:
        """Return the event that API Gateway makes of such a request (payload 2.0)."""
        url = urlsplit(self.path)
        return {
            "version": "2.0",
            "rawPath": url.path,
            "headers": {"content-type": self.headers.get("Content-Type", "")},
            "queryStringParameters": dict(parse_qsl(url.query, keep_blank_values=True)) or None,
            "requestContext": {"http": {"method": self.command, "path": url.path}, "stage": "$default"},
            "body": body.decode("utf-8", "replace") if body else None,
            "isBase64Encoded": False,
        }

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)


def _page(file: PageFile) -> Answer:
    return Answer(200, file.body, file.headers)


def _refused(status: int, message: str) -> Answer:
    return _json(status, {"message": message})


def _json(status: int, said: Mapping[str, str]) -> Answer:
    headers = {"Content-Type": "application/json", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return Answer(status, json.dumps(said).encode(), headers)
