"""The demo checkpoint behind OpenAI's chat completions: real inference, in the format that vLLM's server answers in."""

import base64
import io
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from werkzeug import Request, Response
from werkzeug.serving import make_server

from tests.model.blip2_reference import Reference

MODEL = "demo-vlm"


class OpenAiVisionServer:
    """Answers chats about a picture with a checkpoint's own words; `logprobs` False ignores the wish for them."""

    def __init__(self, checkpoint: Path) -> None:
        torch.set_num_threads(1)  # several only hinder one another beside the workers of the laptop cloud
        self._reference = Reference.load(checkpoint)
        self._one_at_a_time = threading.Lock()
        self.logprobs = True
        self.asked: list[str] = []
        self.status = 200

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Serve until the block ends, under the address that the block is given."""
        http = make_server("127.0.0.1", 0, Request.application(self._answer), threaded=True)
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{http.port}"
        finally:
            http.shutdown()
            thread.join()
            http.server_close()

    def _answer(self, request: Request) -> Response:
        if request.path == "/v1/models":
            return _json({"object": "list", "data": [{"id": "embedder"}, {"id": MODEL}]})
        if self.status != 200:
            return _json({"error": {"message": "overloaded", "code": self.status}}, self.status)
        with self._one_at_a_time:
            return _json(self._complete(request.get_json()))

    @torch.inference_mode()
    def _complete(self, body: dict[str, Any]) -> dict[str, Any]:
        assert body["model"] == MODEL
        picture, words = body["messages"][0]["content"]
        self.asked.append(words["text"])
        _, found, question = words["text"].partition("Question:")
        file = base64.b64decode(picture["image_url"]["url"].removeprefix("data:image/png;base64,"))
        image = Image.open(io.BytesIO(file)).convert("RGB")
        inputs = self._reference.processor(images=image, text=found + question or None, return_tensors="pt")
        generated = self._reference.model.generate(
            **inputs,
            max_new_tokens=body["max_tokens"],
            do_sample=False,
            output_scores=True,
            return_dict_in_generate=True,
        )
        tokenizer = self._reference.processor.tokenizer
        text = tokenizer.decode(generated.sequences[0], skip_special_tokens=True)
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        if self.logprobs and body.get("logprobs"):
            choice["logprobs"] = {"content": [self._entry(generated.scores[0][0], body["top_logprobs"])]}
        return {"id": "chatcmpl-1", "object": "chat.completion", "model": MODEL, "choices": [choice]}

    def _entry(self, logits: torch.Tensor, number: int) -> dict[str, Any]:
        values, tokens = logits.log_softmax(dim=-1).topk(number)
        spelt = self._reference.processor.tokenizer.convert_ids_to_tokens(tokens.tolist())
        top = [{"token": token, "logprob": p} for token, p in zip(spelt, values.tolist(), strict=True)]
        return {**top[0], "top_logprobs": top}


def _json(data: object, status: int = 200) -> Response:
    return Response(json.dumps(data), status=status, content_type="application/json")
