"""The commands of docs/runbooks.md: portable, and such as version 2 of the AWS CLI has."""

import ast
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from scripts.runbooks.page import sections
from tests.support import aws_cli

ROOT = Path(__file__).parents[2]
SHELLS = [shell for shell in ("bash", "zsh") if shutil.which(shell)]
TEXT = "\n".join(block.text for blocks in sections().values() for block in blocks)
# Programs that Linux and macOS have, as they are used: other options differ between GNU and BSD.
PORTABLE = {"date +%s", 'tail -n +1 "erasures/$DAY"/*/*.json', "tr -d '\"'"}
OURS = {"aws", "export", "moderate", "npx", "out", "tail_log"}
# Stands for a program, and writes its words to a file; the shell has split and expanded them.
RECORDER = """
for name in aws moderate npx; do eval "$name() {{ printf '%s\\0' $name \\"\\$@\\" '' >> '{file}'; echo words; }}"; done
"""


@pytest.fixture(scope="module", params=SHELLS)
def called(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[list[str]]:
    """The commands with their words, as a shell calls them when all blocks are pasted into it."""
    file = tmp_path_factory.mktemp("called") / "words"
    note = file.parent / "erasures/2026-11-23/a/ended.json"  # zsh refuses a pattern that matches nothing
    note.parent.mkdir(parents=True)
    note.touch()
    text = RECORDER.format(file=file) + TEXT
    done = subprocess.run(
        [request.param], cwd=file.parent, input=text, capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    return [command.split("\0") for command in file.read_text().removesuffix("\0\0").split("\0\0")]


# The CLI's own commands, which are no operations of a service.
CUSTOM = {("logs", "tail"), ("s3", "cp"), ("sso", "login"), ("sagemaker", "wait"), ("configure", "list-profiles")}
# Everything else that tells somebody a command of the AWS CLI: other pages, and the remedies that `moderate` prints.
OTHERS = [
    *(page for page in (ROOT / "docs").glob("*.md") if page.name != "runbooks.md"),
    ROOT / "README.md",
    ROOT / "local/up.py",
    *sorted((ROOT / "moderate").rglob("*.py")),
]


def aws_calls(called: list[list[str]]) -> list[aws_cli.Call]:
    words = [each[1:] for each in called if each[0] == "aws" and tuple(each[1:3]) not in CUSTOM]
    return [aws_cli.parsed(each) for each in words]


def test_every_command_has_its_service_options_values_and_fields(called: list[list[str]]) -> None:
    assert len(aws_calls(called)) > 20


def test_a_page_of_an_answer_alone_is_asked_for_where_one_value_is_shown(called: list[list[str]]) -> None:
    """With `--output text` the CLI applies the query to each page, and to the token of the next one: it prints None."""
    for call in aws_calls(called):
        if call.text and call.is_paginated and call.operation.name != "DescribeStacks":
            assert not re.search(r"^\w+\[-?\d+\]", call.query or ""), call
            assert "max-items" not in call.paging, call


def test_only_what_linux_and_macos_have_in_common_is_used() -> None:
    lines = re.sub(r"\\\n\s*", "", TEXT)
    started = re.findall(r"(?:^|\$\((?!\()|\|) *(?:[A-Z_]+=\$\()?([a-z_]+)\b([^|)\n]*)", lines, re.MULTILINE)
    others = {f"{program}{words}" for program, words in started if program not in OURS}

    assert others == PORTABLE
    assert "#" not in TEXT, "zsh takes no comments that are typed"
    assert not re.search(r"\b(mapfile|readarray|declare -A)\b|\$\{\w+[,^@]", TEXT), "macOS has bash 3.2"


def test_names_come_from_the_outputs() -> None:
    """None is typed: neither an ARN, a URL, a path of a log group nor a name with the stack's."""
    text = re.sub(r"^[A-Z_]+=.*", "", TEXT, flags=re.MULTILINE)
    assert not re.search(r"arn:|https?:|/aws/|--endpoint-url|\bModeration-", text)
    named = re.findall(
        r"--(?:\w+-arn|queue-url|topic-arn|endpoint-name|function-name|table-name|key-id|name) ((?:\"[^\"]*\"|\S)+)",
        TEXT,
    )
    assert len(named) > 15
    assert all(re.match(r'"\$(?:\(out |[A-Z]+")', each) for each in named), named


def told(file: Path) -> list[str]:
    """The commands in a file, each to the end of its line; of an f-string with a word for each value."""
    if file.suffix == ".md":
        lines = re.sub(r"\\\n\s*", "", file.read_text()).splitlines()
    else:
        nodes = [
            node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.JoinedStr | ast.Constant)
        ]
        lines = [line for node in nodes for line in _text(node).replace("\\\n", "").splitlines()]
    return [found for line in lines for found in re.findall(r"\baws (?=[a-z0-9]+ [a-z-]+)([^`|;&]+)", line)]


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) if isinstance(part, ast.Constant) else "word" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def test_commands_elsewhere_have_their_service_and_options_too() -> None:
    found = {command for file in OTHERS for command in told(file)}
    checked = 0
    for command in found:
        service, name, *_ = command.replace(" --endpoint-url $AWS_ENDPOINT_URL", "").split()
        if (service, name) in CUSTOM or service == "configure":
            continue
        operation = aws_cli.operation_of(service.removesuffix("api"), name.strip("'\".,:)"))
        known = aws_cli.options_of(operation)
        for option in re.findall(r"--([a-z-]+)", command):
            assert option in known or option.removeprefix("no-") in known or option == "endpoint-url", command
        checked += 1
    assert checked > 15, found


def test_the_page_of_rights_has_those_of_the_commands(called: list[list[str]]) -> None:
    row = next(line for line in (ROOT / "docs/security.md").read_text().splitlines() if "CLI's commands in the" in line)
    documented = set(re.findall(r"`([a-z]+:[A-Z]\w+)`", row))
    prefixes = {"cloudwatch": "cloudwatch", "stepfunctions": "states"}
    used = {f"{prefixes.get(call.service, call.service)}:{call.operation.name}" for call in aws_calls(called)}
    mentioned = {"kms:CancelKeyDeletion"}  # in a sentence

    assert documented == (used - {"cloudformation:DescribeStacks", "lambda:Invoke"}) | mentioned | {
        "lambda:InvokeFunction",
        "logs:FilterLogEvents",
    }


def test_the_metrics_are_those_that_the_code_counts() -> None:
    text = (ROOT / "docs/runbooks.md").read_text()
    listed = set(re.findall(r"`([A-Z]\w+)`", text[text.index("**Metrics.**") :]))
    sources = "".join(path.read_text() for path in (ROOT / "lambdas/moderation").rglob("*.py"))
    counted = set(re.findall(r'add_(?:count|duration|age)\(\s*"(\w+)"|name="(\w+)"', sources))

    assert {name for pair in counted for name in pair if name} <= listed
