"""Whether a query may quote a memory: what is to be left without a trace must not stay in what somebody asked."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Final

from core.vectors.words import asked_words, tokenizer

__all__ = ["Quoted"]

_TELLING: Final = 8  # characters


@dataclass(frozen=True)
class Quoted:
    """The texts of erased memories, empty where nobody knows them any more."""

    texts: Collection[str]
    _tokens: Callable[[str], list[str]] = field(default_factory=lambda: tokenizer("en"))
    _known: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._known.update(word for text in self.texts for word in self._words(text))

    def may_be_in(self, query: str | None, *, found: bool) -> bool:
        """Say whether a query may have words of them: all of one text, or, where it `found` one of them, any telling word.

        Where no text is known, every query that found one may.
        """
        if query is None:
            return False
        asked = _plain(query)
        if any(text in asked for text in map(_plain, self.texts) if text):
            return True
        return found and (not self.texts or not self._known.isdisjoint(self._words(query)))

    def is_in(self, said: str) -> bool:
        """Say whether what somebody wrote has all of one in it, as words of its own; a short one stands for nothing."""
        plain = _plain(said)
        for text in map(_plain, self.texts):
            if len(text) >= _TELLING and re.search(rf"(?<!\w){re.escape(text)}(?!\w)", plain):
                return True
        return False

    def _words(self, text: str) -> list[str]:
        return self._tokens(" ".join(asked_words(text, "en")))


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
