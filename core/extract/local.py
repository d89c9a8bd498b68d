"""The extractor that needs no model: English, deterministic, sentence by sentence, by the cues of kinds.py."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from core.extract.candidate import Candidate, Dropped, Extraction
from core.extract.details import NUMBER, details_in
from core.extract.gate import refusal
from core.extract.hedges import hedge_in
from core.extract.kinds import Found, kind_of
from core.extract.opening import said_in
from core.extract.passages import Passage, passages_of
from core.extract.rewriting import rewritten
from core.extract.subjects import begins_unbound, resolved
from core.extract.tool_results import outcome_of
from core.extract.turn import AgentTurn, Message, Role, ToolCall
from core.hostile import one_line

__all__ = ["READ", "LocalExtractor"]

READ: Final = 20_000  # characters of each message
_MOST: Final = 100  # candidates of a turn
_REPORTED: Final = re.compile(
    r"\b(?:said|says|told|wrote|writes|claims?|claimed|according to|reported(?:ly)?)\b", re.IGNORECASE
)
_UNSURE: Final = re.compile(
    r"\b(?:not (?:entirely |quite |completely |really )?(?:sure|certain)|no idea|just (?:a )?guess)\b", re.IGNORECASE
)
_SAID_BY_OTHERS: Final = 0.9
_REWRITTEN: Final = 0.95


@dataclass(frozen=True)
class _Here:
    turn: AgentTurn
    place: int
    message: Message


class LocalExtractor:
    """Finds what its cues know; the figures of what that is are in benchmarks/README.md."""

    tag = "local/1"

    def extract(self, turn: AgentTurn) -> Extraction:
        """Return the candidates of a turn; never raises."""
        found: list[Candidate] = []
        dropped: list[Dropped] = []
        seen: set[str] = set()
        for one in self._each(turn):
            if isinstance(one, Dropped):
                dropped.append(one)
                continue
            said = " ".join(one.content.lower().split())
            if said in seen or len(found) >= _MOST:
                why = "the turn says it twice" if said in seen else f"the turn has more than {_MOST} candidates"
                dropped.append(Dropped(one.quote, one.message, why))
                continue
            seen.add(said)
            found.append(one)
        return Extraction(tuple(found), tuple(dropped), self.tag)

    def _each(self, turn: AgentTurn) -> list[Candidate | Dropped]:
        made: list[Candidate | Dropped] = []
        for place, message in enumerate(turn.messages):
            if not message.text.strip():
                continue
            if message.role is Role.TOOL:
                made.append(outcome_of(place, _cut(message), _call_before(turn, place)))
            elif message.role is Role.SYSTEM:
                made.append(Dropped(one_line(message.text, 120), place, "it is the agent's own instructions"))
            else:
                made += _of_message(_Here(turn, place, _cut(message)))
        return made


def _cut(message: Message) -> Message:
    return message if len(message.text) <= READ else Message(message.role, message.text[:READ], message.name, message.calls)


def _call_before(turn: AgentTurn, place: int) -> ToolCall | None:
    """Return the call that a tool's message answers: the last one of its name, or the last of all where it has none."""
    name = turn.messages[place].name
    calls = [call for message in turn.messages[:place] for call in message.calls]
    return next((call for call in reversed(calls) if name is None or call.name == name), None)


def _of_message(here: _Here) -> list[Candidate | Dropped]:
    made: list[Candidate | Dropped] = []
    whole, before = -1, None
    for passage in passages_of(here.message.text):
        if passage.end <= whole:  # an item of a list that was taken, or left out, as one
            continue
        before = None if passage.first else before
        one = _of_passage(here, passage, before)
        before = _standing(said_in(passage.bare), before)
        if passage.items and isinstance(one, Dropped) and one.reason == _ONE_BY_ONE:
            continue
        whole = passage.end if passage.items else whole
        made.append(one)
    return made


def _standing(said: str, before: str | None) -> str:
    """Return what a sentence says with its subject named: the next one may go on with it."""
    pronoun = resolved(said, before)
    return said if pronoun is None else f"{pronoun[1]}{said[len(pronoun[0]) :]}"


_ONE_BY_ONE: Final = "its items are read one by one"


def _of_passage(here: _Here, passage: Passage, before: str | None) -> Candidate | Dropped:
    why = refusal(passage, here.message.role)
    if why is None and _UNSURE.search(passage.bare):
        why = "its speaker is not sure of it"
    if why is not None:
        return Dropped(passage.text, here.place, why)
    said = said_in(passage.bare)
    pronoun = resolved(said, before)
    found = kind_of(passage, here.message.role, stands_alone=pronoun is not None or not begins_unbound(said))
    if isinstance(found, str):
        return Dropped(passage.text, here.place, found)
    speaker = None if passage.quotes else _speaker(here)
    text = rewritten(passage.text, role=here.message.role, speaker=speaker, at=here.turn.at, pronoun=pronoun)
    return _candidate(here, passage, found, text.text, text.changes)


def _speaker(here: _Here) -> str | None:
    return "the user" if here.message.role is Role.USER else here.turn.agent_id


def _candidate(here: _Here, passage: Passage, found: Found, content: str, changes: tuple[str, ...]) -> Candidate:
    sure, reasons, tags = found.confidence, [found.reason], [str(found.kind)]
    hedge = None if passage.items else hedge_in(said_in(passage.bare))
    if hedge is not None:
        sure *= hedge[1]
        reasons.append(f"{hedge[0]!r} makes it less sure")
        tags.append("hedged")
    if not passage.items and _REPORTED.search(passage.bare):
        sure *= _SAID_BY_OTHERS
        reasons.append("it is told at second hand")
        tags.append("reported")
    if NUMBER in details_in(passage.bare):
        sure += (1 - sure) / 4 if hedge is None else 0
    if any(" is '" in change or ' is "' in change for change in changes):
        sure *= _REWRITTEN
    return Candidate(
        content=content,
        kind=found.kind,
        confidence=round(min(sure, 0.95), 2),
        quote=passage.text,
        message=here.place,
        span=(passage.start, passage.end),
        role=here.message.role,
        reason="; ".join([*reasons, *changes]),
        tags=tuple(tags),
    )
