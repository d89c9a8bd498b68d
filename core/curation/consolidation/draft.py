"""A draft of one memory out of several: its sentences, each with the memories that it stands on."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

__all__ = ["BREAK", "Draft", "Sentence", "text_hash"]

# One statement a line: sentences of several memories in one paragraph would read as one story.
BREAK: Final = "\n"


@dataclass(frozen=True)
class Sentence:
    """One statement of a draft: `sources` are the keys of the memories that say it, those that say it best first.

    `support` is 0 to 1; `why` says in words what it stands on, or what no source says.
    """

    text: str
    sources: tuple[str, ...]
    support: float
    supported: bool
    why: str


@dataclass(frozen=True)
class Draft:
    """What would stand for some memories; `method` is "extractive", "edited" or the id of the model that wrote it.

    `sources` are all keys that it is drawn from, in order of time, whether a sentence stands on them or not; `seen` has the
    hash of the text that was read of each (see text_hash), so that a plan notices a source that changed since.
    """

    sentences: tuple[Sentence, ...]
    sources: tuple[str, ...]
    method: str
    seen: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """Return the text of the merged memory: a sentence a line."""
        return BREAK.join(sentence.text for sentence in self.sentences)

    @property
    def unsupported(self) -> tuple[Sentence, ...]:
        """Return the sentences that no source says."""
        return tuple(sentence for sentence in self.sentences if not sentence.supported)

    @property
    def faithfulness(self) -> float:
        """Return the share of sentences that a source says, 0 to 1; 1 of no sentences."""
        return 1 - len(self.unsupported) / len(self.sentences) if self.sentences else 1.0


def text_hash(text: str) -> str:
    """Return the SHA-256 of a text as it is stored, in hex."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
