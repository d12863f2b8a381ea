"""Edit the values of a pack's questions in its file, and leave everything else of the text as it is."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import yaml

from moderate.failures import CommandFailed
from moderation.adapters.yaml_files import load_yaml
from moderation.domain.policy import Pack, Question, parse_pack
from moderation.errors import InvalidPolicy

_MARK = "# fitted"


@dataclass(frozen=True)
class _Edit:
    start: int
    end: int
    text: str


def with_fitted_values(text: str, pack: Pack, comments: Mapping[str, str]) -> str:
    """Return a pack's file with thresholds and temperatures of the questions in `comments`, by id, as `pack` has them.

    Each question gets its comment on a line of its own, in place of an earlier one. Raises CommandFailed if the text
    isn't written in a way that can be edited.
    """
    questions = {question.id: question for question in pack.questions if question.id in comments}
    edits = {edit for node in _question_nodes(text) for edit in _edits(text, node, questions)}
    edited = text
    for edit in sorted(edits, key=lambda one: (one.start, one.end), reverse=True):
        edited = edited[: edit.start] + edit.text + edited[edit.end :]
    edited = _commented(edited, {name: f"{_MARK} {name}: {words}" for name, words in comments.items()})
    try:
        is_right = parse_pack(load_yaml(edited, "the edited pack")) == pack
    except InvalidPolicy:
        is_right = False
    if not is_right:
        raise CommandFailed(
            "The fitted values can't be written into this file: write each question as a mapping of its own, without "
            "aliases."
        )
    return edited


def _question_nodes(text: str) -> Iterator[yaml.MappingNode]:
    root = yaml.compose(text, yaml.SafeLoader)
    for key, value in root.value if isinstance(root, yaml.MappingNode) else ():
        if key.value == "questions" and isinstance(value, yaml.SequenceNode):
            yield from (node for node in value.value if isinstance(node, yaml.MappingNode))


def _edits(text: str, node: yaml.MappingNode, questions: Mapping[str, Question]) -> Iterator[_Edit]:
    entries = {key.value: (key, value) for key, value in node.value if isinstance(key, yaml.ScalarNode)}
    question = questions.get(entries["id"][1].value)
    if question is None:
        return
    wanted = {"threshold": f"{question.threshold:.2f}", "temperature": f"{question.temperature:g}"}
    for name, value in wanted.items():
        if name in entries:
            old = entries[name][1]
            yield _Edit(old.start_mark.index, old.end_mark.index, value)
    missing = [f"{name}: {value}" for name, value in wanted.items() if name not in entries]
    if not missing:
        return
    if node.flow_style:
        end = node.value[-1][1].end_mark.index
        yield _Edit(end, end, "".join(f", {entry}" for entry in missing))
    else:
        key, value = entries["id"]  # a text on one line
        end = _line_end(text, value.end_mark.index)
        yield _Edit(end, end, "".join(f"{_newline(text)}{' ' * key.start_mark.column}{entry}" for entry in missing))


def _commented(text: str, comments: Mapping[str, str]) -> str:
    """Return the text with a comment above the line in which each question starts."""
    lines = text.splitlines(keepends=True)
    starts = {
        value.value: node.start_mark.line
        for node in _question_nodes(text)
        for key, value in node.value
        if key.value == "id" and value.value in comments
    }
    for name, line in sorted(starts.items(), key=lambda start: start[1], reverse=True):
        indent = re.match(r" *", lines[line])
        above = f"{indent[0] if indent else ''}{comments[name]}{_newline(text)}"
        known = line
        while known > 0 and lines[known - 1].lstrip().startswith(_MARK):
            known -= 1
            if lines[known].lstrip().startswith(f"{_MARK} {name}:"):
                lines[known] = above
                break
        else:
            lines.insert(line, above)
    return "".join(lines)


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _line_end(text: str, start: int) -> int:
    found = re.compile(r"\r?\n|\Z").search(text, start)
    return found.start() if found else len(text)
