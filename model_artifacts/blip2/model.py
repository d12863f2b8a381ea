"""BLIP-2 behind DJL Serving: the entry point of the container, of the laptop's model server and of the tests.

Requests and answers are described in `blip2_serving.request`. There is no `requirements.txt` beside this file: the
container image (djl-inference 0.35.0-lmi17) already holds torch, transformers 4.57.1 and Pillow.
"""

import json
import signal
import threading

from blip2_serving.request import Refusal
from blip2_serving.service import Answer, Service
from djl_python import Input, Output

_service = Service()


def handle(inputs: Input) -> Output | None:
    """Answer a request, or every request of a dynamic batch.

    DJL's first call is empty and is the only one with the model's properties; the answer is None.
    """
    if not _service.initialized:
        _service.initialize(inputs.get_properties())
        _finish_on_sigterm()
        return None
    # a single request may be empty, too: an empty form has no content
    answers = _service.answer([item.get_as_bytes() for item in inputs.get_batches()])
    return _batch_reply(answers) if inputs.is_batch() else _lone_reply(answers[0])


def _finish_on_sigterm() -> None:
    """Finish the current batch within a time limit. DJL itself ends the process by closing its connection."""
    if threading.current_thread() is threading.main_thread():  # as in the container; other threads can't set a handler
        signal.signal(signal.SIGTERM, lambda *_: _service.stop())


def _lone_reply(answer: Answer | Refusal) -> Output:
    if isinstance(answer, Refusal):
        return Output().error(str(answer), code=answer.code, message="refused")
    return Output().add_property("content-type", _content_type([answer])).add(_body(answer))


def _batch_reply(answers: list[Answer | Refusal]) -> Output:
    """Return one content per item. A batch has one status code, so an item's error is in its own body."""
    output = Output().add_property("content-type", _content_type(answers))
    for index, answer in enumerate(answers):
        output.add(_body(answer), batch_index=index)
    return output


def _body(answer: Answer | Refusal) -> str:
    if isinstance(answer, Refusal):
        return json.dumps({"error": str(answer), "code": answer.code})
    return answer if isinstance(answer, str) else json.dumps(answer)


def _content_type(answers: list[Answer | Refusal]) -> str:
    """Return the content type of a batch, which has shared headers: JSON only if all items are."""
    return "text/plain" if any(isinstance(answer, str) for answer in answers) else "application/json"
