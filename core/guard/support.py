"""Whether what a memory says is borne out: by the texts that it is drawn from, or by what others wrote to the index.

A source that says its sentences supports it, by the rules of a consolidation. One that a judge holds to clash with it
contradicts it, however much else agrees. What no source says is unsupported.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

import numpy as np

from core.access import Actor
from core.curation.conflicts.grounds import has_grounds
from core.curation.conflicts.writing_check import conflicts_on_write
from core.curation.consolidation.sentences import sentences_in
from core.curation.consolidation.support import checked
from core.guard.finding import Support
from core.memory import Memory
from core.models.judge import Judge, JudgedPair, Side
from core.models.judges.choice import judge_of

if TYPE_CHECKING:
    from core.models.protocol import Embedder
    from core.store import MemoryStore

__all__ = ["Verdict", "borne_out", "held_against"]

# So many sentences of the sources are put before a judge with each of the memory's: those nearest to it.
_NEAREST: Final = 6
_LEAST_COSINE: Final = 0.5
_MOST_SENTENCES: Final = 12


@dataclass(frozen=True)
class Verdict:
    """How a memory stands to its sources, how sure that is, in words that quote nothing, and the keys that say so."""

    support: Support
    weight: float
    reason: str
    keys: tuple[str, ...] = ()


def held_against(
    memory: Memory,
    store: MemoryStore,
    *,
    judge: Judge | None,
    now: datetime,
    actor: Actor | None,
    sources: Sequence[str] = (),
) -> Verdict | None:
    """Return the verdict on a memory, None where there is nothing to hold it against; raise what judge or embedder do."""
    judge, embedder = judge or judge_of(), store.embedder()
    at = memory.created_at
    texts = [Memory(f"source-{place}", text, created_at=at) for place, text in enumerate(sources) if text.strip()]
    if texts:
        return borne_out(memory, texts, embedder=embedder, judge=judge)
    if actor is None:
        return None
    told = list(store.get(memory.derived_from, actor=actor).values()) if memory.derived_from else []
    told = [each for each in told if each.content.strip()]
    if told:
        return borne_out(memory, told, embedder=embedder, judge=judge)
    vector = embedder.embed([memory.content])[0]
    cards = conflicts_on_write(store, memory, vector, judge=judge, actor=actor, now=now)
    cards = [card for card in cards if any(side.agent != memory.agent_id for side in (card.left, card.right))]
    if not cards:
        return None
    others = tuple(dict.fromkeys(side.key for card in cards for side in (card.left, card.right) if side.key != memory.key))
    clash = cards[0].judgement.clash
    return Verdict(Support.CONTRADICTED, clash, f"what others wrote may contradict it ({clash:.0%})", others)


def borne_out(memory: Memory, sources: Sequence[Memory], *, embedder: Embedder, judge: Judge) -> Verdict:
    """Return how a memory stands to some sources, of which there must be one."""
    clash, keys = _clash(memory, sources, embedder, judge)
    if clash is not None:
        return Verdict(Support.CONTRADICTED, clash, f"a source of it may contradict it ({clash:.0%})", keys)
    draft = checked(memory.content, sources, embedder)
    behind = tuple(dict.fromkeys(key for sentence in draft.sentences for key in sentence.sources))
    if draft.unsupported:
        count, of = len(draft.unsupported), len(draft.sentences)
        said = f"{count} of its {of} sentences" if of > 1 else "what it says"
        least = min(sentence.support for sentence in draft.unsupported)
        return Verdict(Support.UNSUPPORTED, 1 - least, f"no source bears out {said}", behind)
    return Verdict(Support.SUPPORTED, draft.faithfulness, "its sources say it", behind)


def _clash(
    memory: Memory, sources: Sequence[Memory], embedder: Embedder, judge: Judge
) -> tuple[float | None, tuple[str, ...]]:
    """Return how likely a source clashes with the memory, None below the judge's threshold, and the keys of those."""
    own = sentences_in(memory.content)[:_MOST_SENTENCES]
    told = [(source, line) for source in sources for line in sentences_in(source.content)]
    if not own or not told:
        return None, ()
    vectors = embedder.embed([*own, *(line for _, line in told)])
    cosines = np.asarray(vectors[: len(own)]) @ np.asarray(vectors[len(own) :]).T
    pairs: list[JudgedPair] = []
    keys: list[str] = []
    for row, line in enumerate(own):
        for place in np.argsort(-cosines[row], kind="stable")[:_NEAREST]:
            if cosines[row, place] >= _LEAST_COSINE:
                source, said = told[int(place)]
                left, right = Side(said, source.created_at, source.agent_id), Side(line, memory.created_at, memory.agent_id)
                pairs.append(JudgedPair(left, right, float(cosines[row, place])))
                keys.append(source.key)
    least = judge.threshold
    found = [
        (each.clash, key)
        for pair, each, key in zip(pairs, judge.judge(pairs) if pairs else (), keys, strict=True)
        if each.clash >= least and has_grounds(pair, each)
    ]
    return (max(clash for clash, _ in found), tuple(dict.fromkeys(key for _, key in found))) if found else (None, ())
