"""Error messages of the containers behind SageMaker endpoints, word for word, and the errors made of them."""

import json

import pytest

from moderation.adapters.container_words import container_fault
from moderation.errors import (
    EndpointRejected,
    EndpointThrottled,
    EndpointTimeout,
    EndpointUnavailable,
    Misconfigured,
)


def djl(error: str, code: int = 424, message: str = "prediction failure") -> str:
    """As `Output.error` of DJL's Python engine writes it."""
    return json.dumps({"code": code, "message": message, "error": error}, indent=2)


def java(code: int, kind: str, message: str) -> str:
    """As `NettyUtils.sendError` of DJL and the model servers for PyTorch and MXNet write it."""
    return json.dumps({"code": code, "type": kind, "message": message}, indent=2)


def tgi(error: str, error_type: str) -> str:
    """As text-generation-inference's router writes it."""
    return json.dumps({"error": error, "error_type": error_type}, separators=(",", ":"))


def openai(message: str, kind: str, code: int) -> str:
    """As vLLM's server writes it."""
    return json.dumps({"object": "error", "message": message, "type": kind, "param": None, "code": code})


CUDA = (
    "CUDA out of memory. Tried to allocate 20.00 MiB (GPU 0; 22.20 GiB total capacity; 20.72 GiB already allocated; "
    "18.12 MiB free; 21.11 GiB reserved in total by PyTorch)"
)
# langchain-ai/langchain#9733
EULA = (
    "Need to pass custom_attributes='accept_eula=true' as part of header. This means you have read and accept the "
    "end-user license agreement (EULA) of the model. EULA can be found in model card description or from "
    "https://ai.meta.com/resources/models-and-libraries/llama-downloads/."
)
SERDE = "Failed to deserialize the JSON body into the target type: "
PAYLOAD = "Invalid request payload. "
BUSY = "Amazon SageMaker could not get a response from the eyes endpoint. This can occur when CPU or memory utilization"
LATE = "Your invocation timed out while waiting for a response from container primary. Review the latency metrics"

PERMANENT = [
    # JumpStart's Llama 2, versions 1 and 2
    (424, djl(EULA), Misconfigured, "-c llamaDialect=dialog"),
    (400, EULA, Misconfigured, "-c llamaDialect=dialog"),
    (424, djl("string indices must be integers"), EndpointRejected, "string indices must be integers"),
    # generative-ai-on-aws/generative-ai-on-aws#1
    (424, djl('can only concatenate str (not "list") to str'), EndpointRejected, "can only concatenate str"),
    (
        424,
        djl("model only supports 'system', 'user' and 'assistant' roles, starting with 'system', then 'user'"),
        EndpointRejected,
        "model only supports 'system', 'user' and 'assistant' roles",
    ),
    # text-generation-inference: aws-samples/amazon-sagemaker-generativeai#43, aws/amazon-sagemaker-feedback#34
    (
        422,
        SERDE + "inputs: invalid type: sequence, expected a string at line 1 column 11",
        EndpointRejected,
        "inputs: invalid type: sequence, expected a string at line 1 column 11",
    ),
    (422, SERDE + "missing field `inputs` at line 1 column 509", EndpointRejected, "missing field `inputs`"),
    (
        422,
        SERDE + 'parameters.max_new_tokens: invalid type: string "50", expected u32 at line 4 column 30',
        EndpointRejected,
        "parameters.max_new_tokens: invalid type: string",
    ),
    (400, "Failed to parse the request body as JSON: EOF while parsing", EndpointRejected, "Failed to parse the req"),
    (
        422,
        tgi(
            "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 4001 `inputs` tokens "
            "and 512 `max_new_tokens`",
            "validation",
        ),
        EndpointRejected,
        "must be <= 4096. Given: 4001",
    ),
    (
        422,
        tgi("Input validation error: `inputs` must have less than 4095 tokens. Given: 5000", "validation"),
        EndpointRejected,
        "`inputs` must have less than 4095 tokens. Given: 5000",
    ),
    (
        422,
        tgi("Input validation error: `temperature` must be strictly positive", "validation"),
        EndpointRejected,
        "`te",
    ),
    (
        422,
        tgi("Input validation error: `top_p` must be > 0.0 and < 1.0", "validation"),
        EndpointRejected,
        "`top_p` must be > 0.0 and < 1.0)",
    ),
    (422, tgi("Input validation error: grammar is not supported", "validation"), EndpointRejected, "grammar"),
    (422, tgi("Template error: template not found", "template_error"), EndpointRejected, "Template error"),
    # DJL's LMI containers: djl_python/input_parser.py
    (
        424,
        djl(PAYLOAD + "The 'inputs' field must be a string. Received type <class 'list'>"),
        EndpointRejected,
        "The 'inputs' field must be a string",
    ),
    (
        424,
        djl(
            "Input parsing failed: "
            + PAYLOAD
            + "Request payload should be a json object specifying the 'inputs' field. Received payload {'messages': []}"
        ),
        EndpointRejected,
        "Request payload should be a json object specifying the 'inputs' field",
    ),
    (400, java(400, "BadRequestException", "Parameter model_name is required."), Misconfigured, "model_name"),
    (404, java(404, "ModelNotFoundException", "Model or workflow not found: blip2"), Misconfigured, "one model"),
    # Hugging Face's inference toolkit: nickksun in aws/amazon-sagemaker-examples#3668
    (
        400,
        java(
            400,
            "InternalServerException",
            "The size of tensor a (521) must match the size of tensor b (512) at non-singleton dimension 1",
        ),
        EndpointRejected,
        "HTTP 400",
    ),
    (400, "Unable to evaluate payload provided", EndpointRejected, "Unable to evaluate payload provided"),
    # servers that speak the OpenAI dialect
    (
        400,
        openai(
            "This model's maximum context length is 4096 tokens. However, you requested 4608 tokens.",
            "BadRequestError",
            400,
        ),
        EndpointRejected,
        "maximum context length is 4096 tokens",
    ),
    # the same as raised inside LMI's containers; xorbitsai/inference#3785, vllm-project/vllm#12165, sgl-project/sglang
    (
        424,
        djl("The decoder prompt (length 17772) is longer than the maximum model length of 16384."),
        EndpointRejected,
        "longer than the maximum model length of 16384",
    ),
    (
        424,
        djl("The prompt (total length 25938) is too long to fit into the model (context length 4096)."),
        EndpointRejected,
        "too long to fit into the model (context length 4096)",
    ),
    (
        500,
        openai("The input (5000 tokens) is longer than the model's context length (4096 tokens).", "Bad", 400),
        EndpointRejected,
        "longer than the model's context length (4096 tokens)",
    ),
    (400, openai("[{'type': 'missing', 'msg': 'Field required'}]", "BadRequestError", 400), EndpointRejected, "Field"),
    (
        400,
        openai("Conversation roles must alternate user/assistant/user/assistant/...", "BadRequestError", 400),
        EndpointRejected,
        "Conversation roles must alternate",
    ),
    (404, "", EndpointRejected, "HTTP 404"),
    (413, "", EndpointRejected, "HTTP 413"),
    (422, "", EndpointRejected, "HTTP 422"),
]

TRANSIENT = [
    (400, java(400, "InternalServerException", CUDA), EndpointUnavailable, "memory"),
    (424, djl(CUDA), EndpointUnavailable, "memory"),
    (422, djl(CUDA), EndpointUnavailable, "memory"),
    (500, tgi(f"Request failed during generation: Server error: {CUDA}", "generation"), EndpointUnavailable, "memory"),
    (400, "CUDA error: out of memory", EndpointUnavailable, "memory"),
    (400, java(400, "TranslateException", "Backend Python process is stopped."), EndpointUnavailable, "process has"),
    (400, "CUDA error: device-side assert triggered", EndpointUnavailable, "GPU"),
    (400, "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`", EndpointUnavailable, "memory"),
    (400, "torch.OutOfMemoryError: Allocation on device", EndpointUnavailable, "memory"),
    (400, "[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried", EndpointUnavailable, "memory"),
    # aws/sagemaker-huggingface-inference-toolkit#122: cuDNN without room for a workspace
    (
        400,
        java(400, "InternalServerException", "GET was unable to find an engine to execute this computation"),
        EndpointUnavailable,
        "memory",
    ),
    (507, "", EndpointUnavailable, "HTTP 507"),
    (507, java(507, "InsufficientMemory", "System out of memory"), EndpointUnavailable, "memory"),
    (424, djl("'utf-8' codec can't decode byte 0xff"), EndpointUnavailable, "HTTP 424"),
    (
        424,
        tgi("Request failed during generation: Server error: transport error", "generation"),
        EndpointUnavailable,
        "",
    ),
    (500, tgi("Incomplete generation", "incomplete_generation"), EndpointUnavailable, "HTTP 500"),
    (500, java(500, "InternalServerException", "Worker died."), EndpointUnavailable, "HTTP 500"),
    (500, "", EndpointUnavailable, "HTTP 500"),
    (502, "<html>Bad gateway", EndpointUnavailable, "HTTP 502"),
    (0, f"{BUSY} is high.", EndpointUnavailable, "no answer"),
    (0, LATE, EndpointTimeout, "time"),
    (408, "", EndpointTimeout, "time"),
    (504, "", EndpointTimeout, "time"),
    (
        503,
        java(503, "ServiceUnavailableException", "No worker is available to serve request: model"),
        EndpointThrottled,
        "busy",
    ),
    (503, java(503, "WlmCapacityException", "Worker queue capacity exceeded for model: model"), EndpointThrottled, ""),
    (400, java(400, "WlmCapacityException", "Worker queue capacity exceeded for model: model"), EndpointThrottled, ""),
    (429, tgi("Model is overloaded", "overloaded"), EndpointThrottled, "busy"),
    (503, "", EndpointThrottled, "HTTP 503"),
    # WorkerThread.java and WorkLoadManager.java: the request killed the process, or found it dead
    (
        503,
        java(
            503,
            "WlmException",
            "java.util.concurrent.ExecutionException: java.io.IOException: Python worker disconnected.",
        ),
        EndpointUnavailable,
        "process",
    ),
    (503, java(503, "WlmException", "java.util.concurrent.TimeoutException"), EndpointUnavailable, "process"),
    (503, java(503, "WlmException", "Model is not ready: model"), EndpointThrottled, "isn't ready"),
    (503, '{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}', EndpointThrottled, "loading"),
    (500, '{"error":"Model llama is currently loading","estimated_time":20.0}', EndpointThrottled, "loading"),
]


@pytest.mark.parametrize("status, words, expected, says", [*PERMANENT, *TRANSIENT])
def test_a_containers_words_decide(status, words, expected, says):
    fault = container_fault("eyes", status, words)

    assert type(fault) is expected
    assert "eyes" in str(fault)
    assert says in str(fault)


def test_a_sentence_never_repeats_what_the_request_held():
    """LMI repeats the payload, vLLM the input: a record may hold content, an execution's history may not."""
    secret = "a man named Quokka"
    for words in (
        djl(
            f"{PAYLOAD}Request payload should be a json object specifying the 'inputs' field. Received payload {secret}"
        ),
        SERDE + f'inputs: invalid type: string "{secret}", expected u32',
        SERDE + f"unknown field `{secret}`",
        openai(f"[{{'type': 'missing', 'msg': 'Field required', 'input': '{secret}'}}]", "BadRequestError", 400),
        tgi(f"Input validation error: tokenizer error {secret}", "validation"),
        f"string indices must be integers, not '{secret}'",
        java(400, "InternalServerException", secret),
        # what a picture may say, and a container repeat, to be quoted
        f"Input validation error: `inputs` must be {secret}",
        SERDE + f"invalid type: a, expected {secret}",
    ):
        assert "Quokka" not in str(container_fault("eyes", 422, words))


def test_words_from_a_picture_that_a_container_repeats_do_not_make_it_try_again():
    for words in ("CUDA out of memory", "accept_eula", "model is overloaded", "timed out"):
        body = djl(f"{PAYLOAD}Request payload should be a json object specifying the 'inputs' field. Received: {words}")

        assert type(container_fault("eyes", 424, body)) is EndpointRejected
