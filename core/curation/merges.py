"""What of a plan hangs together: a memory that is written, and those that are retired in its favour."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Final

from core.curation.plan import Change
from core.memory import Memory

__all__ = ["is_merge", "text_mark", "texts_of", "torn"]

_MARK: Final = 12


def torn(changes: Iterable[Change], lost: Collection[str]) -> Mapping[str, str]:
    """Return the keys whose change means nothing once some changes are lost, each with why.

    What was merged from a memory that changed since may not be true any more, and what was not written stands for nothing.
    """
    named = [(change.key, change.replaced_by) for change in changes]
    stand_ins = {by for _, by in named if by is not None}
    broken = {by if by is not None else key for key, by in named if key in lost and (by is not None or key in stand_ins)}
    return {
        key: "belongs to a merge of which another part does not hold any more"
        for key, by in named
        if key not in lost and (key in broken or by in broken)
    }


def is_merge(changes: Iterable[Change]) -> bool:
    """Say whether some change retires a memory in favour of another."""
    return any(change.replaced_by is not None for change in changes)


def texts_of(changes: Iterable[Change], memory_of: Callable[[str, Mapping[str, Any]], Memory]) -> dict[str, str]:
    """Return the memories that a plan found in the index, each with the mark of its text."""
    there = ((change.key, change.before) for change in changes)
    return {key: text_mark(memory_of(key, before.metadata).content) for key, before in there if before is not None}


def text_mark(text: str) -> str:
    """Return a short digest of a text, in hex."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_MARK).hexdigest()
