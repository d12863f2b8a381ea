"""Llama 2's own chat format: `<s>[INST] <<SYS>> system <</SYS>> user [/INST] assistant </s><s>[INST] ...`."""

import re

from local.models.chat import Message

_TURN = re.compile(r"\[INST\](.*?)\[/INST\](.*?)(?=<s>|\[INST\]|$)", re.DOTALL)
_SYSTEM = re.compile(r"\s*<<SYS>>\n?(.*?)\n?<</SYS>>(.*)", re.DOTALL)


def parse(prompt: str) -> tuple[Message, ...]:
    """Return the messages of a prompt; text without `[INST]` is one user message."""
    turns = _TURN.findall(prompt)
    if not turns:
        return (Message("user", prompt.removeprefix("<s>").strip()),)
    messages: list[Message] = []
    for user, assistant in turns:
        system = _SYSTEM.fullmatch(user)
        if system:
            messages.append(Message("system", system[1].strip()))
            user = system[2]
        messages.append(Message("user", user.strip()))
        if answer := assistant.removesuffix("</s>").strip().removesuffix("</s>").strip():
            messages.append(Message("assistant", answer))
    return tuple(messages)


def render(messages: tuple[Message, ...]) -> str:
    """Return the prompt for messages that start with at most one system message and end with a user message."""
    system = "".join(f"<<SYS>>\n{m.content}\n<</SYS>>\n\n" for m in messages if m.role == "system")
    prompt = ""
    for message in messages:
        if message.role == "user":
            prompt += f"<s>[INST] {system}{message.content} [/INST]"
            system = ""
        elif message.role == "assistant":
            prompt += f" {message.content} </s>"
    return prompt
