"""Drafts: the sources' own sentences by default; those that a model wrote, held against the sources, where one is asked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from core.curation.consolidation.claimed import adds_nothing, clashes
from core.curation.consolidation.draft import BREAK, Draft, Sentence
from core.curation.consolidation.facility import Says, choose
from core.curation.consolidation.heading import heading_of
from core.curation.consolidation.statements import Floats, Statements, in_order, statements_of
from core.curation.consolidation.support import checked, seen
from core.curation.consolidation.telling import is_question, telling
from core.curation.consolidation.words import said
from core.errors import ConfigError
from core.memory import Memory
from core.models.protocol import Embedder
from core.models.summary import Summariser

__all__ = ["EXTRACTIVE", "SHARE", "summarise"]

EXTRACTIVE: Final = "extractive"
SHARE: Final = 0.5
# Two sentences that share so many words are about the same thing.
_ABOUT: Final = 0.6
_SMALL_TALK: Final = 0.35


@dataclass(frozen=True, eq=False)
class _Said:
    """The sentences of the sources, each once for an author: the places of its memories, and where it stands first."""

    texts: tuple[str, ...]
    owners: tuple[tuple[int, ...], ...]
    first: tuple[int, ...]
    words: tuple[frozenset[str], ...]
    vectors: Floats


def summarise(
    sources: Sequence[Memory],
    *,
    embedder: Embedder,
    most_sentences: int | None = None,
    share: float = SHARE,
    summariser: Summariser | None = None,
) -> Draft:
    """Return a draft of at most `most_sentences` sentences, else of about that `share` of the sources' sentences.

    Going by the share, each source that tells something of its own comes to speak. Without a summariser the sentences are
    the sources' own, and neither their order nor chance matters. Raises ConfigError for no sources, or a number that makes
    no sense.
    """
    memories = in_order(sources)
    if not memories:
        raise ConfigError("There is nothing to summarise: choose at least one memory.")
    if not 0 < share <= 1 or (most_sentences is not None and most_sentences < 1):
        raise ConfigError(f"A summary of {most_sentences} sentences or the share {share} is none: choose 1 or more, 0 to 1.")
    statements = statements_of(memories, embedder)
    authors = len({one.agent_id for one in memories}) > 1
    said_once = _once(statements, memories, authors=authors)
    most = most_sentences or max(1, math.ceil(share * len(said_once.texts)))
    if summariser is not None:
        return _written(memories, embedder, summariser, most)
    return _extracted(said_once, memories, most, hard=most_sentences is not None, authors=authors)


def _written(memories: Sequence[Memory], embedder: Embedder, summariser: Summariser, most: int) -> Draft:
    """Return what a model wrote, as it is; what it says of its sources is not believed."""
    texts = [heading_of([one], authors=True).before(one.content) for one in memories]
    told = summariser.summarise(texts, most_sentences=most)
    return checked(BREAK.join(one.text for one in told), memories, embedder, method=summariser.model_id)


def _extracted(found: _Said, memories: Sequence[Memory], most: int, *, hard: bool, authors: bool) -> Draft:
    keys = tuple(one.key for one in memories)
    if not found.texts:
        return Draft((), keys, EXTRACTIVE, seen(memories))
    quality = np.array([telling(text) for text in found.texts])
    groups = [[row for row, owners in enumerate(found.owners) if place in owners] for place in range(len(memories))]
    # Small talk alone need not come to speak.
    heard = [rows if max(quality[rows], default=0.0) >= _SMALL_TALK else [] for rows in groups]
    # Each source counts alike, however much it says.
    weights = np.zeros(len(found.texts))
    for rows in groups:
        whole = quality[rows].sum()
        if whole > 0:
            weights[rows] += quality[rows] / whole

    says, opposed = _rules(found, [memories[owners[0]].agent_id if authors else None for owners in found.owners])
    choice = choose(
        found.vectors,
        weights,
        0.2 + 0.8 * quality,
        heard,
        most=most,
        hard=hard,
        says=says,
        opposed=opposed,
    )
    by_place = sorted(zip(choice.chosen, choice.stands_for, strict=True), key=lambda one: found.first[one[0]])
    sentences = tuple(_sentence(row, covers, found, memories, authors=authors) for row, covers in by_place)
    return Draft(sentences, keys, EXTRACTIVE, seen(memories))


def _rules(found: _Said, by: Sequence[str | None]) -> tuple[Says, Says]:
    """Return what says all that another does, and what contradicts it; `by` is who wrote each."""

    def opposed(a: int, b: int) -> bool:
        shared = said(found.words[a], found.words[b]) + said(found.words[b], found.words[a])
        return shared >= 2 * _ABOUT and clashes(found.texts[a], found.texts[b])

    def says(a: int, b: int) -> bool:
        """Say whether one tells all that the other does: it has its words, for who prints a paper does not outline it.

        Nobody speaks for another, and no answer for a question.
        """
        told = by[a] == by[b] and is_question(found.texts[a]) == is_question(found.texts[b])
        return told and found.words[b] <= found.words[a] and adds_nothing(found.texts[b], found.texts[a])

    return says, opposed


def _sentence(row: int, covers: Sequence[int], found: _Said, memories: Sequence[Memory], *, authors: bool) -> Sentence:
    own = [memories[place] for place in found.owners[row]]
    others = [memories[place] for other in covers for place in found.owners[other]]
    keys = tuple(dict.fromkeys(one.key for one in (*own, *others)))
    more = len(keys) - len({one.key for one in own})
    also = f" {more} more say{'s' if more == 1 else ''} nearly the same." if more else ""
    return Sentence(
        heading_of([*own, *others], authors=authors).before(found.texts[row]),
        keys,
        1.0,
        True,
        f"Word for word from {len(own)} source{'' if len(own) == 1 else 's'}.{also}",
    )


def _once(statements: Statements, memories: Sequence[Memory], *, authors: bool) -> _Said:
    rows: dict[tuple[str, str | None], list[int]] = {}
    for row, text in enumerate(statements.bare):
        author = memories[int(statements.owner[row])].agent_id if authors else None
        rows.setdefault((text, author), []).append(row)
    kept = [places[0] for places in rows.values()]
    owners = tuple(tuple(dict.fromkeys(int(statements.owner[place]) for place in places)) for places in rows.values())
    return _Said(
        tuple(statements.texts[row] for row in kept),
        owners,
        tuple(kept),
        tuple(statements.words[row] for row in kept),
        statements.vectors[kept] if kept else statements.vectors,
    )
