"""The same question asked again, as of then and now, beside what was given: rank by rank, with what differs and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import streamlit as st

from core.candidates import Mode
from core.hostile import markdown_escape, one_line
from core.operate.recalls import LoggedRecall
from core.past.compared import Place, Why, against_now, against_then
from core.past.given import Given, recall_id
from core.recall import RecallResult, recall
from core.scope import Scope
from pages.shared.here import Here
from pages.shared.markup import chip, escaped
from pages.shared.past_stops import versions
from pages.shared.problem import attempt
from pages.shared.reading import snapshot_with_vectors
from pages.shared.timeline.given_fate import fate_chip
from pages.shared.timeline.source import identity

__all__ = ["asked_again"]

_ASKED: Final = "given_asked_again"
_GOOD_FOR: Final = timedelta(minutes=1)  # what is asked now expires, and is recalled elsewhere
_HUES: Final = {
    Why.SAME: ("=", "var(--mn-good)"),
    Why.MOVED: ("↕", "var(--mn-accent)"),
    Why.RISEN: ("↑", "var(--mn-accent)"),
    Why.NEW: ("+", "var(--mn-accent)"),
    Why.OTHER: ("≠", "var(--mn-warn)"),
    Why.OUTRANKED: ("↓", "var(--mn-muted)"),
    Why.EDITED: ("≠", "var(--mn-accent)"),
}
_OUT: Final = ("✕", "var(--mn-warn)")


@dataclass(frozen=True)
class _Answers:
    """What the question brings back as of then and now."""

    then: RecallResult
    now: RecallResult


_Kept = tuple[tuple[Hashable, ...], datetime, _Answers]


def asked_again(here: Here, asked: LoggedRecall, found: Sequence[Given]) -> None:
    """Draw the button that asks again and, once it did, the three lists."""
    st.subheader("Asked again", anchor=False)
    if asked.query is None:
        st.caption("The question was redacted, so it cannot be asked again.")
        return
    name = (*identity(here.at_present), _head(here), recall_id(asked), asked.query, asked.hits)
    if asked.mode not in [*Mode]:
        st.caption(f"The log names a way to search that there is not, so it cannot be asked again: {_mode_words(asked)}.")
        return
    known = st.session_state.get(_ASKED)
    if known is not None and known[0] == name and here.today - known[1] >= _GOOD_FOR:
        known = _keep(here, name, asked)
    if known is None or known[0] != name:
        place = st.empty()
        with place.container():
            st.caption("The same question over the index as it was then, and over the index as it is now.")
            if not st.button("Ask again", key="given_ask", icon=":material/compare_arrows:"):
                return
        place.empty()
        known = _keep(here, name, asked)
    if known is not None:
        _compare(asked, found, known[2])


def _keep(here: Here, name: tuple[Hashable, ...], asked: LoggedRecall) -> _Kept | None:
    """Ask and keep both answers for a while."""
    answers = attempt(lambda: _ask(here, asked))
    kept = st.session_state[_ASKED] = None if answers is None else (name, here.today, answers)
    return kept


def _mode_words(asked: LoggedRecall) -> str:
    return markdown_escape(one_line(asked.mode, 20))


def _head(here: Here) -> int:
    known = versions(here)
    return known.head if known else 0


def _ask(here: Here, asked: LoggedRecall) -> _Answers | None:
    """Return both answers; None while the vectors are read. Neither goes to the log."""
    from core.past.moment import Clock, Moment
    from core.past.searching import recall_then
    from core.past.then import look_back

    present = here.at_present
    assert here.store is not None
    assert asked.query is not None
    snapshot = snapshot_with_vectors(present)
    if snapshot is None:
        return None
    query, k, mode, scope = asked.query, asked.k, Mode(asked.mode), Scope.from_params(asked.scope)
    with st.spinner("Asking again", show_time=True):
        then = look_back(here.store, snapshot, Moment(asked.at, Clock.RECORDED), actor=here.actor)
        as_of = recall_then(here.store, then, query, actor=here.actor, snapshot=snapshot, k=k, mode=mode, scope=scope)
        now = recall(
            here.store,
            query,
            actor=here.actor,
            now=present.now,
            k=k,
            mode=mode,
            scope=scope,
            snapshot=snapshot,
            log=False,
        )
    return _Answers(as_of, now)


def _compare(asked: LoggedRecall, found: Sequence[Given], answers: _Answers) -> None:
    then, now = against_then(found, answers.then), against_now(found, answers.now, at=asked.at)
    usual = "The log does not keep weights: the usual ones are used."
    st.caption(f"{_same_words(then, 'As of then')} {_same_words(now, 'Now')} {usual}")
    columns = st.columns(3, gap="medium")
    lists: tuple[tuple[str, Callable[[], str]], ...] = (
        ("Given then", lambda: "".join(_given(each) for each in found)),
        ("Asked again as of then", lambda: "".join(_place(each) for each in then)),
        ("Asked now", lambda: "".join(_place(each) for each in now)),
    )
    for column, (title, rows) in zip(columns, lists, strict=True):
        with column:
            st.html(f"<b>{title}</b><ol class='mn-again'>{rows() or '<li class=mn-muted>Nothing came back.</li>'}</ol>")


def _same_words(places: Sequence[Place], when: str) -> str:
    hits = [place for place in places if place.rank is not None]
    if hits and all(place.why is Why.SAME for place in places):
        return f"{when}: the same, in the same order."
    counted = Counter(place.why for place in places)
    return f"{when}: " + ", ".join(f"{counted[why]:,} {why}" for why in Why if counted[why]) + "."


def _given(each: Given) -> str:
    shown = each.was or each.now
    text = shown.content if shown else "what it said is not kept"
    return _item(str(each.rank), text, f"{each.score:.2f}" if each.score is not None else "", fate_chip(each))


def _place(each: Place) -> str:
    mark, hue = _HUES.get(each.why, _OUT)
    said = f"was {each.was}" if each.why is Why.MOVED else str(each.why)
    if each.rank is None and each.was is not None:
        said = f"was {each.was}, {each.why}"
    badge = chip(said, hue=hue, mark=mark, badge=True)
    text = each.memory.content if each.memory else "what it said is not kept"
    score = f"{each.score:.2f}" if each.score is not None else ""
    return _item("–" if each.rank is None else str(each.rank), text, score, badge, missing=each.rank is None)


def _item(rank: str, text: str, score: str, badge: str, *, missing: bool = False) -> str:
    return (
        f"<li class='{'mn-missing' if missing else ''}'><span class='mn-rank mn-num'>{rank}</span><div>"
        f"<div class='mn-row'>{badge}<span class='mn-num'>{score}</span></div>"
        f"<div class='mn-small' dir='auto'>{escaped(one_line(text, 140))}</div></div></li>"
    )
