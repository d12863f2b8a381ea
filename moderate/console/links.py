"""Way into the console on the loopback: a link that works once, and the session that it is exchanged for."""

import hmac
import secrets
from threading import Lock


class Links:
    """One-time tokens and the sessions made from them, in memory alone. Sessions end with the process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._token = secrets.token_urlsafe(32)
        self._sessions: list[str] = []

    @property
    def token(self) -> str:
        """The token that wasn't used yet."""
        with self._lock:
            return self._token

    def exchange(self, token: str) -> str | None:
        """Return a session for the token, which is used up and replaced by another; None for any other token."""
        with self._lock:
            if not _same(token, self._token):
                return None
            self._token = secrets.token_urlsafe(32)
            self._sessions.append(secrets.token_urlsafe(32))
            return self._sessions[-1]

    def knows(self, session: str) -> bool:
        """Tell if a session was made from a token."""
        with self._lock:
            return any(_same(session, made) for made in self._sessions)


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
