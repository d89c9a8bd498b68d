"""The threshold chooser: what a threshold would do to the queue, the least one that is precise enough, and keeping it."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from core.access import Permission
from core.curation.conflicts.measuring import (
    Measures,
    Outlook,
    Thresholds,
    least_threshold,
    load_thresholds,
    save_threshold,
)
from core.hostile import markdown_escape, one_line
from core.models.judges.choice import judge_of
from pages.shared.charts import CONFIG
from pages.shared.conflicts.measures_charts import outlook_curve
from pages.shared.here import Here
from pages.shared.markup import escaped
from pages.shared.planning import desk_of
from pages.shared.problem import attempt
from pages.shared.theme import tokens
from pages.shared.words import age, plural

__all__ = ["threshold_chooser", "threshold_mark", "threshold_now"]

_CHOSEN = "measures_threshold"


def threshold_chooser(here: Here, found: Measures) -> None:
    """Draw what a threshold would do to the queue of the judge that looked last, and let an admin keep it."""
    tag = str(found.judge)
    saved = attempt(lambda: _saved(here))
    if saved is None or not found.outlooks:
        return
    now = threshold_now(here, tag)
    grid = [each.threshold for each in found.outlooks]
    if now is None:
        now = min(grid)
    nearest = min(grid, key=lambda each: abs(each - now))
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key="measures_choice"):
        if st.session_state.get(_CHOSEN) not in grid:
            st.session_state[_CHOSEN] = nearest
        value = st.select_slider(
            "A pair becomes a card from", grid, key=_CHOSEN, format_func=lambda each: f"{each:.0%}", width=360
        )
        precise = st.number_input("or the least with a precision of, %", 50, 99, 90, 5, key="measures_precise", width=230)
        best = least_threshold(found.outlooks, precision=precise / 100)
        st.button(
            "Find it" if best else "None is known",
            key="measures_least",
            icon=":material/target:",
            disabled=best is None,
            on_click=_choose,
            args=(None if best is None else best.threshold,),
        )
    looked = next(each for each in found.outlooks if each.threshold == value)
    st.html(f"<p class='mn-verdict'><span>{_words(looked)}</span></p>")
    st.plotly_chart(
        outlook_curve(found.outlooks, tokens(), now=now, chosen=value),
        key="measures_outlook",
        config=CONFIG,
        alt="Cards by threshold: " + ", ".join(f"{each.threshold:.0%} {each.cards:,.0f}" for each in found.outlooks[::4]),
    )
    _keep(here, tag, saved, value, now)


def threshold_now(here: Here, tag: str) -> float | None:
    """Return the threshold of a judge, None where none was chosen for it and it is not the one that would look now."""
    chosen, judge = _saved(here).chosen.get(tag), judge_of()
    return chosen.value if chosen else judge.threshold if judge.tag == tag else None


def threshold_mark(here: Here) -> str | None:
    """Return what changes whenever a threshold is chosen."""
    return _saved(here).version


def _saved(here: Here) -> Thresholds:
    desk = desk_of(here)
    return load_thresholds(desk.store, desk.ledger.documents, actor=here.actor)


def _choose(value: float | None) -> None:
    if value is not None:
        st.session_state[_CHOSEN] = value


def _words(looked: Outlook) -> str:
    time = "" if looked.minutes is None else f", about {max(1, round(looked.minutes)):,} min of a reviewer"
    return (
        f"From <b>{looked.threshold:.0%}</b> on there would be <b>{plural(round(looked.cards), 'card')}</b>, of which "
        f"{looked.waiting:,} are known and wait{time}. Precision: {escaped(looked.precision.words)}. "
        f"Recall: {escaped(looked.recall.words)}."
    )


def _keep(here: Here, tag: str, saved: Thresholds, value: float, now: float) -> None:
    desk = desk_of(here)
    may = here.actor.may(Permission.ADMINISTER, tenant=desk.store.info.tenant)
    chosen = saved.chosen.get(tag)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="measures_keep"):
        pressed = st.button(
            f"Use {value:.0%} from now on",
            key="measures_save",
            type="primary",
            disabled=not may or abs(value - now) < 0.005,
            help="Pairs that were compared before are judged by it once everything is compared again: see Scan."
            if may
            else "Only an admin chooses the threshold of an index.",
        )
        back = chosen is not None and st.button(
            "The judge's own again", key="measures_own", icon=":material/undo:", type="tertiary", disabled=not may
        )
        if chosen is not None:
            when = age(chosen.at, now=here.now)
            st.caption(markdown_escape(f"{one_line(chosen.by, 60)} chose {chosen.value:.0%} {when}."), width="content")
    if not pressed and not back:
        return
    kept = attempt(
        lambda: save_threshold(
            desk.store,
            desk.ledger.documents,
            tag,
            None if back else value,
            actor=here.actor,
            now=datetime.now(UTC),
            expected=saved.version,
        )
    )
    if kept is not None:
        st.rerun()
