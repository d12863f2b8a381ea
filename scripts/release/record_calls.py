"""`make record-calls`: run the workflow tests on the laptop cloud and record the rights that their calls need.

The emulator records each call's caller, action, resource and condition keys. Names that differ between runs are
replaced: a deployed resource by its logical id, other names by an example of their shape. The result is
tests/infra/calls.json, which the grants of the template are tested against (tests/infra/test_grants.py).
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from local.emulator import RECORD_CALLS
from local.synth import PROJECT, STACK
from scripts.release.synthesis import make_app, template_of

CALLS = PROJECT / "tests/infra/calls.json"
PATHS = ("tests/workflow",)
FOREIGN_BUCKET = "express-images"

# Generated names → an example of their shape.
_EXAMPLES = (
    (
        re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
        "00000000-0000-0000-0000-000000000000",
    ),
    (re.compile(r"\b[0-9a-f]{64}\b"), "0" * 64),
    (re.compile(r"\b[0-9a-f]{32}\b"), "0" * 32),
    (re.compile(r"\d{4}/\d\d/\d\d/"), "2026/01/01/"),
    (re.compile(r"#\d{4}-\d\d-\d\d#\d+"), "#2026-01-01#0"),
    (re.compile(r"(/work/0{32}/)[^/]+"), r"\g<1>execution"),
    (re.compile(r"(/answers/|/views/tile-)\d+"), r"\g<1>0"),
    (re.compile(r"(:s3:::Policies[0-9A-F]{8}/packs/)[\w-]+"), r"\g<1>blog"),
    (re.compile(r"(:s3:::Policies[0-9A-F]{8}/history/log/)[^/]+"), r"\g<1>AROAEXAMPLE:alice"),
    (re.compile(r"(:s3:::Policies[0-9A-F]{8}/history/approvals/0{64}/)[^/]+"), r"\g<1>AROAEXAMPLE:alice.json"),
    (re.compile(r"(:s3:::Work[0-9A-F]{8}/provenance/approvals/0{64}/)[^/]+"), r"\g<1>AROAEXAMPLE:alice.json"),
    (re.compile(r"(/provenance/prompts/judge-)[0-9a-f]+"), r"\g<1>0"),
    (re.compile(r"(:s3:::Audit[0-9A-F]{8}/(?:entries|seals|checks)/).+"), r"\g<1>file"),
    (re.compile(r"(:s3:::Quarantined[0-9A-F]{8}/cases/0{32}/).+"), r"\g<1>file"),
    (re.compile(r"(:s3:::Quarantined[0-9A-F]{8}/releases/0{32}/).+"), r"\g<1>AROAEXAMPLE:alice.json"),
    (re.compile(r"^(entries/)\d{4}-\d\d-\d\d/$"), r"\g<1>2026-01-01/"),
    (re.compile(r"^(IntakeImages[0-9A-F]{8}:decisions#|person#|golden#|sample#|second#|contested#)\d$"), r"\g<1>0"),
    (re.compile(r"^(review#|leased#|parked#|pending#)[0-9a-f]+$"), r"\g<1>0"),
    (re.compile(r"\b(backfill|notifying|shadow)-\d{8}-\d{6}-[0-9a-f]{6}\b"), "backfill-20260101-000000-000000"),
    (re.compile(r"^(stock-[0-9a-f]{8}|express-\w+)/.*"), "stock/"),  # prefixes of tests
    (re.compile(r"(/provenance/erasures/)\d{4}-\d\d-\d\d/"), r"\g<1>2026-01-01/"),
    (re.compile(r"(/backfill/backfill-20260101-000000-000000/).+"), r"\g<1>file"),
    (re.compile(r"(:execution:\w+/\w+:).+"), r"\g<1>execution"),
    (re.compile(r"(:mapRun:\w+/\w+:).+"), r"\g<1>run"),
    (re.compile(r"(:execution:\w+:).+"), r"\g<1>execution"),
    (re.compile(r"(log-stream:2026/01/01/\[\$LATEST\]).*"), r"\g<1>0"),
)


def main() -> int:
    """Record the calls and write the file."""
    console = Console()
    with tempfile.TemporaryDirectory(prefix="calls-") as folder:
        command = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadfile", *PATHS]
        done = subprocess.run(command, cwd=PROJECT, env=os.environ | {RECORD_CALLS: folder}, check=False)
        if done.returncode:
            console.print("The tests failed: fix them first. Nothing was written.", style="red")
            return done.returncode
        calls = merged(Path(folder), deployed_ids())
    CALLS.write_text("[\n" + ",\n".join(json.dumps(call, sort_keys=True) for call in calls) + "\n]\n")
    console.print(f"{len(calls)} different calls are in {CALLS.relative_to(PROJECT)}.")
    return 0


def deployed_ids() -> dict[str, str]:
    """Return the resource types of the stack by logical id, those for the console among them."""
    app = make_app(blip2Endpoint="blip2", llamaEndpoint="llama", console=True)
    return {name: resource["Type"] for name, resource in template_of(app.synth(), STACK).resources.items()}


def merged(folder: Path, ids: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the distinct allowed calls of the deployed stack in a stable order."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.glob("*.jsonl")):
        for call in map(json.loads, path.read_text().splitlines()):
            if call.pop("decision") != "allowed" or not _is_of_the_stack(call):
                continue
            text = json.dumps(general := generalised(call, ids), sort_keys=True)
            if FOREIGN_BUCKET not in text and '"kms:viaservice": ["s3.' not in text:  # a bucket or key of a test
                found[text] = general
    return [found[key] for key in sorted(found)]


def _is_of_the_stack(call: dict[str, Any]) -> bool:
    """Return False for calls by or of what tests created, such as the stubs' role and queues, or Express workflows."""
    named = re.search(r":(?:stateMachine|execution|express|mapRun):(?P<machine>[^:/]+)", call["resource"])
    if named and not named["machine"].startswith(f"{STACK}-"):
        return False
    if str(call["caller"]).endswith(".amazonaws.com"):
        return f"{STACK}-" in call["resource"] or f"{STACK.lower()}-" in call["resource"]
    return str(call["caller"]).startswith(f"{STACK}-")


def generalised(call: dict[str, Any], ids: Mapping[str, str]) -> dict[str, Any]:
    """Return the call with generated names replaced by examples."""
    text = json.dumps({name: value for name, value in call.items() if value not in ("", {})})
    for logical_id in sorted(ids, key=len, reverse=True):  # one id may be the prefix of another
        # moto names a resource <stack>-<logical id>-<random>, a bucket so in lower case
        text = re.sub(rf"\b{STACK}-{logical_id}-[A-Za-z0-9]+", logical_id, text, flags=re.IGNORECASE)
    (key,) = [name for name, kind in ids.items() if kind == "AWS::KMS::Key"]
    text = re.sub(r":key/[0-9a-f-]{36}", f":key/{key}", text)
    general: dict[str, Any] = json.loads(text)
    general["resource"] = _example(_object(general["resource"]))
    context = general.get("context", {})
    context.pop("s3:versionid", None)
    for key, values in context.items():
        shown = [_example(_item(value)) for value in values]
        context[key] = sorted(set(shown))
    return general


def _object(arn: str) -> str:
    """Replace the key of an upload by an example."""
    return re.sub(r"(:s3:::IntakeImages[0-9A-F]{8}/).+", r"\1image.png", arn)


def _item(key: str) -> str:
    return re.sub(r"^(IntakeImages[0-9A-F]{8}#).+", r"\1image.png", key)


def _example(text: str) -> str:
    for pattern, example in _EXAMPLES:
        text = pattern.sub(example, text)
    return text


if __name__ == "__main__":
    sys.exit(main())
