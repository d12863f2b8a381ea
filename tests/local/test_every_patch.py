"""Every patch is checked on stock moto, and says what was found of it upstream."""

import importlib
import pkgutil
import re
from pathlib import Path

import pytest

from local.cloud import moto_patches

MODULES = {
    module.name: importlib.import_module(f"{moto_patches.__name__}.{module.name}")
    for module in pkgutil.iter_modules(moto_patches.__path__)
}
PATCHES = {name: module for name, module in MODULES.items() if hasattr(module, "install")}
FOUND = r"https://github.com/getmoto/moto/(issues|pull)/\d+|No upstream issue found as of \w+ \d{4}|nothing to fix"


def test_the_rest_of_the_modules_are_helpers() -> None:
    assert MODULES.keys() - PATCHES.keys() == {"cloudformation", "dead_letters", "events", "index_order", "map_run"}


def test_each_patch_has_its_checks() -> None:
    checks = {path.stem.removeprefix("test_") for path in (Path(__file__).parent / "moto_patches").glob("test_*.py")}

    assert checks == PATCHES.keys()


@pytest.mark.parametrize("name", PATCHES)
def test_each_patch_says_what_was_found_upstream(name: str) -> None:
    assert re.search(FOUND, " ".join((PATCHES[name].__doc__ or "").split()))
