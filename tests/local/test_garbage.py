"""The laptop cloud's searches for garbage."""

import subprocess
import sys

SEARCHED = """
import gc
from local.cloud.garbage import search_new_objects_only

{install}
stored = [[number] for number in range(300_000)]
searched = []
gc.callbacks.append(lambda phase, info: searched.append(len(gc.get_objects())) if phase == "start" else None)
more = [[number] for number in range(300_000)]
gc.collect()
print(max(searched), len(stored) + len(more))
"""


def searched(install: str) -> list[int]:
    """The most objects that one search went through, and how many were stored."""
    run = [sys.executable, "-c", SEARCHED.format(install=install)]
    said = subprocess.run(run, capture_output=True, text=True, check=True).stdout
    return [int(number) for number in said.split()]


def test_a_search_leaves_out_what_is_stored_since_long() -> None:
    most, stored = searched("search_new_objects_only()")
    of_python, _ = searched("")

    assert most < stored / 2 < stored < of_python
