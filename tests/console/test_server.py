"""The server on the loopback: what gets in, by which link, and what other pages in the same browser get."""

import json
import socket
import struct
from collections.abc import Iterator
from http.client import HTTPConnection
from threading import Event, Thread
from typing import Any

import pytest

from moderate.console.server import HOST, Console


class Asked(list[dict[str, Any]]):
    """An API that remembers the events and answers with the path."""

    def __call__(self, event: dict[str, Any]) -> dict[str, Any]:
        self.append(event)
        body = json.dumps({"path": event["rawPath"]})
        return {"statusCode": 200, "body": body, "headers": {"Content-Type": "application/json"}}


@pytest.fixture
def asked() -> Asked:
    return Asked()


@pytest.fixture
def entries() -> list[str]:
    return []


@pytest.fixture
def server(asked, entries) -> Iterator[Console]:
    with Console(asked, "http://pictures.example", lambda: entries.append(console.link)) as console:
        thread = Thread(target=console.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield console
        console.shutdown()
        thread.join()


def ask(server, method: str, path: str, body: str | None = None, **headers: str) -> tuple[int, Any]:
    """Ask as the page does, unless headers say otherwise; one that is empty isn't sent."""
    own = {"Host": f"127.0.0.1:{server.server_port}", "Origin": server.origin} if method == "POST" else {}
    sent = own | headers
    connection = HTTPConnection("127.0.0.1", server.server_port, timeout=5)
    try:
        connection.putrequest(method, path, skip_host="Host" in sent)
        for name, value in sent.items():
            if value:
                connection.putheader(name, value)
        data = (body or "").encode()
        if method == "POST":
            connection.putheader("Content-Length", str(len(data)))
        connection.endheaders(data)
        answer = connection.getresponse()
        text = answer.read()
        is_json = answer.headers["Content-Type"] == "application/json"
        return answer.status, json.loads(text) if is_json else text.decode()
    finally:
        connection.close()


def enter(server) -> str:
    status, said = ask(server, "POST", "/session", Authorization=f"Bearer {server.links.token}")
    assert status == 200
    return str(said["session"])


def test_the_page_is_there_and_nothing_else_of_the_disk(server) -> None:
    assert "<title>Review</title>" in ask(server, "GET", "/")[1]
    for path in ("/../server.py", "/%2e%2e/server.py", "/vendor", "/vendor/SOURCES.json", "//etc/passwd"):
        assert ask(server, "GET", path)[0] == 404, path


def test_a_link_works_once_and_another_is_made_when_it_was_used(server, entries) -> None:
    token = server.links.token
    session = enter(server)

    assert ask(server, "POST", "/session", Authorization=f"Bearer {token}")[0] == 403
    assert entries == [server.link] and token not in server.link
    assert ask(server, "GET", "/api/me", Authorization=f"Bearer {session}") == (200, {"path": "/api/me"})
    assert enter(server) != session


@pytest.mark.parametrize("credential", ["", "Bearer ", "Bearer wrong", "Basic eDp5", "Bearer é"])
def test_the_api_is_closed_without_the_session(server, asked, credential) -> None:
    enter(server)
    for method in ("GET", "POST"):
        assert ask(server, method, "/api/me", Authorization=credential)[0] == 403
    assert asked == []


def test_the_link_is_no_session_and_a_session_no_link(server, asked) -> None:
    session = enter(server)

    assert ask(server, "GET", "/api/me", Authorization=f"Bearer {server.links.token}")[0] == 403
    assert ask(server, "POST", "/session", Authorization=f"Bearer {session}")[0] == 403


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost:{port}", "127.0.0.1", "127.0.0.1:1", "evil.example:{port}"]
)
@pytest.mark.parametrize("path", ["/", "/api/me"])
def test_another_name_for_this_address_gets_nothing(server, asked, host, path) -> None:
    session = enter(server)
    named = host.format(port=server.server_port)

    assert ask(server, "GET", path, Host=named, Authorization=f"Bearer {session}")[0] == 403
    assert asked == []


@pytest.mark.parametrize("origin", ["", "null", "http://evil.example", "http://127.0.0.1:1", "http://localhost:{port}"])
@pytest.mark.parametrize("path", ["/session", "/api/next"])
def test_pages_of_other_origins_change_nothing(server, asked, origin, path) -> None:
    session, token = enter(server), server.links.token
    credential = token if path == "/session" else session
    sent = origin.format(port=server.server_port)

    assert ask(server, "POST", path, "{}", Origin=sent, Authorization=f"Bearer {credential}")[0] == 403
    assert asked == []
    assert server.links.token == token


def test_no_other_page_is_told_that_it_may_ask(server) -> None:
    status, _ = ask(server, "OPTIONS", "/api/me", Origin="http://evil.example")

    assert status == 403


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "<script>"])
@pytest.mark.parametrize("host", ["", "evil.example"])
def test_other_methods_get_a_sentence_and_reach_nothing(server, asked, method, host) -> None:
    session = enter(server)
    status, said = ask(server, method, "/api/me", Host=host, Authorization=f"Bearer {session}")

    assert (status, said) == (405, {"message": "The console asks by GET and POST."})
    assert asked == []


def test_a_browser_that_has_gone_before_its_answer_leaves_nothing_on_the_terminal(server, monkeypatch, capsys) -> None:
    session, gone, over = enter(server), Event(), Event()

    def ended(request: socket.socket) -> None:
        request.close()
        over.set()

    said = {"statusCode": 200, "body": "x", "headers": {}}
    monkeypatch.setattr(server, "_api", lambda event: said if gone.wait(5) else {})
    with socket.create_connection((HOST, server.server_port)) as browser:
        browser.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # closing resets
        headers = f"Host: {HOST}:{server.server_port}\r\nAuthorization: Bearer {session}\r\n"
        browser.sendall(f"GET /api/queue HTTP/1.1\r\n{headers}\r\n".encode())
        monkeypatch.setattr(server, "shutdown_request", ended)
    gone.set()

    assert over.wait(5)
    assert capsys.readouterr().err == ""


def test_a_request_reaches_the_api_as_an_event_of_api_gateway(server, asked) -> None:
    session = enter(server)
    ask(server, "POST", "/api/items/a/park?x=1&x=2", '{"until": "é"}', Authorization=f"Bearer {session}")

    [event] = asked
    assert event["requestContext"]["http"] == {"method": "POST", "path": "/api/items/a/park"}
    assert event["body"] == '{"until": "é"}'
    assert session not in json.dumps(event)


@pytest.mark.parametrize("length", ["65537", "-1", "many"])
def test_a_body_that_is_too_long_is_not_read(server, asked, length) -> None:
    connection = HTTPConnection("127.0.0.1", server.server_port, timeout=5)
    connection.putrequest("POST", "/api/next")
    connection.putheader("Content-Length", length)
    connection.endheaders()

    assert connection.getresponse().status == 413
    assert asked == []
    connection.close()
