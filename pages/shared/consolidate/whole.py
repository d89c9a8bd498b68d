"""The page Consolidate: the groups and what merging them frees, or one of them opened, and what a schedule may do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.analysis.snapshot import Snapshot
from pages.shared import state
from pages.shared.consolidate.asked import Asked, asked, controls
from pages.shared.consolidate.found import Found, fitting, search_errand
from pages.shared.consolidate.groups_list import groups_list, left_alone
from pages.shared.consolidate.one_draft import one_draft
from pages.shared.consolidate.proposing import propose_bar, proposing
from pages.shared.consolidate.schedule import schedule
from pages.shared.here import Here
from pages.shared.markup import escaped
from pages.shared.reading import snapshot_with_vectors
from pages.shared.words import plural
from pages.shared.work_progress import outcome

__all__ = ["draw"]

_ABOUT: Final = (
    "Each sentence of a draft names the memories that it stands on. These are retired only once a recall of the text of "
    "each finds the new one; undo or un-merge brings them back."
)
# Of more than so many, one search is enough until somebody asks for another, however often agents write.
_AGAIN_FROM: Final = 20_000


def draw(here: Here, frame: pd.DataFrame, *, agents: Mapping[str, str]) -> None:
    """Draw the page below its title."""
    lead = st.empty()
    question = asked(here, frame)
    snapshot = snapshot_with_vectors(here)
    if snapshot is None or proposing(here, question):
        return
    opened = state.get("group")
    if not opened:
        lead.html(f"<p class='mn-lead'>Groups of memories that could be one. {_ABOUT}</p>")
        controls(here, question)
    found = _found(here, snapshot, question)
    group = None if found is None or not opened else found.group(opened)
    if group is not None:
        one_draft(here, group, question, agents=agents)
        return
    if found is not None:
        _groups(here, found, question, lead, agents=agents)
    st.header("What a schedule may do", anchor=False)
    schedule(here)


def _found(here: Here, snapshot: Snapshot, question: Asked) -> Found | None:
    """Return the groups, or those of before until there are newer ones; the page says how far the search is."""
    work = outcome(search_errand(here, snapshot, question), name="consolidate", renews=snapshot.rows <= _AGAIN_FROM)
    if work is None:
        return None
    found: Found = work.result
    return found if work.edition == snapshot.revision else found.still(snapshot.frame["key"])


def _groups(here: Here, found: Found, question: Asked, lead: DeltaGenerator, *, agents: Mapping[str, str]) -> None:
    if state.get("group"):
        st.info("The group of this link is not among those of now: its memories changed.", icon=":material/link_off:")
        controls(here, question)
    lead.html(f"<p class='mn-lead'>{_said(here, found, question)} {_ABOUT}</p>")
    propose_bar(here, question, found.groups)
    groups_list(here, found, question, agents=agents)
    left_alone(found, question)


def _said(here: Here, found: Found, question: Asked) -> str:
    named = f"<b>{escaped(here.index)}</b>"
    if question.by == "given":
        return (
            f"<b>{found.memories:,}</b> of {plural(len(question.given), 'memory')} that you chose in {named} could be one."
        )
    narrowed = here.frame is not None and fitting(here, here.frame) is not None
    whole = f"{plural(found.looked_at, 'memory')} in {named}{' that fit the filters on the left' if narrowed else ''}"
    if not found.groups:
        return f"Among {whole} no three belong together this way."
    return f"<b>{found.memories:,}</b> of {whole} could become <b>{len(found.groups):,}</b>."
