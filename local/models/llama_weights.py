"""Llama run by transformers: greedy, bf16 on a GPU, fp32 on a CPU."""

import time
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from local.models import llama2_format
from local.models.chat import Chat, Completion, JudgeFailed

LIMIT_S = 40.0  # with the wait for its turn still within SageMaker's 60 s


class LlamaWeights:
    """Checkpoint as judge. It ignores a chat's schema, since transformers decodes without constraints."""

    stand_in = False
    one_at_a_time = True

    def __init__(self, folder: Path, name: str) -> None:
        """Load the checkpoint. Raises what transformers raises for one that it can't load."""
        self.name = name
        device, dtype = ("cuda", torch.bfloat16) if torch.cuda.is_available() else ("cpu", torch.float32)
        self._tokenizer: Any = AutoTokenizer.from_pretrained(folder)
        self._model = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype).eval().to(device)

    def complete(self, chat: Chat) -> Completion:
        """Generate greedily. Raises JudgeFailed if prompt and answer exceed the context, as the container does.

        Also raises it, with 504, if the answer isn't complete within `LIMIT_S`.
        """
        tokens = torch.tensor([self._tokens(chat)], device=self._model.device)
        self._check_context(tokens.shape[1], chat.max_new_tokens)
        started = time.monotonic()
        with torch.inference_mode():
            generated = self._model.generate(
                tokens,
                attention_mask=torch.ones_like(tokens),
                max_new_tokens=chat.max_new_tokens,
                do_sample=False,
                max_time=LIMIT_S,
                # greedy decoding ignores the sampling settings of chat checkpoints
                temperature=None,
                top_p=None,
                pad_token_id=self._tokenizer.eos_token_id,
            )
        answer = generated[0, tokens.shape[1] :].tolist()
        cut = answer[-1] != self._tokenizer.eos_token_id
        if cut and len(answer) < chat.max_new_tokens and time.monotonic() - started > LIMIT_S:
            raise JudgeFailed(504, f"The answer timed out: {len(answer)} tokens took more than {LIMIT_S:g} s.")
        text = self._tokenizer.decode(answer, skip_special_tokens=True)
        return Completion(text, len(answer), cut)

    def _tokens(self, chat: Chat) -> list[int]:
        """Tokenise with the checkpoint's own chat template if it has one, else in Llama 2's format."""
        messages = [{"role": message.role, "content": message.content} for message in chat.messages]
        if self._tokenizer.chat_template:
            text = self._tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        else:
            text = llama2_format.render(chat.messages)
        tokens: list[int] = self._tokenizer(text, add_special_tokens=False)["input_ids"]
        return tokens

    def _check_context(self, prompt: int, answer: int) -> None:
        context = self._model.config.max_position_embeddings
        if prompt + answer > context:
            raise JudgeFailed(
                422,
                f"Input validation error: `inputs` tokens + `max_new_tokens` must be <= {context}. "
                f"Given: {prompt} `inputs` tokens and {answer} `max_new_tokens`",
            )
