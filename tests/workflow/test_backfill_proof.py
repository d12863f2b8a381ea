"""The proof of the backfill in small: twelve objects under faults. `make backfill-proof` does thousands."""

import json

import pytest

from scripts.backfill.proof import ProofConfig, ProofResult, prove
from scripts.soak.faults import BACKFILL_FAULTS


@pytest.fixture(scope="module")
def result(assembly) -> ProofResult:
    # with this seed each of the backfill's own calls fails, and a start of an execution loses its answer
    return prove(assembly, ProofConfig(objects=12, seed=691, every=14, concurrency=2, timeout_s=200))


def test_every_promise_is_kept(result):
    broken = [promise for promise in result.promises if not promise.held]

    assert result.promises
    assert not broken, json.dumps([*map(str, broken), result.figures], default=str, indent=1)
    assert result.figures["proxy's failures"] == []


def test_each_of_the_backfills_own_calls_failed(result):
    failed = result.figures["faults of the backfill's own calls"]

    assert set(failed) == set(BACKFILL_FAULTS)
    assert all(failed.values()), failed
