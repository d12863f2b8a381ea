"""A cold start imports a handler: nothing slow may come with it."""

import pkgutil
import subprocess
import sys

from moderation import handlers

LOOK = """
import importlib, sys
for name in sys.argv[1:]:
    importlib.import_module(f"moderation.handlers.{name}")
    assert not {"pydantic", "pydantic_core"} & sys.modules.keys(), f"{name} imports pydantic"
"""


def test_no_handler_imports_pydantic() -> None:
    """Importing it took 117 ms; parsing with it isn't worth that much of every cold start."""
    names = [module.name for module in pkgutil.iter_modules(handlers.__path__)]
    assert names

    done = subprocess.run([sys.executable, "-c", LOOK, *names], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
