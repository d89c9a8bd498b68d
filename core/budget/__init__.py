"""The context block: the memories of a recall that are worth most within a budget of tokens, for a prompt."""

from __future__ import annotations

from core.budget.block import ContextBlock, Entered, LeftOut, Reason, Step
from core.budget.packing import Packing, context_block
from core.budget.tokens import BYTES_PER_TOKEN, ESTIMATE, TokenCounter, estimate_tokens, token_counter, tokenizer_file

__all__ = [
    "BYTES_PER_TOKEN",
    "ESTIMATE",
    "ContextBlock",
    "Entered",
    "LeftOut",
    "Packing",
    "Reason",
    "Step",
    "TokenCounter",
    "context_block",
    "estimate_tokens",
    "token_counter",
    "tokenizer_file",
]
