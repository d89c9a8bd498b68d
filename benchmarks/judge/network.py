"""The network of the local judge: all-MiniLM-L6-v2 read over both texts at once, with a head of three classes.

BERT (Devlin et al. 2019) as Wang et al. 2020 made it small: 6 layers of 384, 12 heads, 1,536 inside. The head sees [CLS] and
the mean over all word pieces. The word embeddings are not trained: a tenth of the time, and rare words keep their place.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

from benchmarks.judge.pairs import LABELS

__all__ = ["Network", "fresh"]

_WORDS, _PLACES, _TYPES = 30_522, 512, 2
_WIDTH, _HEADS, _INSIDE, _LAYERS = 384, 12, 1_536, 6
_EPSILON: Final = 1e-12
_SCALE: Final = (_WIDTH // _HEADS) ** -0.5


class _Layer(nn.Module):
    """One layer of the encoder: attention, then two dense steps, each added to what came in."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv = nn.Linear(_WIDTH, 3 * _WIDTH)
        self.out = nn.Linear(_WIDTH, _WIDTH)
        self.attended = nn.LayerNorm(_WIDTH, eps=_EPSILON)
        self.wide = nn.Linear(_WIDTH, _INSIDE)
        self.narrow = nn.Linear(_INSIDE, _WIDTH)
        self.done = nn.LayerNorm(_WIDTH, eps=_EPSILON)

    def forward(self, hidden: Tensor, mask: Tensor) -> Tensor:
        rows, length, _ = hidden.shape
        parts = self.qkv(hidden).view(rows, length, 3, _HEADS, _WIDTH // _HEADS).permute(2, 0, 3, 1, 4)
        # Written out, as torch's own is slower here on short texts: twice, with the way back.
        weights = torch.softmax(parts[0] @ parts[1].transpose(2, 3) * _SCALE + mask, dim=-1)
        mixed = weights @ parts[2]
        hidden = self.attended(hidden + self.out(mixed.transpose(1, 2).reshape(rows, length, _WIDTH)))
        inside: Tensor = self.done(hidden + self.narrow(F.gelu(self.wide(hidden))))
        return inside


class Network(nn.Module):
    """Word pieces of `[CLS] a [SEP] b [SEP]` to logits (n, 3) in the order of LABELS."""

    def __init__(self, dropout: float = 0.1) -> None:
        super().__init__()
        self.words = nn.Embedding(_WORDS, _WIDTH)
        self.places = nn.Embedding(_PLACES, _WIDTH)
        self.types = nn.Embedding(_TYPES, _WIDTH)
        self.start = nn.LayerNorm(_WIDTH, eps=_EPSILON)
        self.layers = nn.ModuleList(_Layer() for _ in range(_LAYERS))
        self.dense = nn.Linear(2 * _WIDTH, _WIDTH)
        self.dropout = nn.Dropout(dropout)
        self.classes = nn.Linear(_WIDTH, len(LABELS))
        self.words.weight.requires_grad_(False)

    def forward(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor) -> Tensor:
        places = torch.arange(input_ids.shape[1], device=input_ids.device)
        hidden = self.start(self.words(input_ids) + self.types(token_type_ids) + self.places(places))
        mask = (1.0 - attention_mask[:, None, None, :].to(hidden.dtype)) * -1e4
        for layer in self.layers:
            hidden = layer(hidden, mask)
        weights = attention_mask[:, :, None].to(hidden.dtype)
        mean = (hidden * weights).sum(1) / weights.sum(1)
        seen = torch.tanh(self.dense(torch.cat((hidden[:, 0], mean), dim=1)))
        logits: Tensor = self.classes(self.dropout(seen))
        return logits


def fresh(weights: Path, *, seed: int) -> Network:
    """Return the network with the encoder of a BERT's safetensors file and a new head."""
    torch.manual_seed(seed)
    network, said = Network(), load_file(str(weights))
    state = network.state_dict()
    names = {
        "words.weight": "embeddings.word_embeddings.weight",
        "places.weight": "embeddings.position_embeddings.weight",
        "types.weight": "embeddings.token_type_embeddings.weight",
    }
    state |= {ours: said[theirs] for ours, theirs in names.items()}
    for kind in ("weight", "bias"):
        state[f"start.{kind}"] = said[f"embeddings.LayerNorm.{kind}"]
        for number in range(_LAYERS):
            there = f"encoder.layer.{number}"
            heads = [said[f"{there}.attention.self.{part}.{kind}"] for part in ("query", "key", "value")]
            state[f"layers.{number}.qkv.{kind}"] = torch.cat(heads)
            for ours, theirs in _STEPS.items():
                state[f"layers.{number}.{ours}.{kind}"] = said[f"{there}.{theirs}.{kind}"]
    network.load_state_dict(state)
    return network


_STEPS: Final = {
    "out": "attention.output.dense",
    "attended": "attention.output.LayerNorm",
    "wide": "intermediate.dense",
    "narrow": "output.dense",
    "done": "output.LayerNorm",
}
