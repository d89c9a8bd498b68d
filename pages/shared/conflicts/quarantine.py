"""What is in quarantine: since when, by whom and why, with the way back into recall."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import streamlit as st

from core.curation.triage.ward import Quarantined, Ward
from core.hostile import one_line
from pages.shared.conflicts.sitting import may_decide
from pages.shared.here import Here
from pages.shared.markup import chips, escaped, slug, text_block
from pages.shared.planning import new_id, open_plan
from pages.shared.problem import attempt
from pages.shared.timeline.paging import pager
from pages.shared.words import age, exact

__all__ = ["quarantined"]

_A_PAGE: Final = 8


def quarantined(here: Here, ward: Ward, *, agents: Mapping[str, str]) -> None:
    """Draw what is in quarantine, the latest first."""
    found = attempt(lambda: ward.quarantined(actor=here.actor, frame=here.frame))
    if found is None:
        return
    if not found:
        st.caption("Nothing is in quarantine.")
        return
    start = pager("quarantined", len(found), _A_PAGE, words=("Earlier", "Next"))
    for each in found[start : start + _A_PAGE]:
        _row(here, ward, each, agents=agents)


def _row(here: Here, ward: Ward, each: Quarantined, *, agents: Mapping[str, str]) -> None:
    name, may = slug(each.key), may_decide(here)
    by = f"by {one_line(each.by, 60)} {age(each.at, now=here.now)}" if each.at else "nobody knows by whom"
    why = f"<div dir='auto'>{escaped(one_line(each.why, 300))}</div>" if each.why else ""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"quarantined_{name}"):
        st.html(
            f"<div class='mn-row'>{chips(each.memory, now=here.now, agents=agents)}</div>"
            f"<div class='mn-small'>{text_block(each.memory.content, clamp=True)}</div>"
            f"<div class='mn-reason' title='{escaped(exact(each.at))}'>{escaped(by)}{why}</div>",
            width="stretch",
        )
        if st.button(
            "Release",
            icon=":material/undo:",
            key=f"release_{name}",
            disabled=not may,
            help="Back into recall. You see the plan first."
            if may
            else f"You are a {here.actor.role}: that takes a reviewer.",
        ):
            plan = attempt(
                lambda: ward.release_plan([each.key], actor=here.actor, plan_id=new_id(), reason="Released from quarantine.")
            )
            if plan is not None:
                open_plan(here, plan)
