"""What became of the index since the moment that is looked back to: by kind, row by row, with the way to bring it back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Literal, cast

import streamlit as st

from core.hostile import markdown_escape, one_line
from core.memory import Memory
from pages.shared import state
from pages.shared.diff import change_html, differences
from pages.shared.here import Here
from pages.shared.markup import chips, escaped, slug, text_block
from pages.shared.past import agent_names
from pages.shared.past_memory import later, memories, open_deed
from pages.shared.past_stops import versions
from pages.shared.planning import desk_of, may_keep, open_plan
from pages.shared.problem import attempt
from pages.shared.remembered import to_minute
from pages.shared.theme import agent_colours
from pages.shared.timeline.source import identity
from pages.shared.words import exact

if TYPE_CHECKING:
    from core.past.difference import Difference, Since

__all__ = ["since_dialog"]

_A_PAGE: Final = 12
_COMPARED: Final = "compared_with_now"
_LATER: Final = {"keep": "Keep what came later", "retire": "Retire what came later"}
# The mark of each kind, and whether its text is shown as it was then.
_MARKS: Final = {
    "written": "+",
    "edited": "~",
    "hidden": "◌",
    "shown": "●",
    "expired": "✕",
    "retired": "−",
    "erased": "✕",
}


@st.dialog("What changed since", width="large", icon=":material/compare_arrows:")
def since_dialog(here: Here) -> None:
    """Draw what became of each memory since, and the plan that would bring the index back to how it was."""
    if here.past is None:
        return
    with st.spinner("Comparing then with now"):
        found = attempt(lambda: _difference(here))
    if found is None:
        return
    st.html(
        f"<p class='mn-lead'>As of <b>{escaped(here.past.moment.in_words())}</b> there were {found.rows_then:,}, "
        f"now there are {found.rows_now:,}. {escaped(found.sentence())}</p>"
    )
    if found.changes:
        _rows(here, found)
    _restore(here)


def _difference(here: Here) -> Difference:
    from core.past.difference import difference

    known, frame = versions(here), here.at_present.frame
    assert here.past is not None
    assert known is not None
    assert frame is not None
    of = (*identity(here), here.at_present.edition, known.head, to_minute(here.today))
    kept: tuple[object, Difference] | None = st.session_state.get(_COMPARED)
    if kept is None or kept[0] != of:
        kept = of, difference(here.past, frame, known, now=here.today)
        st.session_state[_COMPARED] = kept
    return kept[1]


def _rows(here: Here, found: Difference) -> None:
    counts = {str(kind): count for kind, count in found.counts.items()}
    first = next((kind for kind in counts if kind != "written"), next(iter(counts)))
    chosen = st.segmented_control(
        "What became of them",
        list(counts),
        default=first,
        key="since_kind",
        format_func=lambda kind: f"{kind.capitalize()} · {counts[kind]:,}",
        label_visibility="collapsed",
        required=True,
    )
    of_kind = [each for each in found.changes if each.what == chosen]
    pages, place = -(-len(of_kind) // _A_PAGE), 1
    if pages > 1:
        place = int(st.number_input(f"Page, 1 to {pages:,}", 1, pages, key=f"since_page_{chosen}", width=160))
    shown = of_kind[(place - 1) * _A_PAGE : place * _A_PAGE]
    keys = [each.key for each in shown]
    then, now = memories(here, keys), memories(here.at_present, keys)
    agents = agent_colours(agent_names(here))
    for each in shown:
        _row(here, each, then.get(each.key), now.get(each.key), agents=agents)


def _row(here: Here, each: Since, then: Memory | None, now: Memory | None, *, agents: Mapping[str, str]) -> None:
    memory = now or then
    when = f" <span title='{exact(each.at)}'>{later(each.at, then=here.now)}</span>" if each.at else ""
    who = f" by {escaped(one_line(each.actor, 60))}" if each.actor else ""
    why = f": {escaped(one_line(each.reason, 200))}" if each.reason else ""
    if memory is None:
        body = f"<p class='mn-muted mn-key-name'>{escaped(one_line(each.key, 200))}: nothing of its text is kept.</p>"
    elif then is not None and now is not None and differences(then, now):
        body = f"<div class='mn-small'>{change_html(then, now)}</div>"
    else:
        body = f"<div class='mn-small'>{text_block(memory.content, clamp=True)}</div>"
    head = "" if memory is None else f"<div class='mn-row'>{chips(memory, now=here.today, agents=agents)}</div>"
    with st.container(gap=None, key=f"became_{slug(each.key)}"):
        mark = f"<i class='mn-mark'>{_MARKS[each.what]}</i>"
        st.html(f"<div class='mn-reason'>{mark} <b>{each.what.capitalize()}</b>{when}{who}{why}</div>{head}{body}")
        with st.container(horizontal=True, gap="small"):
            if memory is not None and st.button("Open", key=f"since_open_{slug(each.key)}", type="tertiary"):
                state.put("sel", each.key)
                st.rerun()
            if each.plan_id and st.button("Open in History", key=f"since_deed_{slug(each.key)}", type="tertiary"):
                open_deed(each.plan_id)


def _restore(here: Here) -> None:
    """Offer the plan that brings back what the journal knows of the moment, within the rail's filters."""
    assert here.past is not None
    st.html("<p><b>Bring it back</b></p>")
    scope = replace(here.scope, include_expired=True, include_hidden=True)
    st.caption(
        markdown_escape(
            "Makes a plan that puts memories back as the journal has them at that moment, within the filters on the left: "
            f"{scope.sentence()} You see the plan before anything changes."
        )
    )
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        chosen = st.selectbox(
            "Memories that came later",
            [*_LATER],
            format_func=_LATER.__getitem__,
            key="since_later",
            label_visibility="collapsed",
            width=240,
        )
        may = may_keep(here)
        asked = st.button(
            "Restore as of then",
            key="since_restore",
            icon=":material/fact_check:",
            disabled=not may,
            help=None if may else f"Your role, {here.actor.role}, may look but not change anything.",
        )
    if asked:
        at, what = here.past.moment.at, cast("Literal['keep', 'retire']", chosen)
        plan = attempt(lambda: desk_of(here).restore_plan(at, actor=here.actor, scope=scope, later=what))
        if plan is not None:
            open_plan(here, plan)
