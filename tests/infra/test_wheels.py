"""The imaging layer's wheels are those that the lock names, or there is no layer."""

import hashlib
from pathlib import Path

import pytest

from stacks.wheels import MissingWheels, locked_wheels


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(f"thing==1.0 --hash=sha256:{hashlib.sha256(b'good').hexdigest()}\n")
    return requirements


def test_a_wheel_is_known_by_its_content(lock: Path, tmp_path: Path) -> None:
    (tmp_path / "any_name.whl").write_bytes(b"good")
    (tmp_path / "another.whl").write_bytes(b"another platform's")

    assert locked_wheels(lock, tmp_path) == [tmp_path / "any_name.whl"]


@pytest.mark.parametrize("content", [None, b"tampered with"])
def test_without_the_right_wheel_the_error_says_how_to_get_it(
    content: bytes | None, lock: Path, tmp_path: Path
) -> None:
    if content:
        (tmp_path / "thing-1.0.whl").write_bytes(content)

    with pytest.raises(MissingWheels, match="make setup"):
        locked_wheels(lock, tmp_path)
