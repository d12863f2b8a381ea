"""Error messages of the model containers: one table for DJL, text-generation-inference, JumpStart and OpenAI.

Containers repeat requests in their errors (LMI's "Received payload …", vLLM's `input`), and an error's text reaches the
execution's history, which may not contain content: only text that a pattern here matches is passed on.
"""

import re
from dataclasses import dataclass

from moderation.errors import (
    EndpointRejected,
    EndpointThrottled,
    EndpointTimeout,
    EndpointUnavailable,
    Misconfigured,
    ModerationError,
)


@dataclass(frozen=True)
class _Row:
    """`says` is searched in a container's message; `{said}` in `means` is the match."""

    says: re.Pattern[str]
    error: type[ModerationError]
    means: str


def _row(error: type[ModerationError], means: str, *says: str) -> _Row:
    return _Row(re.compile("|".join(says), re.IGNORECASE), error, means)


# Only the container's own words: the rest of a sentence may come from the request.
_EXPECTED = r"\w+(?: \w+)?(?: at line \d+ column \d+)?"
_MUST_BE = r"(?:strictly positive|[<>]=? [\d.]+(?: and [<>]=? [\d.]+)?)"

# The first row that matches wins. Rejections come first: only they repeat a request, which may contain any words.
_TABLE = (
    _row(
        EndpointRejected,
        "can't read a prompt that long ({said}): use a policy pack with fewer or shorter categories and questions",
        r"`inputs` tokens \+ `max_new_tokens` must be <= \d+\. Given: \d+",
        r"`inputs` must have less than \d+ tokens\. Given: \d+",
        r"maximum context length is \d+ tokens",
        r"exceeds the available context size",
        r"longer than the (?:maximum model length of \d+|model's context length \(\d+ tokens\))",
        r"too long to fit into the model \(context length \d+\)",
        r"input token limit exceeded",
    ),
    _row(
        EndpointRejected,
        "doesn't understand the request (HTTP {status}: {said}): does it speak the dialect that -c blip2Dialect or "
        "-c llamaDialect names?",
        r"Failed to (?:deserialize the JSON body into the target type|parse the request body as JSON)"
        rf"(?:: (?:[a-z_.]+: )?(?:missing field `[a-z_]+`|invalid type: [a-z]+(?:, expected {_EXPECTED})?))?",
        rf"Input validation error(?:: (?:`[a-z_]+` must be {_MUST_BE}|grammar is not (?:supported|valid)))?",
        r"Template error",
        r"Invalid request payload(?:\. (?:The 'inputs' field must be a string|"
        r"Request payload should be a json object specifying the 'inputs' field))?",
        r"(?:string|list) indices must be integers",
        r'can only concatenate (?:str|list) \(not "\w+"\) to (?:str|list)',
        r"'(?:str|list|dict)' object has no attribute '[a-z_]+'",
        r"model only supports 'system', ?'user' and 'assistant' roles",
        r"last message must be from user",
        r"Conversation roles must alternate",
        r"Field required",
        r"Unable to evaluate payload provided",
        r"Unsupported content[- ]type",
    ),
    _row(
        Misconfigured,
        "doesn't serve exactly one model ({said}): deploy ModerationModels again, or name an endpoint that does",
        r"Parameter model_name is required",
        r"Model or workflow not found",
    ),
    _row(
        Misconfigured,
        "wants its licence accepted in each request, as JumpStart's Llama 2 v1 and v2 do: "
        "deploy with -c llamaDialect=dialog",
        r"accept_eula",
        r"end-user license agreement",
    ),
    _row(
        EndpointUnavailable,
        "ran out of memory (HTTP {status})",
        r"out of memory",
        r"OutOfMemory",
        r"MemoryError",
        r"_STATUS_ALLOC_FAILED",
        r"CUBLAS_STATUS_NOT_INITIALIZED",  # cuBLAS without memory for its handle
        r"allocate memory",
        r"unable to find an engine to execute this computation",  # cuDNN without memory for a workspace
    ),
    # a timed-out or broken call fails the model for good, and the container is replaced: see docs/architecture.md
    _row(
        EndpointUnavailable,
        "lost its Python process (HTTP {status})",
        r"Python worker disconnected",
        r"concurrent\.TimeoutException",
    ),
    # DJL doesn't replace a process that died while idle, and answers 400 (PyPredictor.java)
    _row(EndpointUnavailable, "no longer answers: its Python process has ended", r"Python process is stopped"),
    _row(EndpointUnavailable, "failed on its GPU (HTTP {status})", r"CUDA error", r"CUDNN_STATUS", r"NCCL error"),
    _row(EndpointThrottled, "is still loading (HTTP {status})", r"loading model", r"is (?:currently|still) loading"),
    _row(EndpointThrottled, "isn't ready (HTTP {status})", r"Model is not ready"),
    _row(
        EndpointThrottled,
        "is busy (HTTP {status})",
        r"model is overloaded",
        r"queue capacity exceeded",
        r"queue is full",
        r"no worker is available",
        r"server busy",
    ),
    _row(EndpointTimeout, "didn't answer in time (HTTP {status})", r"timed out"),
)


def container_fault(endpoint: str, status: int, words: str) -> ModerationError:
    """Return the error for a container's answer; `status` is its HTTP status, 0 if it gave none."""
    plain = words.replace('\\"', '"').replace("\\u0027", "'").replace("\\n", " ")
    for row in _TABLE:
        if found := row.says.search(plain):
            return row.error(f"The model behind {endpoint} {row.means.format(status=status, said=found[0])}.")
    return _by_status(endpoint, status)


def _by_status(endpoint: str, status: int) -> ModerationError:
    if status in (429, 503):
        return EndpointThrottled(f"The model behind {endpoint} is busy: its queue is full (HTTP {status}).")
    if status in (408, 504):
        return EndpointTimeout(f"The model behind {endpoint} didn't answer in time (HTTP {status}).")
    if status == 0:
        return EndpointUnavailable(f"The model behind {endpoint} gave no answer.")
    if status >= 500 or status == 424:  # DJL's status for a handler that raised
        return EndpointUnavailable(f"The model behind {endpoint} failed (HTTP {status}).")
    return EndpointRejected(f"The model behind {endpoint} refuses the request (HTTP {status}): see its log.")
