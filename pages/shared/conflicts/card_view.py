"""One card: both sides beside each other, what clashes, and what speaks for each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import streamlit as st

from core.curation.conflicts.card import Card, CardSide
from core.curation.conflicts.queue import QueueEntry
from core.hostile import one_line
from core.memory import Memory
from core.models.judge import ConflictVerdict
from pages.shared import state
from pages.shared.conflicts.asked import VERDICTS
from pages.shared.conflicts.compared import both_sides
from pages.shared.conflicts.evidence import Backing, Evidence
from pages.shared.markup import chip, chips, escaped, facts, slug, text_block
from pages.shared.words import age, exact, plural, share

__all__ = ["OPENED", "CardLook", "card_head", "card_sides", "card_support", "name_of", "suggestion"]

OPENED: Final = "conflicts_opened"
_CUES: Final[Mapping[str, str]] = {
    "number": "numbers differ",
    "date": "dates differ",
    "negation": "one negates what the other says",
    "antonym": "words of opposite meaning",
    "name": "names differ",
    "status": "another status",
    "quantity": "words of quantity differ",
    "model": "a model reads them as a clash",
    "report": "an agent reported them",
}
_WHO: Final = 4


@dataclass(frozen=True)
class CardLook:
    """How a card is shown: at what time, in which colours, and with the suggestion or without."""

    now: datetime
    agents: Mapping[str, str]
    reveals: bool


def card_head(entry: QueueEntry, look: CardLook) -> str:
    """Return what the card is about as HTML: the cue that fired, why the two were compared, how much is at stake."""
    card = entry.card
    marks = [chip("Possible conflict", hue="var(--mn-warn)", mark="≠", badge=True, title="alike is not contradictory")]
    if card.judgement.cue:
        marks.append(f"<b>{escaped(_cue(card.judgement.cue))}</b>")
    quoted = _quoted(card)
    said = [one_line(card.why, 160), f"found {age(card.found_at, now=look.now)}"]
    if entry.uses:
        said.append(f"recalled {plural(entry.uses, 'time')}")
    rest = f"<span title='{escaped(exact(card.found_at))}'>{escaped(' · '.join(each for each in said if each))}</span>"
    head = f"<div class='mn-row mn-card-head'>{''.join(marks)}{quoted}{rest}</div>"
    return head + _notes(entry) + (suggestion(card) if look.reveals else "")


def _notes(entry: QueueEntry) -> str:
    notes = []
    if entry.back:
        notes.append(f"It came back: {entry.back}")
    if entry.assigned is not None:
        why = f": {entry.assigned.why}" if entry.assigned.why else ""
        notes.append(f"{entry.assigned.by} gave it to {entry.assigned.to}{why}")
    return "".join(f"<div class='mn-note' dir='auto'>{escaped(one_line(each, 400))}</div>" for each in notes)


def suggestion(card: Card, *, said: str | None = None) -> str:
    """Return what the judge says as HTML; `said` is what the reviewer said, to say whether the two agree."""
    judged = card.judgement
    agree = "" if said is None else " Same as yours." if said == str(judged.verdict) else " Not what you said."
    words = f"{VERDICTS[judged.verdict]}, {share(judged.probabilities.get(judged.verdict, 0.0), 1)}"
    clash = f"a clash with {share(judged.clash, 1)}" if judged.verdict not in _CLASHES else ""
    sample = "drawn below the threshold, to see what is missed" if card.sample else ""
    more = "; ".join(each for each in (clash, sample, one_line(judged.rationale, 300)) if each)
    return (
        f"<div class='mn-suggests' dir='auto'><b>Suggested: {escaped(words)}.</b>{escaped(agree)} "
        f"<span class='mn-muted'>{escaped(more)} · {escaped(one_line(judged.judge, 60))}</span></div>"
    )


_CLASHES: Final = (ConflictVerdict.CONTRADICTION, ConflictVerdict.SUPERSEDED)


def _cue(cue: str) -> str:
    return _CUES.get(cue, f"cue: {one_line(cue, 40)}")


def _quoted(card: Card) -> str:
    """Return the first two places that clash, beside each other."""
    ours, theirs = card.judgement.spans
    if not ours or not theirs:
        return ""
    left, right = card.left.text[slice(*ours[0])], card.right.text[slice(*theirs[0])]
    return (
        f"<span><mark class='mn-clash'>{escaped(one_line(left, 40))}</mark> ≠ "
        f"<mark class='mn-clash'>{escaped(one_line(right, 40))}</mark></span>"
    )


def card_sides(card: Card, look: CardLook, found: Evidence | None, *, name: str) -> None:
    """Draw both sides beside each other, on a phone one below the other."""
    texts = both_sides(card.left.text, card.right.text, card.judgement.spans)
    known = (found.left, found.right) if found else (None, None)
    columns = st.columns(2, gap="medium")
    for column, letter, side, text, backing, when in zip(
        columns, "AB", (card.left, card.right), texts, known, _ages(card), strict=True
    ):
        with column, st.container(border=True, gap="small", height="stretch", key=f"side_{letter}"):
            st.html(_side(letter, side, text, when, backing, look))
            if backing is not None:
                st.html(_backing(side, backing, look))
            st.button(
                f"Open {letter}",
                icon=":material/right_panel_open:",
                key=f"side_open_{letter}_{name}",
                type="tertiary",
                on_click=_open,
                args=(side.key,),
                help="All of it, its lineage, its neighbours and what its author had been given.",
            )


def _open(key: str) -> None:
    state.put("sel", key)
    st.session_state[OPENED] = True


def _ages(card: Card) -> tuple[str, str]:
    left, right = card.left.at, card.right.at
    if left is None or right is None or left == right:
        return "", ""
    return ("older", "newer") if left < right else ("newer", "older")


def _side(letter: str, side: CardSide, text: str, when: str, backing: Backing | None, look: CardLook) -> str:
    memory = backing.memory if backing and backing.memory else None
    memory = memory or Memory(
        side.key, side.text, None, agent_id=side.agent, team_id=side.team, task_id=side.task, created_at=side.at,
        confidence=side.confidence,
    )  # fmt: skip
    tag = f"<span class='mn-when'>{when}</span>" if when else ""
    row = (
        f"<div class='mn-row'><b class='mn-letter'>{letter}</b>{tag}{chips(memory, now=look.now, agents=look.agents)}</div>"
    )
    return f"{row}<div class='mn-side'>{text}</div>"


def _backing(side: CardSide, backing: Backing, look: CardLook) -> str:
    memory = backing.memory
    gone = "" if memory else "<div class='mn-note'>It is not in the index any more.</div>"
    stated = "not stated" if memory is None or memory.confidence is None else f"{memory.confidence:.2f}"
    lineage = [f"made from {plural(backing.made_from, 'memory')}"] if backing.made_from else []
    lineage += [f"{plural(backing.used_in, 'memory was', 'memories were')} made from it"] if backing.used_in else []
    rows = [
        ("Source", (memory.source if memory else None) or "not stated", ""),
        ("Confidence", stated, ""),
        ("Recalled by", _recalled(backing, look), ""),
        ("Lineage", "; ".join(lineage), ""),
        ("Also in", plural(len(side.others), "memory with the same text", "memories with the same text"), "")
        if side.others
        else ("", "", ""),
    ]
    return gone + facts(rows)


def _recalled(backing: Backing, look: CardLook) -> str:
    """Return who recalled a side by the log, and how often it was by its own count where that is more."""
    known = backing.recalls or {}
    who = ", ".join(f"{one_line(name, 30)} {count:,}×" for name, count in list(known.items())[:_WHO])
    more = f" and {plural(len(known) - _WHO, 'other')}" if len(known) > _WHO else ""
    last = f", last {age(backing.last, now=look.now)}" if backing.last else ""
    said = f"{who}{more}{last}" if known else "nobody, as far as the log knows"
    counted = backing.memory.recall_count if backing.memory else 0
    return f"{said}; {plural(counted, 'time')} by its own count" if counted > sum(known.values()) else said


def card_support(found: Evidence, look: CardLook) -> None:
    """Draw the memories nearby that side with one of the two; nothing where there are none."""
    if not found.left.supports and not found.right.supports:
        st.html("<div class='mn-muted mn-support'>No memory nearby sides with one of the two.</div>")
        return
    for column, letter, backing in zip(st.columns(2, gap="medium"), "AB", (found.left, found.right), strict=True):
        with column:
            st.html(_supports(letter, backing, look))


def _supports(letter: str, backing: Backing, look: CardLook) -> str:
    if not backing.supports:
        return f"<div class='mn-muted mn-support'>No memory nearby sides with {letter}.</div>"
    rows = "".join(
        f"<li>{_agent(memory, look)}<span class='mn-one'>{text_block(memory.content[:300], clamp=False)}</span></li>"
        for memory in backing.supports
    )
    count = plural(len(backing.supports), f"memory nearby sides with {letter}", f"memories nearby side with {letter}")
    return f"<div class='mn-support'><b>{count}</b><ul>{rows}</ul></div>"


def _agent(memory: Memory, look: CardLook) -> str:
    who = memory.agent_id
    return chip(who, hue=look.agents.get(who, ""), mark="dot") if who else ""


def name_of(card: Card) -> str:
    """Return a short name for the widgets of a card."""
    return slug(card.id)
