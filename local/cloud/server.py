"""moto as an HTTP server on a loopback port, with the patches installed."""

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from local.cloud import moto_patches
from local.cloud.endpoints import EndpointForwarder
from local.cloud.iam.enforcement import Enforcement
from local.cloud.iam.gate import Gate
from local.cloud.runtime.fleet import Fleet, Limits
from local.cloud.runtime.function import Function
from local.emulator import RECORD_CALLS

REGION = "us-east-1"


class _Dispatcher(DomainDispatcherApplication):  # type: ignore[misc]
    """Caches the backend of each host: moto lists a folder of modules for each request, under a lock."""

    def __init__(self) -> None:
        super().__init__(create_backend_app)
        self.get_backend_for_host = cache(super().get_backend_for_host)


class _Quiet(MotoRequestHandler):  # type: ignore[misc]
    disable_nagle_algorithm = True  # Nagle's algorithm would delay the body by 40 ms

    def connection_dropped(self, *_: object) -> None:
        self.close_connection = True  # tells the waiting caller that no answer will come

    def log_request(self, *_: object) -> None:
        """Log nothing: a moderated image takes about thirty requests."""


@contextmanager
def serve(models_url: str, port: int = 0) -> Iterator[str]:
    """Run the emulator for the duration of the block and yield its URL. `models_url` serves the endpoints.

    It changes moto and the environment of this process permanently: run one emulator per process.
    """
    logging.getLogger("moto.stepfunctions").setLevel(logging.CRITICAL)  # it logs each failed task as an error
    record = os.environ.get(RECORD_CALLS)
    gate = Gate(Path(record) if record else None)
    gate.identities.install()
    application = Enforcement(EndpointForwarder(_Dispatcher(), models_url), gate)
    server = make_server("127.0.0.1", port, application, threaded=True, request_handler=_Quiet)
    url = f"http://127.0.0.1:{server.server_port}"
    os.environ.update(MOTO_PORT=str(server.server_port), AWS_DEFAULT_REGION=REGION, AWS_ENDPOINT_URL=url)

    def cloud_of(function: Function) -> dict[str, str]:
        return {"AWS_ENDPOINT_URL": url, **gate.credentials("lambda.amazonaws.com", function.role_arn, function.name)}

    fleet = Fleet(Limits.for_this_machine(), cloud_of)
    moto_patches.install(url, fleet, gate)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield url
    finally:
        fleet.close()
        server.shutdown()
        server.server_close()
