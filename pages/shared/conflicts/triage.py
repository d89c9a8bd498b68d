"""Triage of poisoned memory: what looks planted and why, whom it reached, out of recall and back, and a report."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

import streamlit as st

from core.curation.triage.suspects import Triage
from core.curation.triage.ward import Ward
from core.hostile import markdown_escape, one_line
from pages.shared import state
from pages.shared.conflicts.quarantine import quarantined
from pages.shared.conflicts.suspects import suspect_row
from pages.shared.here import Here
from pages.shared.planning import desk_of
from pages.shared.reading import snapshot_with_vectors
from pages.shared.timeline.paging import pager
from pages.shared.words import plural
from pages.shared.work import Errand, index_of
from pages.shared.work_progress import outcome

__all__ = ["triage"]

_A_PAGE: Final = 8
_PATTERNS: Final = 20
# Of more than so many, one look is enough until somebody asks for another, however often agents write.
_AGAIN_FROM: Final = 20_000
_ABOUT: Final = (
    "Memories that may have been planted to mislead agents. None of the signs is a proof: look at the text, see whom it "
    "reached, and take it out of recall while you find out. Quarantine is a plan that can be undone."
)


def triage(here: Here, *, agents: Mapping[str, str]) -> None:
    """Draw the suspects, the worst first, the patterns that they make, and what is in quarantine."""
    st.html(f"<p class='mn-lead'>{_ABOUT}</p>")
    ward = Ward(desk_of(here), now=lambda: datetime.now(UTC))
    snapshot = snapshot_with_vectors(here, said="Swarms and magnets are told by the vectors of the index, read once.")
    if snapshot is None:
        return
    errand = Errand(
        ("triage", *index_of(here), repr(here.actor)),
        snapshot.revision,
        f"Looking at {plural(snapshot.rows, 'memory')}",
        lambda work: ward.suspects(actor=here.actor, snapshot=snapshot, stop=work.stop.is_set, progress=work.at),
        heavy=True,
        kept=4,
    )
    work = outcome(errand, name="triage", renews=snapshot.rows <= _AGAIN_FROM)
    if work is not None:
        _found(here, ward, work.result, agents=agents)
    st.header("In quarantine", anchor=False)
    quarantined(here, ward, agents=agents)


def _found(here: Here, ward: Ward, found: Triage, *, agents: Mapping[str, str]) -> None:
    count = len(found.suspects)
    if not count:
        looked = plural(found.looked_at, "memory")
        st.html(f"<p class='mn-empty'>Among {looked} none looks planted: no instruction to agents, no swarm, no magnet.</p>")
    else:
        st.header(f"{plural(count, 'memory')} to look at", anchor=False)
    start = pager("triage", count, _A_PAGE, words=("Earlier", "Next"))
    page = found.suspects[start : start + _A_PAGE]
    there = {} if here.store is None else here.store.get([each.key for each in page], actor=here.actor)
    for suspect in page:
        if suspect.key in there:
            suspect_row(here, ward, suspect, there[suspect.key], agents=agents)
    if start + _A_PAGE < count:
        pager("triage", count, _A_PAGE, below=True, words=("Earlier", "Next"))
    if found.patterns:
        with st.expander(f"{plural(len(found.patterns), 'pattern')}: bursts and swarms", key="triage_patterns"):
            for each in found.patterns[:_PATTERNS]:
                st.markdown(
                    f"**{str(each.kind).capitalize()}** of {plural(len(each.keys), 'memory')}: "
                    f"{markdown_escape(one_line(each.reason, 300))}"
                )
    if state.get("sel"):
        st.caption("The memory that you opened is beside this list.")
