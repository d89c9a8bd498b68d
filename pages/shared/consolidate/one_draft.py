"""One group, opened: its draft beside its sources, what the merged memory would state, and the way to its plan."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from core.curation.consolidation import SourceGroup
from core.hostile import markdown_escape, one_line
from pages.shared import state
from pages.shared.consolidate.asked import Asked
from pages.shared.consolidate.draft_view import merged_fields, sentences, sources, stand_by, verdict
from pages.shared.consolidate.drafts import Drafted, accepted, draft_errand
from pages.shared.consolidate.groups_list import take_box
from pages.shared.consolidate.proposing import effect_words, propose_button
from pages.shared.here import Here
from pages.shared.markup import escaped
from pages.shared.work_progress import outcome

__all__ = ["one_draft"]


def one_draft(here: Here, group: SourceGroup, asked: Asked, *, agents: Mapping[str, str]) -> None:
    """Draw a group's draft, or how far the making of it is."""
    st.button(
        "All groups",
        icon=":material/arrow_back:",
        type="tertiary",
        key="draft_back",
        on_click=state.put,
        args=("group", None),
    )
    st.header("Alike memories" if group.by == "cluster" else markdown_escape(one_line(group.name, 80)), anchor=False)
    st.html(f"<p class='mn-lead'>{escaped(one_line(group.why, 240))}</p>")
    work = outcome(draft_errand(here, group, asked), name="draft")
    if work is None:
        return
    made: Drafted = work.result
    st.html(verdict(made))
    stand_by(here, group, made)
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="draft_head"):
        refused = _refused(here, group, made)
        propose_button(here, [group], label="See the plan", key="propose_one", refused=refused)
        take_box(here, group, label="Take into a plan with others")
        st.html(f"<div class='mn-num mn-muted'>{effect_words(here, asked, [group])}</div>", width="content")
    left, right = st.columns([1.25, 1], gap="large")
    with left:
        st.subheader("What it would say", anchor=False)
        sentences(here, group, made)
        if made.merged is not None:
            with st.expander("What it would state about itself", icon=":material/label:", key="draft_fields"):
                merged_fields(here, made)
    with right:
        st.subheader("What it is made from", anchor=False)
        sources(here, group, made, agents=agents)


def _refused(here: Here, group: SourceGroup, made: Drafted) -> str | None:
    if made.merged is None:
        return "The draft says nothing yet."
    if made.draft.unsupported and not accepted(here, group, made.draft):
        return "No source says some of it: take those sentences out, correct them, or stand by them."
    return None
