"""The soak's proxy: calls are named, and an answer to HEAD is passed on without a body and with the object's length."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import urllib3

from scripts.soak.faults import ABORTED, BACKFILL_FAULTS, FAULTS, SLOW, Fault, FaultPlan
from scripts.soak.proxy import FaultProxy, call_of


class Store(BaseHTTPRequestHandler):
    """Answers each HEAD as S3 does for an object of seven bytes."""

    def do_HEAD(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "7")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture
def proxy() -> Iterator[FaultProxy]:
    store = ThreadingHTTPServer(("127.0.0.1", 0), Store)
    threading.Thread(target=store.serve_forever, args=(0.05,), daemon=True).start()
    with FaultProxy(FaultPlan(1, 1, FAULTS | BACKFILL_FAULTS)) as found:
        found.connect(f"http://127.0.0.1:{store.server_port}")
        yield found
    store.shutdown()
    store.server_close()


def test_an_answer_to_head_has_the_length_of_the_object(proxy: FaultProxy) -> None:
    with urllib3.PoolManager() as pool:
        answer = pool.request("HEAD", f"{proxy.url}/bucket/key", headers={"User-Agent": "exec-env/AWS_Lambda_python"})

    assert (answer.status, answer.headers["Content-Length"], answer.data) == (200, "7", b"")
    assert proxy.plan.calls == {"function: S3 HeadObject": 1}


def test_an_execution_whose_picture_is_to_kill_its_reader_is_never_aborted() -> None:
    plan = FaultPlan(1, 1)
    plan.failing = True
    faults: dict[str, list[Fault | None]] = {"plain": [], "poison": []}
    with FaultProxy(plan) as proxy:
        for _ in range(200):
            for fate, found in faults.items():
                body = json.dumps({"key": f"soak-7/{fate}/safe/39"}).encode()
                found.append(proxy.fault_for("workflow: Lambda Invoke PrepareImage", "/", body))

    assert ABORTED in faults["plain"] and ABORTED not in faults["poison"]
    assert SLOW in faults["poison"]
    assert plan.injected.total() == sum(fault is not None for found in faults.values() for fault in found)


@pytest.mark.parametrize("step", ["PrepareImage", "SelectItem", "DigestBackfill"])
def test_an_invocation_is_named_by_its_step(step: str) -> None:
    path = f"/2015-03-31/functions/Stack-Functions{step}1A2B-x/invocations"

    assert call_of("POST", path, {}, b"{}") == f"workflow: Lambda Invoke {step}"
    assert f"workflow: Lambda Invoke {step}" in FAULTS | BACKFILL_FAULTS
