"""Time `moderate policy replay` on an export of many records, made of those of the laptop cloud.

`python -m scripts.bench.replay [NUMBER]`; each record has scores and a caption of its own, so that nothing is read once
for many.
"""

import gzip
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

from rich.console import Console

from local.demo import MODERATE, edited_pack
from local.deploy import client
from local.samples import sample_drawings
from local.session import Session, laptop_cloud
from model_artifacts.demo import DEMO_PACK

NUMBER = 100_000
FILES = 8
SEEDS = range(3)
EXPORT = "AWSDynamoDB/01693685827463-2d8752fd"


def main() -> int:
    """Print records a second, and the most memory of a process; return the command's exit status."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else NUMBER
    console = Console()
    with laptop_cloud(console) as session:
        items = moderated(session)
        one_view = [item for item in items if len(item["looked_at"]["M"]["views"]["L"]) == 1]
        console.print(f"{number:,} records of one view, made of {len(one_view)}")
        url = write_export(session, one_view, number)
        edited = session.folder / "edited.yaml"
        edited.write_text(edited_pack(DEMO_PACK.read_text("utf-8")), "utf-8")
        command = [str(MODERATE), "policy", "replay", str(edited), "--export", url, "--json"]
        printed = session.folder / "report.json"
        with printed.open("w") as output:
            started = time.monotonic()
            process = subprocess.Popen(command, env={**os.environ, **session.environment}, stdout=output)
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.monotonic() - started
        if status:
            return os.waitstatus_to_exitcode(status)
        report = json.loads(printed.read_text())
    console.print(
        f"{report['records']:,} records, {report['flips']:,} flips in {seconds:.1f} s: "
        f"{report['records'] / seconds:,.0f} a second on {os.cpu_count()} cores, a million in "
        f"{1e6 / report['records'] * seconds / 60:.1f} minutes; {(usage.ru_utime + usage.ru_stime):.1f} s of processor "
        f"time; at most {usage.ru_maxrss / 1024:.0f} MB a process; load {os.getloadavg()[0]:.1f}"
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
    """Write an export of the table with `number` records, and return its address."""
    s3, bucket, table = client("s3", session.url), "exports", session.outputs["VerdictTableName"]
    s3.create_bucket(Bucket=bucket)
    manifest = []
    for file in range(FILES):
        count = len(range(file, number, FILES))
        key = f"{EXPORT}/data/{file}.json.gz"
        s3.put_object(Bucket=bucket, Key=key, Body=gzip.compress(b"".join(lines(items, file, count)), 1))
        manifest.append({"itemCount": count, "dataFileS3Key": key})
    arn = f"arn:aws:dynamodb:us-east-1:123456789012:table/{table}"
    summary = {"tableArn": arn, "outputFormat": "DYNAMODB_JSON", "exportType": "FULL_EXPORT"}
    s3.put_object(Bucket=bucket, Key=f"{EXPORT}/manifest-summary.json", Body=json.dumps(summary).encode())
    text = "".join(json.dumps(entry) + "\n" for entry in manifest)
    s3.put_object(Bucket=bucket, Key=f"{EXPORT}/manifest-files.json", Body=text.encode())
    return f"s3://{bucket}/{EXPORT}"


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
