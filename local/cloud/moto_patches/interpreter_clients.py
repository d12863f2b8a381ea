"""Step Functions interpreter: moto builds a client for each call, in no role's name, and for its own port alone.

It ignores AWS_ENDPOINT_URL_<SERVICE>, which boto3 itself reads. No upstream issue found as of November 2026.
"""

import os
import threading
from typing import Any

import boto3
import moto.stepfunctions.parser.asl.utils.boto_client as boto_client
from botocore.config import Config

from local.cloud.iam.gate import Gate


def install(endpoint_url: str, gate: Gate) -> None:
    """Give the interpreter shared clients, each with a session of its state machine's role.

    Call it before `moto.stepfunctions.parser.models` is imported.
    """
    session = boto3.session.Session()
    clients: dict[tuple[str, str, str], Any] = {}
    lock = threading.Lock()  # creating clients isn't thread-safe; using them is

    def boto_client_for(region: str, service: str, state_credentials: Any = None) -> Any:
        role = state_credentials.role_arn
        with lock:
            if (region, service, role) not in clients:
                keys = gate.credentials("states.amazonaws.com", role, "laptop")
                clients[region, service, role] = session.client(  # type: ignore[call-overload]
                    service,
                    region_name=region,
                    endpoint_url=_endpoint(service, endpoint_url),
                    config=_CONFIG,
                    **{name.lower(): value for name, value in keys.items()},
                )
            return clients[region, service, role]

    boto_client.boto_client_for = boto_client_for


_CONFIG = Config(
    parameter_validation=False,  # as in moto: the interpreter passes the state machine's parameters on
    retries={"total_max_attempts": 1},  # retries are up to the state machine
    read_timeout=900,  # the maximum duration of a Lambda function
    max_pool_connections=100,
    inject_host_prefix=False,  # StartSyncExecution's: the emulator has one host
)


def _endpoint(service: str, default: str) -> str:
    return os.environ.get(f"AWS_ENDPOINT_URL_{service.upper().replace('-', '_')}", default)
