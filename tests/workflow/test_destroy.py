"""A deployment that was used is destroyed: nothing of it stands any more."""

import time
from pathlib import Path

from scripts.inventory import Inventory, take
from tests.support.instant_models import InstantModels
from tests.support.laptop import Laptop
from tests.workflow.conftest import drawing

BOOTSTRAP = "cdk-hnb659fds-assets-"  # the bucket of `cdk bootstrap`, which serves all stacks of a region
UNLISTED = {"inference component", "key"}  # the emulator knows none of those, and can't describe a stack's key
MADE = {"bucket", "event rule", "function", "layer", "log group", "queue", "role", "stack", "state machine"}
MADE |= {"table", "topic"}


def own(laptop: Laptop) -> Inventory:
    everything = take(laptop.client)
    found = frozenset((kind, name) for kind, name in everything.found if not name.startswith(BOOTSTRAP))
    return Inventory(found, everything.unlisted)


def test_destroying_a_used_deployment_leaves_nothing(assembly: Path, running: InstantModels) -> None:
    with Laptop(assembly, running.url, environment={"LOCAL_TIME_SCALE": "100"}) as laptop:
        laptop.upload("a.png", drawing())
        laptop.upload("a.png", b"no image")  # another version of the same object
        laptop.wait_for_verdict("a.png")
        laptop.wait_until_idle()
        standing = own(laptop)

        laptop.client("cloudformation").delete_stack(StackName="Moderation")
        until = time.monotonic() + 60
        while (left := own(laptop)).found and time.monotonic() < until:
            time.sleep(0.2)

    assert {kind for kind, _ in standing.found} >= MADE
    assert left.unlisted.keys() <= UNLISTED, left.unlisted
    assert not left.found
