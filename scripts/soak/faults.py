"""What goes wrong at each call of the pipeline, and when: a plan that a seed determines.

Error codes and statuses are those of the services' API references; botocore's models have the same.
"""

import json
import random
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from itertools import chain, cycle, repeat


class How(Enum):
    """What the proxy does with a call that a fault meets."""

    ANSWER = auto()  # answer with the fault's own reply; the service never sees the call
    RESET = auto()  # close the connection; the service never sees the call
    LOST = auto()  # the service does its work, then the connection closes without an answer
    TRUNCATED = auto()  # half of the answer's body, then the connection closes
    GARBLED = auto()  # the service does its work, and bytes that are no answer come back
    SLOW = auto()  # the right answer, after a while
    SILENT = auto()  # no answer until the caller gives up
    KILLED_BEFORE = auto()  # the process that calls is killed; the service never sees the call
    KILLED_AFTER = auto()  # the service does its work, and the process that called is killed
    ABORTED = auto()  # the execution that calls is stopped from outside; its call goes through


@dataclass(frozen=True)
class Reply:
    """An HTTP answer as a service gives it."""

    status: int
    content_type: str
    body: bytes
    error_type: str = ""  # the header that names the error in REST-JSON services


@dataclass(frozen=True)
class Fault:
    """One way to fail. `kind` is its name in the tables; a spell of it meets at most `longest` calls in a row."""

    kind: str
    how: How
    reply: Reply | None = None
    longest: int = 1


def _json_error(kind: str, status: int, code: str, message: str = "injected") -> Fault:
    """As DynamoDB, Lambda and SageMaker word errors."""
    body = json.dumps({"__type": code, "Type": "Server", "message": message, "Message": message}).encode()
    return Fault(kind, How.ANSWER, Reply(status, "application/json", body, code), longest=6)


def _s3_error(kind: str, status: int, code: str) -> Fault:
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>injected</Message></Error>".encode()
    return Fault(kind, How.ANSWER, Reply(status, "application/xml", body), longest=6)


def _sns_error(kind: str, status: int, code: str) -> Fault:
    error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>injected</Message></Error>"
    body = f"<ErrorResponse>{error}<RequestId>r</RequestId></ErrorResponse>".encode()
    return Fault(kind, How.ANSWER, Reply(status, "text/xml", body), longest=6)


def _model_error(kind: str, status: int, words: str = "injected") -> Fault:
    """What SageMaker makes of an error of its container; 0 where the container didn't answer in time."""
    facts = {"Message": "injected", "OriginalStatusCode": status, "OriginalMessage": words}
    return Fault(kind, How.ANSWER, Reply(424, "application/json", json.dumps(facts).encode(), "ModelError"), longest=6)


RESET = Fault("connection reset", How.RESET, longest=4)
LOST = Fault("reply lost", How.LOST, longest=4)
TRUNCATED = Fault("truncated body", How.TRUNCATED, longest=4)
SLOW = Fault("slow answer", How.SLOW, longest=3)
SILENT = Fault("no answer", How.SILENT)
KILLED = Fault("process killed", How.KILLED_BEFORE)
KILLED_AFTER = Fault("process killed once it was done", How.KILLED_AFTER)
ABORTED = Fault("execution aborted", How.ABORTED)
GARBAGE = Fault("garbage body", How.GARBLED, Reply(200, "application/json", b"\xff\xfe no answer"), longest=4)
PAGE = Fault("garbage body", How.ANSWER, Reply(502, "text/html", b"<html>Bad gateway"), longest=4)
HALF = Fault("garbage body", How.GARBLED, Reply(200, "application/json", b'{"model": "instant", "answ'), longest=4)

_BROKEN = (RESET, LOST, TRUNCATED, SLOW)
_DYNAMODB = (
    _json_error("throttled", 400, "ProvisionedThroughputExceededException"),
    _json_error("throttled", 400, "ThrottlingException"),
    _json_error("500", 500, "InternalServerError"),
    _json_error("503", 503, "ServiceUnavailable"),
    GARBAGE,
    *_BROKEN,
)
_S3 = (
    _s3_error("throttled", 503, "SlowDown"),
    _s3_error("throttled", 400, "KMS.ThrottlingException"),
    _s3_error("500", 500, "InternalError"),
    _s3_error("503", 503, "ServiceUnavailable"),
    PAGE,
    *_BROKEN,
)
_SNS = (
    _sns_error("throttled", 400, "Throttling"),
    _sns_error("throttled", 400, "KMSThrottling"),
    _sns_error("500", 500, "InternalError"),
    _sns_error("503", 503, "ServiceUnavailable"),
    GARBAGE,
    *_BROKEN,
)
_ENDPOINT = (
    _json_error("throttled", 429, "ThrottlingException"),
    _json_error("500", 500, "InternalFailure"),
    _json_error("503", 503, "ServiceUnavailable"),
    _model_error("queue full", 503),
    _model_error("container failed", 500),
    _model_error("container failed", 400, "CUDA out of memory."),
    _json_error("not in service", 400, "ValidationError", "Endpoint x of account 123456789012 not found."),
    _model_error("container timed out", 0),
    GARBAGE,
    HALF,
    *_BROKEN,
)
_LAMBDA = (
    _json_error("throttled", 429, "TooManyRequestsException"),
    _json_error("500", 500, "ServiceException"),
    _json_error("function not ready", 409, "ResourceConflictException"),
    _json_error("function not ready", 502, "ResourceNotReadyException"),
    RESET,
    LOST,
    SLOW,
    ABORTED,
)

STEPS = ("PrepareImage", "QueryImage", "JudgeImage", "RecordVerdict", "Notify")
# Who calls what: the workflow's own calls, and those of the functions' processes.
FAULTS: dict[str, tuple[Fault, ...]] = {
    "workflow: DynamoDB UpdateItem": (*(f for f in _DYNAMODB if f.kind != "503"), ABORTED),
    **{f"workflow: Lambda Invoke {step}": _LAMBDA for step in STEPS},
    **{f"function: DynamoDB {call}": (*_DYNAMODB, SILENT, KILLED) for call in ("GetItem", "Query")},
    "function: DynamoDB UpdateItem": (*_DYNAMODB, SILENT, KILLED_AFTER),
    **{f"function: S3 {call}": (*_S3, SILENT, KILLED) for call in ("GetObject", "GetObjectTagging")},
    **{f"function: S3 {call}": (*_S3, SILENT, KILLED_AFTER) for call in ("PutObject", "PutObjectTagging")},
    "function: SNS Publish": (*_SNS, SILENT, KILLED_AFTER),
    **{f"function: SageMaker InvokeEndpoint {name}": (*_ENDPOINT, KILLED) for name in ("blip2", "llama")},
}


class Plan:
    """Which call fails and how: in turn each fault of its kind of call, in spells with good calls in between.

    The same seed gives the n-th call of a kind the same fate. `every` is the mean number of good calls between spells.
    Nothing fails before `failing` is set.
    """

    def __init__(self, seed: int, every: float) -> None:
        self.calls: Counter[str] = Counter()
        self.injected: Counter[tuple[str, str]] = Counter()  # (call, kind) → how often
        self._fates = {call: _fates(f"{seed}:{call}", faults, every) for call, faults in FAULTS.items()}
        self.failing = False
        self._lock = threading.Lock()

    def next(self, call: str) -> Fault | None:
        """The fate of the next call of this kind, counted."""
        with self._lock:
            self.calls[call] += 1
            fault = next(self._fates[call]) if self.failing and call in self._fates else None
            if fault:
                self.injected[call, fault.kind] += 1
            return fault


def _fates(seed: str, faults: tuple[Fault, ...], every: float) -> Iterator[Fault | None]:
    rng = random.Random(seed)
    order = rng.sample(faults, len(faults))
    return chain.from_iterable(
        chain(repeat(None, round(rng.expovariate(1 / every))), repeat(fault, rng.randint(1, fault.longest)))
        for fault in cycle(order)
    )
