"""Whether the sources say what a sentence says.

A sentence is held against each sentence of the sources: how many of its words they have (what follows from a text has few
words of its own: Dagan et al. 2006, the PASCAL challenge), how like the vectors are, and by rules what it claims. A number,
name, date or negation that nothing behind it says makes it unsupported, however like it is. The check warns a person; it
proves nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from core.curation.consolidation.claimed import fault_of
from core.curation.consolidation.draft import Draft, Sentence, text_hash
from core.curation.consolidation.heading import Heading, heading_of, split_heading
from core.curation.consolidation.sentences import sentences_in
from core.curation.consolidation.statements import Floats, Statements, in_order, statements_of
from core.curation.consolidation.words import bare, content_words, said
from core.errors import ConfigError
from core.hostile import one_line
from core.memory import Memory
from core.models.protocol import Embedder

__all__ = ["ENOUGH", "checked", "judged", "likelihood", "seen"]

# A logistic regression on 1,150 pairs of MultiNLI's matched development set, entailment against neutral (AUC 0.75; what
# contradicts is left to the rules). From ENOUGH on, of those pairs 82 % of what follows from nothing is found out.
_BIAS, _LEXICAL, _SEMANTIC = -2.48, 1.51, 3.43
ENOUGH: Final = 0.7
# So many sentences may stand behind one together; each has words of it that those before have not.
_TOGETHER: Final = 3
_LOOK: Final = 12
_NEAR: Final = 0.05  # what is that much less likely to say it is named as a source too
_SHOWN: Final = 80
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


def checked(text: str, sources: Sequence[Memory], embedder: Embedder, *, method: str = "edited") -> Draft:
    """Return the draft of a text that a person or a model wrote: each of its sentences held against the sources.

    Raises ConfigError for no sources.
    """
    memories = in_order(sources)
    if not memories:
        raise ConfigError("A draft without sources cannot be checked: name the memories that it is drawn from.")
    statements = statements_of(memories, embedder)
    lines = sentences_in(text)
    parts = [split_heading(line, memories) for line in lines]
    vectors = embedder.embed([part for _, part in parts]) if parts else np.zeros((0, embedder.dimension), np.float32)
    sentences = tuple(
        judged(line, heading, part, vector, statements, memories)
        for line, (heading, part), vector in zip(lines, parts, vectors, strict=True)
    )
    return Draft(sentences, tuple(one.key for one in memories), method, seen(memories))


def seen(memories: Sequence[Memory]) -> dict[str, str]:
    """Return the hash of each memory's text by its key."""
    return {one.key: text_hash(one.content) for one in memories}


def likelihood(lexical: float, cosine: float) -> float:
    """Return how likely a sentence follows from another that has this share of its words, 0 to 1."""
    return 1 / (1 + math.exp(-(_BIAS + _LEXICAL * lexical + _SEMANTIC * cosine)))


def judged(
    line: str, heading: Heading, part: str, vector: Floats, statements: Statements, memories: Sequence[Memory]
) -> Sentence:
    """Return a line of a draft with what it stands on; `part` is the line without its heading, `vector` is of that."""
    allowed = np.array([heading.fits(one) for one in memories], bool)[statements.owner]
    same = _same(line, part, statements, allowed)
    if len(same):
        return Sentence(line, _keys(same, statements, memories), 1.0, True, "In the words of its sources.")
    if not allowed.any():
        return Sentence(line, (), 0.0, False, "There is no source to hold it against.")
    words = _told(part, memories)
    lexical = statements.lexical(words)
    scores = 1 / (1 + np.exp(-(_BIAS + _LEXICAL * lexical + _SEMANTIC * (statements.vectors @ vector))))
    scores = np.where(allowed, scores, 0.0)
    behind, together = _behind(words, vector, statements, scores)
    nearest = one_line(statements.texts[behind[0]], _SHOWN)
    if together < ENOUGH:
        return Sentence(line, (), together, False, f"No source says it; the nearest is “{nearest}”.")
    fault = fault_of(part, [int(place) for place in behind], statements, memories)
    if fault:
        return Sentence(line, (), min(together, 1 - ENOUGH), False, fault)
    also = [
        int(place) for place in np.argsort(-scores, kind="stable")[:_LOOK] if scores[place] >= max(ENOUGH, together - _NEAR)
    ]
    agreeing = [place for place in also if place not in behind and not fault_of(part, [place], statements, memories)]
    stands = np.array([*behind, *agreeing], np.int64)
    return Sentence(line, _keys(stands, statements, memories), together, True, f"Says what is in “{nearest}”.")


def _same(line: str, part: str, statements: Statements, allowed: Bools) -> Ints:
    """Return the statements in whose own words it is; the whole line may stand in what was merged before."""
    own, whole = bare(part), bare(line)
    hits = [
        place for place, text in enumerate(statements.bare) if text and ((text == own and allowed[place]) or text == whole)
    ]
    return np.array(hits, np.int64)


def _told(part: str, memories: Sequence[Memory]) -> frozenset[str]:
    """Return the words that a sentence has to find in the sources' texts: not who wrote one, and when.

    Whether these are true of what stands behind it is for the rules to say.
    """
    words = content_words(part)
    about = (content_words(heading_of([one], authors=True).before(".")) for one in memories)
    return words.difference(*about) or words


def _behind(
    words: frozenset[str], vector: Floats, statements: Statements, scores: npt.NDArray[np.float64]
) -> tuple[Ints, float]:
    """Return the statements that say it together, the best first, and how likely it follows from them."""
    order = np.argsort(-scores, kind="stable")[:_LOOK]
    chosen = [int(order[0])]
    covered = statements.words[chosen[0]]
    for place in order[1:]:
        new = (words & statements.words[place]) - covered
        # A number alone says nothing of what it is a number of.
        if scores[place] > 0 and len(chosen) < _TOGETHER and any(word.isalpha() for word in new):
            chosen.append(int(place))
            covered |= statements.words[place]
    middle = statements.vectors[chosen].sum(axis=0)
    cosine = float(middle @ vector) / max(float(np.linalg.norm(middle)), 1e-12)
    together = likelihood(said(words, covered), cosine)
    alone = float(scores[chosen[0]])
    return (np.array(chosen, np.int64), together) if together > alone else (np.array(chosen[:1], np.int64), alone)


def _keys(places: Ints, statements: Statements, memories: Sequence[Memory]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(memories[int(statements.owner[place])].key for place in places))
