"""Time the check of the audit log over a bucket that answers late, as one does that is reached over a network.

`python -m scripts.bench.audit [ENTRIES] [MILLISECONDS]`. The bucket is a process of its own, so that the processor time
is that of the check alone.
"""

import multiprocessing
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

import boto3
from botocore.config import Config
from rich.console import Console

from moderation.adapters.s3_audit import AT_ONCE, S3AuditReader
from moderation.domain.audit import AuditEvent, Head, entry
from moderation.usecases.check_audit import check_audit

ENTRIES, LATENCY_MS = 20_000, 20
BUCKET, DAY, OF_A_CHAIN = "audit", "2026-11-27", 500
_LISTED = 1000  # keys in a page of a listing


def main() -> int:
    """Print entries a second and processor time; return 1 if the check found a fault."""
    given = [int(word) for word in sys.argv[1:]]
    number, latency_ms = [*given, *(ENTRIES, LATENCY_MS)[len(given) :]]
    with _bucket(number, latency_ms) as url:
        client = boto3.client(
            "s3",
            endpoint_url=url,
            region_name="us-east-1",
            aws_access_key_id="local",
            aws_secret_access_key="local",  # noqa: S106 - of nothing
            config=Config(max_pool_connections=AT_ONCE, s3={"addressing_style": "path"}),
        )
        began, worked = time.perf_counter(), time.process_time()
        checked = check_audit(S3AuditReader(client, BUCKET), datetime(2026, 11, 28, 1, tzinfo=UTC))
        took, processor = time.perf_counter() - began, time.process_time() - worked
    speed, each = checked.entries / took, 1000 * processor / checked.entries
    Console().print(
        f"{checked.entries:,} entries, {latency_ms} ms a request: {took:.1f} s, {speed:,.0f} a second, "
        f"{each:.2f} ms of processor an entry, {len(checked.faults)} faults."
    )
    return 1 if checked.faults else 0


@contextmanager
def _bucket(number: int, latency_ms: int) -> Iterator[str]:
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs, number, latency_ms))
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        process.terminate()
        process.join()


def _serve(ready: Connection, number: int, latency_ms: int) -> None:
    files = _files(number)

    class Answers(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            time.sleep(latency_ms / 1000)
            url = urlsplit(self.path)
            key = unquote(url.path).removeprefix(f"/{BUCKET}").removeprefix("/")
            self._send(files[key] if key else _listing(files, parse_qs(url.query, keep_blank_values=True)))

        def do_PUT(self) -> None:
            time.sleep(latency_ms / 1000)
            self.rfile.read(int(self.headers["Content-Length"]))
            self._send(b"")

        def log_message(self, format: str, *args: object) -> None:
            """Print nothing."""

        def _send(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    ready.send(server.server_port)
    server.serve_forever()


def _files(number: int) -> dict[str, bytes]:
    """Return the entries of a day, in chains of 500."""
    files: dict[str, bytes] = {}
    head = Head()
    for each in range(number):
        if each % OF_A_CHAIN == 0:
            chain, head = f"{DAY}/{each:032}", Head()
        at = f"{DAY}T10:00:00.000Z"
        event = AuditEvent(action="reveal", who="p-1", at=at, image="a" * 32, facts={"view": "tile-5", "graphic": True})
        file, head = entry(event, chain, head)
        files[file.key] = file.body
    return files


def _listing(files: dict[str, bytes], asked: dict[str, list[str]]) -> bytes:
    """Return a page of ListObjectVersions, or of ListObjectsV2, which is asked for what no page is full of."""
    prefix, after = asked["prefix"][0], asked.get("key-marker", [""])[0]
    if "delimiter" in asked:
        return _xml(f"<CommonPrefixes><Prefix>{prefix}{DAY}/</Prefix></CommonPrefixes>")
    keys = [key for key in files if key.startswith(prefix) and key > after]
    page, name = keys[:_LISTED], "Version" if "versions" in asked else "Contents"
    content = "".join(
        f"<{name}><Key>{escape(key)}</Key><LastModified>{DAY}T10:00:00.000Z</LastModified></{name}>" for key in page
    )
    more = f"<NextKeyMarker>{escape(page[-1])}</NextKeyMarker>" if len(keys) > len(page) else ""
    return _xml(f"<IsTruncated>{str(bool(more)).lower()}</IsTruncated>{more}{content}")


def _xml(content: str) -> bytes:
    return f'<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{content}</ListBucketResult>'.encode()


if __name__ == "__main__":
    sys.exit(main())
