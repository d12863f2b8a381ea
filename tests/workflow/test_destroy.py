"""A deployment that was used is destroyed: nothing of it stands any more, or in production what is to be kept."""

from pathlib import Path

from local import deploy
from local.harness.instant_models import InstantModels
from local.harness.laptop import Laptop
from scripts.release.inventory import Inventory, take
from tests.support.waiting import eventually
from tests.workflow.steps import UNRECORDED, drawing, variant

BOOTSTRAP = "cdk-hnb659fds-assets-"  # the bucket of `cdk bootstrap`, which serves all stacks of a region
UNLISTED = {"inference component", "key"}  # the emulator knows none of those, and can't describe a stack's key
MADE = {"bucket", "event rule", "function", "layer", "log group", "queue", "role", "stack", "state machine"}
MADE |= {"table", "topic"}


def own(laptop: Laptop) -> Inventory:
    everything = take(laptop.client)
    found = frozenset((kind, name) for kind, name in everything.found if not name.startswith(BOOTSTRAP))
    return Inventory(found, everything.unlisted)


def destroy(laptop: Laptop) -> None:
    laptop.client("cloudformation").delete_stack(StackName="Moderation")


def test_destroying_a_used_deployment_leaves_nothing(assembly: Path, running: InstantModels) -> None:
    with Laptop(assembly, running.url, environment={"LOCAL_TIME_SCALE": "100"}) as laptop:
        laptop.upload("a.png", drawing())
        laptop.upload("a.png", b"no image")  # another version of the same object
        laptop.wait_for_verdict("a.png")
        laptop.wait_until_idle()
        standing = own(laptop)

        destroy(laptop)
        eventually(lambda: not own(laptop).found)
        left = own(laptop)

    assert {kind for kind, _ in standing.found} >= MADE
    assert left.unlisted.keys() <= UNLISTED, left.unlisted
    assert not left.found


def test_production_is_deployed_again_beside_what_was_kept_of_it(tmp_path: Path, running: InstantModels) -> None:
    assembly = variant(tmp_path / "production", stage="prod")
    with Laptop(assembly, running.url, environment=UNRECORDED) as laptop:
        laptop.upload("a.png", drawing())
        laptop.wait_for_verdict("a.png")
        laptop.wait_until_idle()
        first = laptop.outputs

        destroy(laptop)
        kept = own(laptop).found
        laptop.outputs = deploy.deploy(assembly, "Moderation", laptop.url)
        laptop.upload("b.png", drawing())
        laptop.wait_for_verdict("b.png")

        assert {"bucket", "key", "table", "log group"} == {kind for kind, _ in kept}
        assert not [name for kind, name in kept if kind == "log group" and name.startswith("/aws/vendedlogs/")]
        for output in ("IntakeBucketName", "PolicyBucketName", "WorkBucketName", "VerdictTableName"):
            assert laptop.outputs[output] != first[output]
        found = laptop.client("s3").list_object_versions(Bucket=first["IntakeBucketName"])["Versions"]
        assert [version["Key"] for version in found] == ["a.png"]
