"""Things that workers share are made by one of them."""

from pathlib import Path

import pytest

from tests.support.workers import made_once


def test_a_folder_is_made_once(tmp_path_factory: pytest.TempPathFactory) -> None:
    made: list[Path] = []

    def make(folder: Path) -> None:
        folder.mkdir()
        (folder / "file").write_text("content")
        made.append(folder)

    first = made_once(tmp_path_factory, "test-workers-once", make)
    second = made_once(tmp_path_factory, "test-workers-once", make)

    assert first == second
    assert (first / "file").read_text() == "content"
    assert len(made) == 1


def test_what_failed_to_be_made_is_not_taken_for_made(tmp_path_factory: pytest.TempPathFactory) -> None:
    def fail(folder: Path) -> None:
        folder.mkdir()
        raise ValueError("half of it")

    for _ in range(2):
        with pytest.raises(ValueError, match="half of it"):
            made_once(tmp_path_factory, "test-workers-failed", fail)
