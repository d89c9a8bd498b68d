"""Why not: a memory that somebody expected, the stage that lost it, and the changes that bring it back, each a click."""

from __future__ import annotations

from typing import Final

import pandas as pd
import streamlit as st

from core.access import Permission
from core.curation.golden import GoldenQuery, golden_of
from core.explanation import Change, Inquiry, Reason, Settings, Whereabouts, WhyNot, whereabouts, why_not
from core.hostile import markdown_escape, one_line
from pages.shared import ranking, state
from pages.shared.explaining.asked import settings_here, take
from pages.shared.explaining.drawn import waterfall_rows
from pages.shared.golden_form import free_name
from pages.shared.here import Here
from pages.shared.inspector import open_memory
from pages.shared.markup import escaped, slug, text_block
from pages.shared.past import refusal
from pages.shared.planning import desk_of
from pages.shared.problem import attempt

__all__ = ["matching", "missing"]

_OFFERED: Final = 6
_STAGES: Final = ("In the index", "In scope", "A candidate", "A result", "In the block")
_LOST_AT: Final = {
    Reason.ABSENT: 0,
    Reason.EXPIRED: 1,
    Reason.HIDDEN: 1,
    Reason.QUARANTINED: 1,
    Reason.FILTERED: 1,
    Reason.LATE: 2,
    Reason.NO_CANDIDATE: 2,
    Reason.BELOW: 3,
    Reason.OVER_BUDGET: 4,
    Reason.GIVEN: 5,
}


def missing(here: Here, inquiry: Inquiry) -> None:
    """Ask for the memory that was expected, and say why it did not come."""
    state.prepare_widget("explain_expected", state.get("expected"))
    st.text_input(
        "Which memory did you expect?",
        key="explain_expected",
        max_chars=1_024,
        placeholder="Its key, or some words of it",
        on_change=state.store_value,
        args=("expected", "explain_expected"),
    )
    asked = state.get("expected")
    if not asked.strip():
        st.caption("You see the stage that dropped it, and the smallest change of each setting that brings it back.")
        return
    assert here.frame is not None
    wanted = asked if (here.frame["key"] == asked).any() else asked.strip()
    if not (here.frame["key"] == wanted).any():
        offered = matching(here.frame, wanted)
        if len(offered):
            _offer(offered)
            return
        st.caption("No memory here has this key, or all of these words.")
    settings = settings_here(here)
    with st.spinner("Trying what would bring it back"):
        why = attempt(lambda: why_not(inquiry, wanted, settings, look=lambda key: _look(here, key)))
    if why is not None:
        _answer(here, why, settings, inquiry)


def matching(frame: pd.DataFrame, words: str, *, count: int = _OFFERED) -> pd.DataFrame:
    """Return the first memories whose text has all of some words, or whose key has them as they stand."""
    texts, found = frame["content"].str.casefold(), pd.Series(True, index=frame.index)
    for word in words.casefold().split():
        found &= texts.str.contains(word, regex=False, na=False)
    return frame[found | frame["key"].str.contains(words, regex=False, na=False)].head(count)


def _offer(offered: pd.DataFrame) -> None:
    st.caption("Which of these?")
    for key, content in zip(offered["key"], offered["content"], strict=True):
        st.button(
            markdown_escape(one_line(content, 110)) or "(no text)",
            key=f"expect_{slug(key)}",
            type="tertiary",
            help=markdown_escape(one_line(key, 200)),
            on_click=state.put,
            args=("expected", key),
        )


def _look(here: Here, key: str) -> Whereabouts:
    assert here.store is not None
    if here.past is not None:
        return Whereabouts(then=True)
    return whereabouts(here.catalog, here.store, key, actor=here.actor)


def _answer(here: Here, why: WhyNot, settings: Settings, inquiry: Inquiry) -> None:
    st.html(_way(why))
    if why.memory is not None:
        st.html(f"<div class='mn-expected'>{text_block(why.memory.content, clamp=True)}</div>")
        with st.container(horizontal=True, gap="small"):
            st.button("Open it", key="expected_open", icon=":material/open_in_new:", on_click=open_memory, args=(why.key,))
            _golden(here, why, settings, inquiry)
    if why.changes:
        st.markdown("**What brings it back**, each tried just now:")
        for number, change in enumerate(why.changes):
            _change(number, change, settings)
    elif why.reason not in (Reason.GIVEN, Reason.ABSENT):
        st.caption("No single setting brings it back.")
    if why.steps and why.scored is not None:
        beside = f", and beside the last result ({why.last.score:.3f})" if why.last else ""
        with st.expander(f"How its score of {why.scored.score:.3f} comes about{beside}", key="expected_fall"):
            st.html(f"<div class='mn-fall'>{waterfall_rows(why.steps, score=why.scored.score)}</div>")


def _way(why: WhyNot) -> str:
    """Return the stages with the one that lost it, and the reason in one sentence."""
    lost = _LOST_AT[why.reason]
    stages = "".join(
        f"<li class='{'mn-passed' if place < lost else 'mn-lost' if place == lost else 'mn-ahead'}'>"
        f"<i>{'✓' if place < lost else '✕' if place == lost else '·'}</i>{name}</li>"
        for place, name in enumerate(_STAGES)
    )
    return f"<ol class='mn-way'>{stages}</ol><p class='mn-because' dir='auto'>{escaped(why.sentence, limit=900)}</p>"


def _change(number: int, change: Change, settings: Settings) -> None:
    block = "in the block" if change.given else f"not in the block of {settings.budget:,} tokens"
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"change_{number}"):
        said = f"{change.said[0].upper()}{change.said[1:]}"
        st.html(
            f"<div class='mn-offer' dir='auto'>{escaped(said, limit=400)}"
            f"<div class='mn-muted'>it is then result {change.rank:,}, {block}</div></div>"
        )
        wide = change.settings.k > ranking.MOST
        st.button(
            "Apply",
            key=f"change_apply_{number}",
            on_click=_apply,
            args=(change, settings),
            disabled=wide,
            help=f"A page shows {ranking.MOST:,} results at most." if wide else None,
        )


def _apply(change: Change, settings: Settings) -> None:
    take(change.settings, settings.scope)


def _golden(here: Here, why: WhyNot, settings: Settings, inquiry: Inquiry) -> None:
    """Offer to keep that this question must bring the memory back, though it does not now."""
    assert here.store is not None
    allowed = here.actor.may(Permission.WRITE, tenant=here.store.info.tenant) and not here.past
    said = refusal(here) or "Keep this question as a golden query that must bring this memory back."
    if st.button("Make golden", key="expected_golden", icon=":material/star:", help=said, disabled=not allowed) and attempt(
        lambda: _save(here, why.key, settings, inquiry.text)
    ):
        st.toast(markdown_escape(f"Golden: “{one_line(inquiry.text, 80)}” must bring it back."), icon=":material/star:")


def _save(here: Here, key: str, settings: Settings, text: str) -> bool:
    queries = golden_of(desk_of(here).store, actor=here.actor)
    taken = {kept.query.name for kept in queries.every()}
    queries.save(
        GoldenQuery(
            free_name(text, taken),
            text,
            expected=(key,),
            scope=settings.scope,
            within=min(settings.k, 1_000),
            k=settings.k,
            mode=settings.mode,
            owner=here.actor.name,
            created_at=here.today,
        )
    )
    return True
