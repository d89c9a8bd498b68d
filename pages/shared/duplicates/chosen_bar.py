"""The bar over the groups: what merging the chosen ones frees, how to choose many at once, and the plan of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import streamlit as st

from core.curation.duplicates import Group
from core.curation.merging import duplicates_plan
from core.hostile import markdown_escape, one_line
from pages.shared.consolidate.found import waiting
from pages.shared.duplicates.group_rows import Shown
from pages.shared.duplicates.offers import certain, effect_words, freed
from pages.shared.markup import escaped
from pages.shared.planning import desk_of, new_id, open_plan
from pages.shared.problem import attempt
from pages.shared.words import plural

__all__ = ["bar"]


def bar(shown: Shown, offered: Sequence[Group], chosen: Sequence[Group]) -> None:
    """Draw what merging the chosen groups frees, the way to choose all that are certain enough, and the way to the plan."""
    words = effect_words(freed(shown.search, chosen or offered, shown.here))
    lead = f"{plural(len(chosen), 'group')} chosen" if chosen else "If all are merged"
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="duplicates_bar"):
        st.html(f"<div class='mn-num'><b>{lead}:</b> {escaped(words)}.</div>", width="stretch")
        _choose(shown, offered)
        if chosen:
            st.button(
                "Clear", icon=":material/close:", type="tertiary", key="duplicates_clear", on_click=shown.choices.clear
            )
        pressed = st.button(
            "See the plan",
            type="primary",
            icon=":material/fact_check:",
            key="duplicates_plan",
            disabled=not chosen,
            help="Nothing is changed yet: the plan shows every change and what it does to the answers."
            if chosen
            else "Choose groups first.",
        )
    if pressed:
        _propose(shown, chosen)


def _choose(shown: Shown, offered: Sequence[Group]) -> None:
    """Draw the way to choose all groups that are certain enough."""
    least = st.number_input("Choose all from, %", 60, 100, 95, 1, key="duplicates_least", width=120)
    sure = certain(offered, int(least) / 100)
    st.button(
        f"Choose {len(sure):,}",
        icon=":material/done_all:",
        key="duplicates_accept",
        disabled=not sure,
        on_click=shown.choices.take,
        args=(sure,),
        help="Chooses every group of at least that certainty, on all pages of the list.",
    )


def _propose(shown: Shown, chosen: Sequence[Group]) -> None:
    """Make the plan of the chosen groups and lead to it; returns only where that could not be done."""
    here, asked = shown.here, shown.asked
    with st.spinner("Making the plan", show_time=True):
        plan = attempt(
            lambda: duplicates_plan(
                desk_of(here).store,
                chosen,
                policy=asked.policy,
                rule=asked.rule,
                keep=shown.choices.survivors(chosen),
                avoid=waiting(here),
                actor=here.actor,
                now=datetime.now(UTC),
                plan_id=new_id(),
                decay=shown.decay,
                recalls=shown.recalls,
            )
        )
    if plan is not None and not plan.changes:
        said = next(iter(plan.parameters.get("left_out", {}).values()), "there is nothing to merge")
        st.warning(markdown_escape(f"Nothing would change: a memory {one_line(str(said), 200)}."), icon=":material/info:")
    elif plan is not None:
        shown.choices.clear()
        open_plan(here, plan)
