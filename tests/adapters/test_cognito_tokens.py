"""Access tokens, verified by the keys that a user pool publishes; the laptop cloud's own are in `tests/workflow`."""

import json
import time
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import jwt
import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.asymmetric import rsa

from moderation.adapters.cognito_tokens import CognitoTokens
from moderation.errors import Misconfigured, StoreUnavailable, TokenRefused

ISSUER, CLIENT = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_abc", "page"
KEY, NEXT_KEY = (rsa.generate_private_key(65537, 2048) for _ in range(2))


class Keys(ThreadingHTTPServer):
    """The pool's keys on the loopback; `asked` counts the requests."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.asked, self.status, self.keys = 0, 200, {"k1": KEY}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/jwks.json"


class _Answer(BaseHTTPRequestHandler):
    server: Keys

    def do_GET(self) -> None:
        self.server.asked += 1
        as_dict = partial(jwt.algorithms.RSAAlgorithm.to_jwk, as_dict=True)
        named = [{**as_dict(key.public_key()), "kid": kid, "use": "sig"} for kid, key in self.server.keys.items()]
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write(json.dumps({"keys": named}).encode())

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""


@pytest.fixture
def keys() -> Iterator[Keys]:
    with Keys() as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


class Parameters:
    """Parameter Store with one value, or an error."""

    def __init__(self, value: Any) -> None:
        self._value, self.read = value, 0

    def get_parameter(self, Name: str) -> Any:  # noqa: N803 - boto3's name
        self.read += 1
        if isinstance(self._value, Exception):
            raise self._value
        return {"Parameter": {"Name": Name, "Value": json.dumps(self._value)}}


def tokens(keys: Keys) -> CognitoTokens:
    stored = {"issuer": ISSUER, "client": CLIENT, "keys": keys.url}
    return CognitoTokens(Parameters(stored), "/Moderation/console-tokens")


def token(key: Any = KEY, kid: str = "k1", algorithm: str = "RS256", **claims: Any) -> str:
    said = {"iss": ISSUER, "client_id": CLIENT, "token_use": "access", "sub": "s-anna", "exp": time.time() + 300}
    return jwt.encode({k: v for k, v in (said | claims).items() if v is not None}, key, algorithm, {"kid": kid})


def test_a_token_says_who_it_was_issued_to_and_the_keys_are_read_once(keys):
    verified = tokens(keys)

    assert {verified.subject_of(token(sub=f"s-{number}")) for number in range(3)} == {"s-0", "s-1", "s-2"}
    assert keys.asked == 1


def test_a_new_key_of_the_pool_is_found(keys, monkeypatch):
    verified = tokens(keys)
    verified.subject_of(token())
    keys.keys["k2"] = NEXT_KEY
    monkeypatch.setattr(verified._keys, "cooldown_duration", 0)  # half a minute in which unknown keys ask for nothing

    assert verified.subject_of(token(NEXT_KEY, "k2")) == "s-anna"


@pytest.mark.parametrize(
    ("changed", "claims"),
    [
        ({"issuer": f"{ISSUER}d"}, {"iss": f"{ISSUER}d"}),
        ({"client": "page-2"}, {"client_id": "page-2"}),
        ({"issuer": f"{ISSUER}d", "keys": "other"}, {"iss": f"{ISSUER}d", "key": NEXT_KEY, "kid": "k2"}),
    ],
)
def test_a_new_pool_or_client_is_found_and_looked_for_at_most_every_half_a_minute(keys, monkeypatch, changed, claims):
    stored = {"issuer": ISSUER, "client": CLIENT, "keys": keys.url}
    parameters = Parameters(stored)
    verified = CognitoTokens(parameters, "/Moderation/console-tokens")
    verified.subject_of(token())
    if changed.pop("keys", ""):
        keys.keys = {"k2": NEXT_KEY}
    stored |= changed

    with pytest.raises(TokenRefused):
        verified.subject_of(token(**claims))
    assert parameters.read == 1
    monkeypatch.setattr("moderation.adapters.cognito_tokens._READ_AGAIN_S", 0)

    assert verified.subject_of(token(**claims)) == "s-anna"


def test_a_token_that_ends_while_its_request_is_answered_counts(keys):
    assert tokens(keys).subject_of(token(exp=time.time() - 5)) == "s-anna"


SECRET = "x" * 32
BAD = {
    "empty": lambda: "",
    "no token": lambda: "abc",
    "ended": lambda: token(exp=time.time() - 31),
    "without an end": lambda: token(exp=None),
    "without a person": lambda: token(sub=None),
    "of another pool": lambda: token(iss=f"{ISSUER}d"),
    "of another client": lambda: token(client_id="app"),
    "without a client": lambda: token(client_id=None),
    "of another kind": lambda: token(token_use="id"),
    "by another key": lambda: token(NEXT_KEY),
    "by a key that isn't the pool's": lambda: token(NEXT_KEY, "k9"),
    "by a shared secret": lambda: token(SECRET, algorithm="HS256"),
    "unsigned": lambda: token("", algorithm="none"),
}


@pytest.mark.parametrize("kind", BAD)
def test_what_is_not_a_persons_own_token_is_refused(keys, kind):
    given = BAD[kind]()

    with pytest.raises(TokenRefused, match="Sign in again") as refused:
        tokens(keys).subject_of(given)

    assert not given or given not in f"{refused.value}{refused.value.__cause__}"


def test_without_the_keys_nobody_is_let_in_and_it_can_be_tried_again(keys):
    keys.status = 503
    verified = tokens(keys)

    with pytest.raises(StoreUnavailable, match="keys"):
        verified.subject_of(token())
    keys.status = 200
    assert verified.subject_of(token()) == "s-anna"


def test_a_server_that_does_not_answer_does_not_hold_anybody_up(keys, monkeypatch):
    monkeypatch.setattr("moderation.adapters.cognito_tokens._TIMEOUT_S", 0.1)
    monkeypatch.setattr(_Answer, "do_GET", lambda self: time.sleep(1))

    with pytest.raises(StoreUnavailable):
        tokens(keys).subject_of(token())


@pytest.mark.parametrize(
    "stored", [ClientError({"Error": {"Code": "ParameterNotFound"}}, "GetParameter"), {"issuer": ISSUER}]
)
def test_without_the_consoles_stack_nobody_is_let_in(stored):
    with pytest.raises(Misconfigured, match="/Moderation/console-tokens"):
        CognitoTokens(Parameters(stored), "/Moderation/console-tokens").subject_of(token())
