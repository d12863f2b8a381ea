"""`make mutate`: change the domain's code in one place at a time, and count the changes that no unit test notices.

mutmut works on a copy of the project, build/mutation, where the package lies in `src`. Prints a table; the survivors'
names stay in build/mutation/survivors.txt. Exit status 1 if less than LEAST_KILLED of the mutants was killed.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Mapping

from rich.console import Console
from rich.table import Table

from local.synth import PROJECT

TOOL = PROJECT / "build" / "mutmut"
COPY = PROJECT / "build" / "mutation"
SURVIVORS = COPY / "survivors.txt"
LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", "node_modules", "build", "cdk.out", "*cache*", "*.egg-info", ".hypothesis"
)
LEAST_KILLED = 0.80
KILLED = ("killed", "timeout", "segfault")  # a test noticed, or would never have ended

# Imported once, before the mutants part; nothing of ours, whose import a mutant may change, and no plug-in of pytest.
PRELOADED = (
    "PIL.Image",
    "aws_lambda_powertools",
    "boto3",
    "jsonschema",
    "numpy",
    "typer",
    "yaml",
)

# The seconds of `timeout_constant` are for the imports of each mutant's process, which mutmut doesn't count.
CONFIGURATION = """
[tool.mutmut]
source_paths = ["src"]
only_mutate = ["src/moderation/domain/*"]
also_copy = {copied}
pytest_add_cli_args = ["-p", "no:cacheprovider", "--hypothesis-seed=0", "-k", "not linear_time and not takes_no_time"]
pytest_add_cli_args_test_selection = {tests}
use_git_change_detection = false
timeout_constant = 60.0
process_isolation = "forkserver"
forkserver_warmup = "import"
preload_modules_file = "{preloaded}"
"""


def prepare() -> None:
    """Copy the project, and put the package where mutmut looks for it."""
    shutil.rmtree(COPY, ignore_errors=True)
    shutil.copytree(PROJECT, COPY, ignore=LEFT_OUT)
    copied = sorted(path.name for path in COPY.iterdir())
    shutil.copytree(COPY / "lambdas" / "moderation", COPY / "src" / "moderation")
    project = COPY / "pyproject.toml"
    settings = project.read_text().replace('pythonpath = ["lambdas", "."]', 'pythonpath = ["src", "."]')
    preloaded = COPY / "preloaded.txt"
    preloaded.write_text("\n".join(PRELOADED))
    project.write_text(settings + CONFIGURATION.format(copied=copied, tests=tests(), preloaded=preloaded))


def tests() -> list[str]:
    """The unit tests that run code of the package; others look at the project itself, which the copy isn't quite."""
    files = (COPY / "tests" / "unit").rglob("test_*.py")
    return sorted(str(file.relative_to(COPY)) for file in files if "from moderation" in file.read_text())


def mutmut(*arguments: str, capture: bool = False) -> str:
    """Run mutmut in the copy and return what it printed, if captured. Raises CalledProcessError if it fails."""
    done = subprocess.run(
        [sys.executable, "-m", "mutmut", *arguments],
        cwd=COPY,
        env={**os.environ, "PYTHONPATH": str(TOOL)},
        check=True,
        stdout=subprocess.PIPE if capture else None,
        text=True,
    )
    return done.stdout or ""


def statuses(results: str) -> dict[str, str]:
    """Mutant → its status, of those that were tried, from the lines of `mutmut results`."""
    found = re.findall(r"^\s*(\S+): (.+)$", results, re.MULTILINE)
    return {name: status for name, status in found if status != "not checked"}


def by_module(status_of: Mapping[str, str]) -> dict[str, Counter[str]]:
    """Module of the domain → how many of its mutants have each status."""
    counts: dict[str, Counter[str]] = {}
    for name, status in status_of.items():
        counts.setdefault(name.split(".")[2], Counter())[status] += 1
    return dict(sorted(counts.items()))


def killed_of(counts: Iterable[Counter[str]]) -> float:
    """The share of the mutants that a test noticed, in [0, 1]."""
    together = sum(counts, Counter[str]())
    return sum(together[status] for status in KILLED) / together.total()


def table(counts: Mapping[str, Counter[str]]) -> Table:
    made = Table("module", "mutants", "killed", "survived", "without a test", "share killed")
    for module, of_module in [*counts.items(), ("all", sum(counts.values(), Counter[str]()))]:
        killed = sum(of_module[status] for status in KILLED)
        left, untested = of_module["survived"], of_module["no tests"]
        made.add_row(module, *map(str, (of_module.total(), killed, left, untested)), f"{killed_of([of_module]):.0%}")
    return made


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("modules", nargs="*", help="modules of the domain, such as record (default: all)")
    parser.add_argument("--at-once", type=int, default=os.cpu_count(), help="mutants tried at the same time")
    arguments = parser.parse_args()

    prepare()
    names = [f"moderation.domain.{module}.*" for module in arguments.modules]
    mutmut("run", "--max-children", str(arguments.at_once), *names)
    status_of = statuses(mutmut("results", "--all", "true", capture=True))
    SURVIVORS.write_text("".join(f"{name}: {status}\n" for name, status in status_of.items() if status not in KILLED))

    counts = by_module(status_of)
    console = Console()
    console.print(table(counts))
    console.print(f"The survivors are in {SURVIVORS.relative_to(PROJECT)}; to see how one differs:")
    console.print(
        f"  cd {COPY.relative_to(PROJECT)} && PYTHONPATH=../mutmut ../../.venv/bin/python -m mutmut show NAME"
    )
    return 0 if killed_of(counts.values()) >= LEAST_KILLED else 1


if __name__ == "__main__":
    sys.exit(main())
