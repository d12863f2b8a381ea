"""Faults for each call of the pipeline, and a seeded plan of when they are injected.

Error codes and statuses are those of the services' API references and of botocore's models.
"""

import json
import random
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from itertools import chain, cycle, repeat


class FaultMode(Enum):
    """Effect of a fault on the call, as the proxy implements it."""

    ANSWER = auto()  # answer with the fault's own reply; the service isn't called
    RESET = auto()  # close the connection; the service isn't called
    LOST = auto()  # the service executes the call, then the connection closes without an answer
    TRUNCATED = auto()  # send half of the answer's body, then close the connection
    GARBLED = auto()  # the service executes the call, and the answer is replaced by garbage
    SLOW = auto()  # send the correct answer late
    SILENT = auto()  # send no answer until the caller gives up
    KILLED_BEFORE = auto()  # kill the calling process; the service isn't called
    KILLED_AFTER = auto()  # the service executes the call, then the calling process is killed
    ABORTED = auto()  # stop the calling execution; its call goes through


@dataclass(frozen=True)
class HttpReply:
    """HTTP response of a service."""

    status: int
    content_type: str
    body: bytes
    error_type: str = ""  # header with the error's name in REST-JSON services


@dataclass(frozen=True)
class Fault:
    """Fault to inject. `kind` is its name in the tables; a burst of it affects at most `max_burst` calls in a row."""

    kind: str
    mode: FaultMode
    reply: HttpReply | None = None
    max_burst: int = 1


def _json_error(kind: str, status: int, code: str, message: str = "injected") -> Fault:
    """Return a fault in the error format of DynamoDB, Lambda and SageMaker."""
    body = json.dumps({"__type": code, "Type": "Server", "message": message, "Message": message}).encode()
    return Fault(kind, FaultMode.ANSWER, HttpReply(status, "application/json", body, code), max_burst=6)


def _s3_error(kind: str, status: int, code: str) -> Fault:
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>injected</Message></Error>".encode()
    return Fault(kind, FaultMode.ANSWER, HttpReply(status, "application/xml", body), max_burst=6)


def _sns_error(kind: str, status: int, code: str) -> Fault:
    error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>injected</Message></Error>"
    body = f"<ErrorResponse>{error}<RequestId>r</RequestId></ErrorResponse>".encode()
    return Fault(kind, FaultMode.ANSWER, HttpReply(status, "text/xml", body), max_burst=6)


def _model_error(kind: str, status: int, message: str = "injected") -> Fault:
    """Return SageMaker's error for a status of its container; 0 means that the container timed out."""
    facts = {"Message": "injected", "OriginalStatusCode": status, "OriginalMessage": message}
    reply = HttpReply(424, "application/json", json.dumps(facts).encode(), "ModelError")
    return Fault(kind, FaultMode.ANSWER, reply, max_burst=6)


RESET = Fault("connection reset", FaultMode.RESET, max_burst=4)
LOST = Fault("reply lost", FaultMode.LOST, max_burst=4)
TRUNCATED = Fault("truncated body", FaultMode.TRUNCATED, max_burst=4)
SLOW = Fault("slow answer", FaultMode.SLOW, max_burst=3)
SILENT = Fault("no answer", FaultMode.SILENT)
KILLED = Fault("process killed", FaultMode.KILLED_BEFORE)
KILLED_AFTER = Fault("process killed once it was done", FaultMode.KILLED_AFTER)
ABORTED = Fault("execution aborted", FaultMode.ABORTED)
GARBAGE = Fault(
    "garbage body", FaultMode.GARBLED, HttpReply(200, "application/json", b"\xff\xfe no answer"), max_burst=4
)
PAGE = Fault("garbage body", FaultMode.ANSWER, HttpReply(502, "text/html", b"<html>Bad gateway"), max_burst=4)
_TRUNCATED_JSON = HttpReply(200, "application/json", b'{"model": "instant", "answ')
HALF = Fault("garbage body", FaultMode.GARBLED, _TRUNCATED_JSON, max_burst=4)

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

_HEAD = (  # its errors have no body, and so no code
    _s3_error("throttled", 503, "SlowDown"),
    _s3_error("500", 500, "InternalError"),
    RESET,
    LOST,
    SLOW,
)
_START = (_json_error("execution limit", 400, "ExecutionLimitExceeded"), RESET, LOST, SLOW)

STEPS = ("PrepareImage", "QueryImage", "ReadImage", "JudgeImage", "RecordVerdict", "Notify")
BACKFILL_STEPS = ("SelectItem", "DigestBackfill")
# Faults by call: the workflow's own calls, and those of the functions' processes.
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
# Those of the steps and calls that a backfill adds.
BACKFILL_FAULTS: dict[str, tuple[Fault, ...]] = {
    **{f"workflow: Lambda Invoke {step}": tuple(f for f in _LAMBDA if f is not ABORTED) for step in BACKFILL_STEPS},
    "workflow: States StartExecution": _START,
    "function: S3 HeadObject": (*_HEAD, SILENT, KILLED),
}


class FaultPlan:
    """Plan of the faults of each kind of call: all of them in turn, in bursts, with good calls in between.

    With the same seed the n-th call of a kind gets the same fault. `every` is the mean number of good calls between
    bursts. No fault is injected before `failing` is set.
    """

    def __init__(self, seed: int, every: float, of_calls: Mapping[str, tuple[Fault, ...]] = FAULTS) -> None:
        self.calls: Counter[str] = Counter()
        self.injected: Counter[tuple[str, str]] = Counter()  # (call, kind) → number of faults
        self._schedules = {call: _schedules(f"{seed}:{call}", faults, every) for call, faults in of_calls.items()}
        self.failing = False
        self._lock = threading.Lock()

    def next(self, call: str, *, may_abort: bool = True) -> Fault | None:
        """Count a call and return its fault, None if it is to succeed.

        An abortion of a call that may not abort is put off until one that may.
        """
        with self._lock:
            self.calls[call] += 1
            fault = next(self._schedules[call]) if self.failing and call in self._schedules else None
            if fault and fault.mode is FaultMode.ABORTED and not may_abort:
                self._schedules[call] = chain((fault,), self._schedules[call])
                return None
            if fault:
                self.injected[call, fault.kind] += 1
            return fault


def _schedules(seed: str, faults: tuple[Fault, ...], every: float) -> Iterator[Fault | None]:
    rng = random.Random(seed)
    order = rng.sample(faults, len(faults))
    return chain.from_iterable(
        chain(repeat(None, round(rng.expovariate(1 / every))), repeat(fault, rng.randint(1, fault.max_burst)))
        for fault in cycle(order)
    )
