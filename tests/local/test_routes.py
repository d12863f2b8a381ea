"""Routes of the laptop cloud that are there before anybody asks."""

import json
import subprocess
import sys

LOOK = """
import json
from moto.core.routing import get_service_router
from local.cloud.moto_patches import actions
actions.install()
print(json.dumps(list(get_service_router("lambda")._routers)))
"""


def test_the_routes_of_functions_are_built_before_requests_come_at_once() -> None:
    built = subprocess.run([sys.executable, "-c", LOOK], capture_output=True, text=True, check=True)

    assert json.loads(built.stdout) == ["rest-json"]
