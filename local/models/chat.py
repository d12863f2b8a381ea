"""Conversation with a judge, independent of the request's dialect."""

from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class Message:
    """Message of the `system`, the `user` or the `assistant`."""

    role: str
    content: str


@dataclass(frozen=True)
class Chat:
    """Request to a judge. `schema` is a JSON schema for the answer, which a judge may ignore."""

    messages: tuple[Message, ...]
    max_new_tokens: int
    schema: dict[str, Any] | None = None


@dataclass(frozen=True)
class Completion:
    """Answer of a judge. `cut` is True if it was truncated at `max_new_tokens`."""

    text: str
    tokens: int
    cut: bool = False


class JudgeFailed(Exception):
    """The judge failed; `status` is the status that its container would answer with."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Judge(Protocol):
    """Model that completes chats; `one_at_a_time` if this machine can't work on several at once."""

    name: str
    stand_in: bool
    one_at_a_time: bool

    def complete(self, chat: Chat) -> Completion:
        """Answer the chat. Raises JudgeFailed."""
