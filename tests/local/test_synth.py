"""The laptop's template takes the judge's grammar from the environment."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import Mock

import pytest

from local import synth


@pytest.mark.parametrize(("given", "used"), [(None, "false"), ("", "false"), ("true", "true")])
def test_the_grammar_is_switched_by_a_variable(
    given: str | None, used: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[Sequence[str]] = []

    @contextmanager
    def child(name: str, command: Sequence[str], *_: object) -> Iterator[Mock]:
        commands.append(command)
        yield Mock()

    monkeypatch.setattr(synth, "child", child)
    monkeypatch.delenv("LLAMA_GRAMMAR", raising=False)
    if given is not None:
        monkeypatch.setenv("LLAMA_GRAMMAR", given)

    synth.synthesise(tmp_path, 96)

    assert f"llamaGrammar={used}" in commands[0]
