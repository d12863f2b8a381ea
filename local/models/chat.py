"""A conversation with a judge, whichever dialect it came in."""

from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class Message:
    """What the `system`, the `user` or the `assistant` said."""

    role: str
    content: str


@dataclass(frozen=True)
class Chat:
    """What a judge is asked. `schema` is a JSON schema that the answer should follow, if the judge can."""

    messages: tuple[Message, ...]
    max_new_tokens: int
    schema: dict[str, Any] | None = None


@dataclass(frozen=True)
class Completion:
    """What a judge answers. `cut` says that it stopped because of `max_new_tokens`."""

    text: str
    tokens: int
    cut: bool = False


class JudgeFailed(Exception):
    """The judge has no answer; `status` is what its container would say."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Judge(Protocol):
    """Something that completes chats."""

    name: str
    stand_in: bool

    def complete(self, chat: Chat) -> Completion:
        """Answer the chat. Raises JudgeFailed."""
