"""Random numbers of a state machine."""

import json

from tests.local.moto_patches.cloud import Cloud


def test_a_random_number_is_never_its_end(cloud: Cloud) -> None:
    drawn = f"States.Array({', '.join(['States.MathRandom(0, 1)'] * 30)})"
    machine = cloud.machine({"Type": "Pass", "Parameters": {"drawn.$": drawn}})

    assert json.loads(cloud.run(machine)["output"]) == {"drawn": [0] * 30}
