"""T5 of transformers with its own weights, in fewer operations: no padding is read, no keys of the input are kept.

The encoder reads the rows' tokens as one sequence; only its attention, a small part of the work, sees them as padded
rows.

The decoder gives every row one token more. transformers turns each token of the input into a key and a value for each
layer first, which is a sixth of the encoder's own work, although an answer of two tokens looks at them twice. Since
q·(K h) = (Kᵀ q)·h, a query is carried to the input's tokens instead: a row's heads attend to the tokens themselves, and
only what they saw becomes values.

In exact arithmetic everything is the same as transformers'.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional


class T5Encoder:
    """Encoder of a T5; `before_layer` is called before each of its layers, and may raise."""

    def __init__(self, language_model: Any, before_layer: Callable[[], None]) -> None:
        self._stack, self._before_layer = language_model.encoder, before_layer

    def read(self, embeds: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Return (rows, length, width): the encoded tokens, where the mask (rows, length) is 1."""
        places = mask.flatten().nonzero()[:, 0]
        hidden = embeds.flatten(0, 1)[places]
        distances = self._stack.block[0].layer[0].SelfAttention.compute_bias(mask.shape[1], mask.shape[1])
        bias = distances + _padding(mask[:, None, None], hidden.dtype)
        for block in self._stack.block:
            self._before_layer()
            text, dense = block.layer
            hidden = hidden + _look_around(text.SelfAttention, _normed(text, hidden), bias, places)
            hidden = hidden + _thought(dense, hidden)
        return _padded(_norm(self._stack.final_layer_norm, hidden), mask, places)


@dataclass
class Decoding:
    """Rows that are being decoded, and what they attend to.

    `encoded` has the shape (rows, length, width); `padding` is (rows, 1, length), to be added to scores; `keys` and
    `values` are those of the tokens so far, for each layer (rows, heads, tokens, size).
    """

    encoded: torch.Tensor
    padding: torch.Tensor
    keys: list[torch.Tensor]
    values: list[torch.Tensor]

    def keep(self, rows: torch.Tensor) -> None:
        """Go on with the rows of the given indexes only."""
        self.encoded, self.padding = self.encoded[rows], self.padding[rows]
        self.keys, self.values = ([layer[rows] for layer in layers] for layers in (self.keys, self.values))


class T5Decoder:
    """Decoder and head of a T5."""

    def __init__(self, language_model: Any) -> None:
        self._stack, self._head = language_model.decoder, language_model.lm_head
        config = language_model.config
        # transformers 5 calls it by its name
        scaled = getattr(config, "scale_decoder_outputs", config.tie_word_embeddings)
        self._scale = config.d_model**-0.5 if scaled else 1.0

    def begin(self, encoded: torch.Tensor, mask: torch.Tensor) -> Decoding:
        """Return the decoding of rows whose encoded tokens count where the mask (rows, length) is 1."""
        attention = self._stack.block[0].layer[0].SelfAttention
        none_yet = [encoded.new_empty(len(encoded), attention.n_heads, 0, attention.key_value_proj_dim)]
        layers = len(self._stack.block)
        return Decoding(encoded, _padding(mask[:, None], encoded.dtype), none_yet * layers, none_yet * layers)

    def step(self, tokens: torch.Tensor, decoding: Decoding) -> torch.Tensor:
        """Return the logits (rows, vocabulary) after one more token of each row."""
        hidden = self._stack.embed_tokens(tokens)
        length = decoding.keys[0].shape[2] + 1
        distances = self._stack.block[0].layer[0].SelfAttention.compute_bias(length, length)[:, :, -1:]
        for layer, block in enumerate(self._stack.block):
            text, image, dense = block.layer
            hidden = hidden + _look_back(text.SelfAttention, _normed(text, hidden), distances, decoding, layer)
            hidden = hidden + _look_up(image.EncDecAttention, _normed(image, hidden), decoding)
            hidden = hidden + _thought(dense, hidden)
        logits: torch.Tensor = self._head(_norm(self._stack.final_layer_norm, hidden) * self._scale)
        return logits


def _look_around(attention: Any, hidden: torch.Tensor, bias: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """Return what each token takes from its row; `bias` has the shape (rows, heads, length, length)."""
    rows, heads, length, _ = bias.shape
    query, key, value = (
        _spread(project(hidden), rows * length, places).view(rows, length, heads, -1).transpose(1, 2)
        for project in (attention.q, attention.k, attention.v)
    )
    seen = functional.scaled_dot_product_attention(query, key, value, attn_mask=bias, scale=1.0)
    taken: torch.Tensor = attention.o(seen.transpose(1, 2).reshape(rows * length, -1)[places])
    return taken


def _look_back(
    attention: Any, hidden: torch.Tensor, distances: torch.Tensor, decoding: Decoding, layer: int
) -> torch.Tensor:
    """Return what each row's new token takes from the row's text so far, and add its key and value to these."""
    shape = (attention.n_heads, 1, attention.key_value_proj_dim)
    query, key, value = (project(hidden).unflatten(-1, shape) for project in (attention.q, attention.k, attention.v))
    decoding.keys[layer] = torch.cat([decoding.keys[layer], key], dim=2)
    decoding.values[layer] = torch.cat([decoding.values[layer], value], dim=2)
    seen = _attend(query, decoding.keys[layer], decoding.values[layer], distances)
    taken: torch.Tensor = attention.o(seen.flatten(1))
    return taken


def _look_up(attention: Any, hidden: torch.Tensor, decoding: Decoding) -> torch.Tensor:
    """Return what each row's new token takes from the encoded tokens."""
    heads = (attention.n_heads, -1)
    query = attention.q(hidden).unflatten(-1, heads)
    to_keys, to_values = (project.weight.unflatten(0, heads) for project in (attention.k, attention.v))
    carried = torch.einsum("rhs,hsw->rhw", query, to_keys)
    seen = _attend(carried, decoding.encoded, decoding.encoded, decoding.padding)
    taken: torch.Tensor = attention.o(torch.einsum("rhw,hsw->rhs", seen, to_values).flatten(1))
    return taken


def _attend(query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """Return softmax(q kᵀ + bias) v; T5 doesn't scale the scores."""
    scores = query @ keys.transpose(-1, -2) + bias
    return scores.float().softmax(dim=-1).to(values.dtype) @ values


def _thought(layer: Any, hidden: torch.Tensor) -> torch.Tensor:
    """Return what a layer's gated feed-forward network adds to each token."""
    network, normed = layer.DenseReluDense, _normed(layer, hidden)
    gated = functional.gelu(network.wi_0(normed), approximate="tanh") * network.wi_1(normed)
    # transformers keeps `wo` in fp32 beside weights in fp16
    added: torch.Tensor = network.wo(gated.to(network.wo.weight.dtype))
    return added


def _normed(layer: Any, hidden: torch.Tensor) -> torch.Tensor:
    return _norm(layer.layer_norm, hidden)


def _norm(norm: Any, hidden: torch.Tensor) -> torch.Tensor:
    normed = functional.rms_norm(hidden, norm.weight.shape, eps=norm.variance_epsilon)
    scaled: torch.Tensor = normed.to(norm.weight.dtype) * norm.weight
    return scaled


def _padding(mask: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """Return what is added to the scores of tokens: 0 where the mask is 1, else the lowest number."""
    return (1 - mask.to(dtype)) * torch.finfo(dtype).min


def _padded(tokens: torch.Tensor, mask: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    return _spread(tokens, mask.numel(), places).view(*mask.shape, -1)


def _spread(tokens: torch.Tensor, number: int, places: torch.Tensor) -> torch.Tensor:
    """Return (number, width) with the tokens in their places, and zeros elsewhere."""
    return tokens.new_zeros(number, tokens.shape[-1]).index_copy_(0, places, tokens)
