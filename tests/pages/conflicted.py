"""A store with possible conflicts in its inbox, as a scan leaves them, whatever judge looks today."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path

from core.access import LOCAL_ADMIN, Actor
from core.config import open_catalog
from core.curation.conflicts.card import Card, CardSide, card_id
from core.curation.conflicts.inbox import Inbox, open_inbox
from core.curation.duplicates.exact import content_hash
from core.memory import Memory
from core.models.judge import ConflictVerdict, Judgement
from tests.pages.app import NOW, seed

HOSTILE = "<img src=x onerror=alert(1)> **bold** [link](http://127.0.0.1:9) \x1b[31mred"
JUDGE = "test/1"


def memory(key: str, text: str, *, agent: str, days: float, team: str = "support", **more: object) -> Memory:
    return Memory(key, text, "semantic", agent, team_id=team, created_at=NOW - timedelta(days=days), **more)


def opposed_memories() -> list[Memory]:
    """Return four pairs that do not fit together, two of one pattern, and a memory that sides with the first."""
    return [
        memory("a1", "The upload limit of the gateway is 5 MB.", agent="ann", days=9, confidence=0.9),
        memory("b1", "The upload limit of the gateway is 7 MB.", agent="bob", days=2, confidence=0.6),
        memory("a2", "The upload limit of the old gateway is 5 MB for guests.", agent="ann", days=8),
        memory("b2", "The upload limit of the old gateway is 7 MB for guests.", agent="bob", days=3),
        memory("a3", "The release is frozen until Monday.", agent="ann", days=7, team="platform"),
        memory("b3", "The release is no longer frozen.", agent="cid", days=1, team="platform"),
        memory("a4", f"Refunds need an approval. {HOSTILE}", agent="ann", days=6),
        memory("b4", f"Refunds need no approval. {HOSTILE}", agent=HOSTILE, days=6),
        memory("c1", "Uploads of more than 5 MB are refused by the gateway.", agent="cid", days=4),
    ]


def card(left: Memory, right: Memory, *, clash: float = 0.9, cue: str = "number", minutes: float = 0.0) -> Card:
    """Return the card of two memories: the first word in which they differ is what clashes."""
    chances = {ConflictVerdict.CONTRADICTION: clash, ConflictVerdict.BOTH_TRUE: 1 - clash}
    said = Judgement(chances, cue, f"the {cue} differs", JUDGE, (_clash(left, right), _clash(right, left)))
    sides = _side(left), _side(right)
    name = card_id(sides[0].hash, sides[1].hash)
    return Card(name, *sides, said, 0.9, "one team, two agents", NOW - timedelta(minutes=minutes))


def cards() -> list[Card]:
    """Return a card for each pair, the first found first."""
    every = {each.key: each for each in opposed_memories()}
    pairs = [("1", 0.95, "number"), ("2", 0.8, "number"), ("3", 0.7, "negation"), ("4", 0.6, "")]
    return [
        card(every[f"a{name}"], every[f"b{name}"], clash=clash, cue=cue, minutes=90 - 10 * place)
        for place, (name, clash, cue) in enumerate(pairs)
    ]


def conflicted(directory: Path, *, found: Iterable[Card] | None = None) -> Path:
    """Write the memories and their cards into a store and return its directory."""
    seed(directory, opposed_memories())
    with closing(open_catalog(directory)) as catalog:
        inbox = open_inbox(catalog.open("team", actor=LOCAL_ADMIN))
        inbox.take_in(cards() if found is None else found, judge=JUDGE, checked={}, actor=LOCAL_ADMIN)
    return directory


def with_inbox(directory: Path, look, *, actor: Actor = LOCAL_ADMIN):
    """Return what `look` says of the inbox, opened as another process would."""
    with closing(open_catalog(directory)) as catalog:
        inbox: Inbox = open_inbox(catalog.open("team", actor=actor))
        return look(inbox)


def _side(of: Memory) -> CardSide:
    return CardSide(
        of.key, content_hash(of.content), of.content, of.agent_id, of.team_id, of.task_id, of.created_at, of.confidence
    )


def _clash(one: Memory, other: Memory) -> tuple[tuple[int, int], ...]:
    theirs = set(other.content.split())
    with suppress(StopIteration):
        word = next(word for word in one.content.split() if word not in theirs)
        start = one.content.index(word)
        return ((start, start + len(word)),)
    return ()
