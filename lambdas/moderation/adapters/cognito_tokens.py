"""Access tokens of the console's user pool, verified by the keys that the pool publishes."""

import json
import time
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import jwt

from moderation.adapters.faults import store_faults
from moderation.errors import Misconfigured, StoreUnavailable, TokenRefused

_TIMEOUT_S = 3
_LEEWAY_S = 30  # a token may end between API Gateway's check and this one
_KEPT_S = 6 * 3600  # Cognito's keys change rarely, and one that isn't known is looked for again
_READ_AGAIN_S = 30  # at most as often: a token that isn't the pool's may be one of a new pool or client
_REFUSED = "Sign in again: your sign-in has ended, or isn't one of this console."


@dataclass(frozen=True)
class Issuer:
    """The pool that issues tokens, the client that they are for, and the address of the keys."""

    issuer: str
    client: str
    keys: str


class CognitoTokens:
    """Tokens of the issuer that a parameter names, which the console's stack writes."""

    def __init__(self, client: Any, parameter: str) -> None:
        self._client, self._parameter = client, parameter
        self._read_at = 0.0

    def subject_of(self, token: str) -> str:
        """Return who a token was issued to, verified. Raises TokenRefused, StoreUnavailable, Misconfigured."""
        try:
            return self._verified(token)
        except TokenRefused:
            if time.monotonic() - self._read_at < _READ_AGAIN_S:
                raise
        for name in ("_issuer", "_keys"):
            self.__dict__.pop(name, None)
        return self._verified(token)

    def _verified(self, token: str) -> str:
        issuer = self._issuer
        try:
            key = self._keys.get_signing_key_from_jwt(token)
            claims = jwt.decode(
                token,
                key,
                algorithms=["RS256"],
                issuer=issuer.issuer,
                leeway=_LEEWAY_S,
                options={"require": ["exp", "iss", "sub"], "verify_aud": False},  # access tokens have a client instead
            )
        except jwt.PyJWKClientConnectionError as error:
            raise StoreUnavailable("The keys of the user pool can't be read: try again.") from error
        except jwt.PyJWTError as error:
            raise TokenRefused(_REFUSED) from error
        if (claims.get("token_use"), claims.get("client_id")) != ("access", issuer.client):
            raise TokenRefused(_REFUSED)
        return str(claims["sub"])

    @cached_property
    def _keys(self) -> jwt.PyJWKClient:
        return jwt.PyJWKClient(self._issuer.keys, lifespan=_KEPT_S, timeout=_TIMEOUT_S)

    @cached_property
    def _issuer(self) -> Issuer:
        self._read_at = time.monotonic()
        with store_faults(f"Parameter {self._parameter}"):
            stored = json.loads(self._client.get_parameter(Name=self._parameter)["Parameter"]["Value"])
        try:
            return Issuer(**{field.name: str(stored[field.name]) for field in fields(Issuer)})
        except KeyError as error:
            raise Misconfigured(f"Parameter {self._parameter} names no {error}: deploy ModerationConsole.") from error
