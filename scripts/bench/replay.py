"""Time `moderate policy replay` on exports of many records, made of those of the laptop cloud.

`python -m scripts.bench.replay [NUMBER …]`, an export for each number. Each record has scores and a caption of its own,
so that nothing is read once for many.
"""

import gzip
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from rich.console import Console

from local.demo import MODERATE, edited_pack
from local.deploy import client
from local.samples import sample_drawings
from local.session import Session, laptop_cloud
from model_artifacts.demo import DEMO_PACK

NUMBERS = (20_000, 100_000)
FILES = 8
SEEDS = range(3)
BUCKET = "exports"


def main() -> int:
    """Print records a second and the most memory of a process for each number; return the command's exit status."""
    numbers = tuple(map(int, sys.argv[1:])) or NUMBERS
    console = Console()
    with laptop_cloud(console) as session:
        items = moderated(session)
        one_view = [item for item in items if len(item["looked_at"]["M"]["views"]["L"]) == 1]
        console.print(f"Records of one view, made of {len(one_view)}")
        edited = session.folder / "edited.yaml"
        edited.write_text(edited_pack(DEMO_PACK.read_text("utf-8")), "utf-8")
        client("s3", session.url).create_bucket(Bucket=BUCKET)
        for number in numbers:
            url = write_export(session, one_view, number)
            if status := replay(console, session, edited, url):
                return status
    return 0


def replay(console: Console, session: Session, edited: Path, url: str) -> int:
    """Replay an export, print what that took, and return the exit status."""
    command = [str(MODERATE), "policy", "replay", str(edited), "--export", url, "--json"]
    printed = session.folder / "report.json"
    with printed.open("w") as output:
        started = time.monotonic()
        process = subprocess.Popen(command, env={**os.environ, **session.environment}, stdout=output)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - started
    if status:
        return os.waitstatus_to_exitcode(status)
    report, processor = json.loads(printed.read_text()), usage.ru_utime + usage.ru_stime
    if report["replayed"] < report["records"]:
        console.print(f"Only {report['replayed']:,} of {report['records']:,} were replayed: {report['not_replayed']}")
        return 1
    console.print(
        f"{report['records']:,} records, {report['flips']:,} flips in {seconds:.1f} s: "
        f"{report['records'] / seconds:,.0f} a second on {os.cpu_count()} cores, a million in "
        f"{1e6 / report['records'] * seconds / 60:.1f} minutes; {processor:.1f} s of processor time, "
        f"{1000 * processor / report['records']:.2f} ms a record; at most {usage.ru_maxrss / 1024:.0f} MB a process; "
        f"load {os.getloadavg()[0]:.1f}"
    )
    return 0


def moderated(session: Session) -> list[dict[str, Any]]:
    """Moderate drawings, and return the items of the table."""
    folder = session.folder / "drawings"
    folder.mkdir()
    for seed in SEEDS:
        for sample in sample_drawings(seed):
            sample.image.save(folder / f"{seed}-{sample.name}.png")
    subprocess.run(
        [str(MODERATE), "upload", str(folder), "--wait"], env={**os.environ, **session.environment}, check=True
    )
    table = session.outputs["VerdictTableName"]
    items = client("dynamodb", session.url).scan(TableName=table)["Items"]
    return [item for item in items if "answers" in item]


def write_export(session: Session, items: list[dict[str, Any]], number: int) -> str:
    """Write an export of the table with `number` records, and return its address.

    Piece by piece: what this process had in memory at most counts as the command's, which it starts.
    """
    s3, table = client("s3", session.url), session.outputs["VerdictTableName"]
    export, manifest = f"AWSDynamoDB/01693685827463-{number:08x}", []
    for file in range(FILES):
        count = len(range(file, number, FILES))
        key = f"{export}/data/{file}.json.gz"
        with TemporaryFile() as packed:
            with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=1) as file_lines:
                file_lines.writelines(lines(items, file, count))
            packed.seek(0)
            s3.put_object(Bucket=BUCKET, Key=key, Body=packed)
        manifest.append({"itemCount": count, "dataFileS3Key": key})
    arn = f"arn:aws:dynamodb:us-east-1:123456789012:table/{table}"
    summary = {"tableArn": arn, "outputFormat": "DYNAMODB_JSON", "exportType": "FULL_EXPORT"}
    s3.put_object(Bucket=BUCKET, Key=f"{export}/manifest-summary.json", Body=json.dumps(summary).encode())
    text = "".join(json.dumps(entry) + "\n" for entry in manifest)
    s3.put_object(Bucket=BUCKET, Key=f"{export}/manifest-files.json", Body=text.encode())
    return f"s3://{BUCKET}/{export}"


def lines(items: list[dict[str, Any]], file: int, count: int) -> Iterator[bytes]:
    """Yield items with other keys, captions and scores."""
    rng = random.Random(file)
    for number in range(count):
        item = json.loads(json.dumps(rng.choice(items)))
        bucket = item["pk"]["S"].partition("#")[0]
        item["pk"]["S"] = f"{bucket}#bench/{file}-{number}"
        for caption in item["captions"]["L"]:
            caption["M"]["text"]["S"] += f" and the number {rng.randrange(10**6)}"
        for answer in item["answers"]["L"]:
            p = float(answer["M"]["p_yes"]["N"])
            moved = p * rng.uniform(0.9, 1) if p < 0.5 else 1 - (1 - p) * rng.uniform(0.9, 1)
            answer["M"]["p_yes"]["N"] = repr(moved)
        yield json.dumps({"Item": item}).encode() + b"\n"


if __name__ == "__main__":
    sys.exit(main())
