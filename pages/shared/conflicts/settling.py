"""The plans of decisions, made, measured and applied in the background: how far that is, and what came back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import streamlit as st

from core.curation.conflicts.case import Settling
from core.curation.conflicts.settling import Settled
from core.hostile import markdown_escape, one_line
from pages.shared.asking import ask_anew
from pages.shared.conflicts.sitting import inbox_of, may_decide
from pages.shared.here import Here, wrote
from pages.shared.words import plural
from pages.shared.work import Errand, Work, index_of, works

__all__ = ["settle", "settling_line"]

_WORK: Final = "conflicts_settling"
_KEPT: Final = 4
_ROUNDS: Final = 50


def settle(here: Here) -> None:
    """Begin to apply what was decided and not applied; a page waits for nothing of it."""
    inbox = inbox_of(here)

    def do(work: Work) -> list[Settled]:
        found: list[Settled] = []
        for _ in range(_ROUNDS):  # what was decided meanwhile goes with it
            some = inbox.settle(actor=here.actor, progress=work.at, cancelled=work.stop.is_set)
            found += some
            if not some or not inbox.unsettled(actor=here.actor):
                break
        wrote(here, [here.index])
        return found

    ask_anew()
    errand = Errand(("settle", *index_of(here)), datetime.now(UTC), "Applying what was decided", do, kept=_KEPT)
    st.session_state[_WORK] = (inbox.desk.stream, works().look(errand, wait_s=0))


def settling_line(here: Here) -> None:
    """Say what is being applied and what came back; what another one left behind is begun."""
    if not may_decide(here):
        return
    work = _work(here)
    if (work is None or (work.fine and not _stuck(work))) and inbox_of(here).unsettled(actor=here.actor):
        settle(here)
        work = _work(here)
    if work is None:
        return
    if work.ended.is_set():
        _ended(here, work)
    else:
        _going(here)


@st.fragment(run_every="2s")
def _going(here: Here) -> None:
    """Draw that decisions are being applied; the page is drawn anew only where one came back, or could not be."""
    work = _work(here)
    if work is None or not work.ended.is_set():
        st.html("<div class='mn-muted mn-settling'>Applying what was decided. Go on meanwhile.</div>")
        return
    if work.error is not None or _stuck(work) or _returned(work):
        st.rerun()
    if inbox_of(here).unsettled(actor=here.actor):  # decided meanwhile, or another process is at it
        settle(here)
    st.html("<div class='mn-muted mn-settling'>What was decided is applied.</div>")


def _work(here: Here) -> Work | None:
    stream, work = st.session_state.get(_WORK, ("", None))
    return work if stream == inbox_of(here).desk.stream else None


def _stuck(work: Work) -> list[Settled]:
    return [each for each in work.result or () if each.settling in (Settling.WAITING, Settling.TAKING_BACK)]


def _returned(work: Work) -> list[Settled]:
    return [each for each in work.result or () if each.settling is Settling.RETURNED]


def _ended(here: Here, work: Work) -> None:
    """Say what could not be applied, with the way to try again, and what came back."""
    why = str(work.error) if work.error is not None else next((each.why for each in _stuck(work)), None)
    if why is not None:
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key="conflicts_unsettled"):
            st.warning(
                f"Not applied yet: {markdown_escape(one_line(why, 300))} No decision is lost.",
                icon=":material/sync_problem:",
            )
            st.button("Try again", icon=":material/replay:", key="conflicts_settle", on_click=settle, args=(here,))
    if back := _returned(work):
        said = markdown_escape(one_line(back[-1].why, 300))
        st.warning(f"{plural(len(back), 'decision')} came back: {said} The card waits again.", icon=":material/undo:")
