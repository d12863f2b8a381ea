"""BLIP-2 behind DJL Serving: the entry point of the container, of the laptop's model server and of the tests.

Requests and answers are described in `blip2_serving.request`. No `requirements.txt` lies beside this file: the
container image (djl-inference 0.35.0-lmi17) already holds torch, transformers 4.57.1 and Pillow.
"""

import json

from blip2_serving.request import BadRequest
from blip2_serving.service import Answer, Service
from djl_python import Input, Output

_service = Service()


def handle(inputs: Input) -> Output | None:
    """Answer one request, or every request of a dynamic batch.

    DJL's first call is empty and is the only one that carries the model's properties; it is answered by None.
    """
    if not _service.initialized:
        _service.initialize(inputs.get_properties())
    if inputs.is_empty():
        return None
    answers = _service.answer([item.get_as_bytes() for item in inputs.get_batches()])
    return _batch_reply(answers) if inputs.is_batch() else _lone_reply(answers[0])


def _lone_reply(answer: Answer | BadRequest) -> Output:
    if isinstance(answer, BadRequest):
        return Output().error(str(answer), code=400, message="bad request")
    return Output().add_property("content-type", _content_type([answer])).add(_body(answer))


def _batch_reply(answers: list[Answer | BadRequest]) -> Output:
    """One content an item. The batch shares one status code, so an item's error travels in its own body."""
    output = Output().add_property("content-type", _content_type(answers))
    for index, answer in enumerate(answers):
        output.add(_body(answer), batch_index=index)
    return output


def _body(answer: Answer | BadRequest) -> str:
    if isinstance(answer, BadRequest):
        return json.dumps({"error": str(answer), "code": 400})
    return answer if isinstance(answer, str) else json.dumps(answer)


def _content_type(answers: list[Answer | BadRequest]) -> str:
    """A batch shares its headers too: it is called JSON only if all of it is."""
    return "text/plain" if any(isinstance(answer, str) for answer in answers) else "application/json"
