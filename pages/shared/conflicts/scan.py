"""The search for possible conflicts: begun by a person, in the background, of what is new since the last one."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import streamlit as st

from core.analysis.snapshot import Snapshot
from core.curation.conflicts.scanned import ScanReport, scan_index
from core.hostile import markdown_escape, one_line
from core.models.judges.choice import judge_of
from pages.shared.conflicts.sitting import may_decide
from pages.shared.here import Here
from pages.shared.planning import desk_of
from pages.shared.reading import snapshot_with_vectors
from pages.shared.words import age, exact, plural, share
from pages.shared.work import Errand, Work, index_of, works
from pages.shared.work_progress import outcome

__all__ = ["Scanned", "scan_line", "scan_menu", "scan_offer"]

_ASKED: Final = "conflicts_scan_asked"
_BEGUN: Final = "conflicts_scan_begun"
_KEPT: Final = 4


@dataclass(frozen=True)
class Scanned:
    """What a scan found and did, and when it ended."""

    report: ScanReport
    at: datetime


def scan_line(here: Here) -> Scanned | None:
    """Begin the scan that was asked for, draw how far it is, and return what the last one found."""
    stream, full = st.session_state.get(_ASKED, ("", False))
    if stream == desk_of(here).stream:
        snapshot = snapshot_with_vectors(here, said="Memories are compared by the vectors of the index, read once.")
        if snapshot is None:
            return None
        st.session_state.pop(_ASKED)
        asked = st.session_state[_BEGUN] = _errand(here, snapshot, full=full)
        works().begin(asked)
    begun: Errand | None = st.session_state.get(_BEGUN)
    if begun is not None and begun.of == _name(here):
        work = outcome(begun, name="conflicts_scan")
    else:
        work = works().last(_name(here))  # of another tab
    found: Scanned | None = None if work is None else work.result
    return found


def scan_menu(here: Here, found: Scanned | None) -> None:
    """Draw what the last scan found, and the ways to another one."""
    with st.popover("Scan", icon=":material/radar:", key="conflicts_scan_menu", width="content"):
        if found is not None:
            st.caption(markdown_escape(f"{_words(found, here)} {_details(found)}"))
        _button(here, "Scan what is new", "new", full=False)
        _button(here, "Compare everything again", "all", full=True)
        if not may_decide(here):
            st.caption(markdown_escape(_refusal(here)))


def scan_offer(here: Here, *, label: str) -> None:
    """Offer a scan where there is nothing else to do."""
    with st.container(horizontal=True, horizontal_alignment="center"):
        _button(here, label, "first", full=False)
    if not may_decide(here):
        st.caption(markdown_escape(_refusal(here)))


def _button(here: Here, label: str, name: str, *, full: bool) -> None:
    st.button(
        label,
        icon=":material/search:" if not full else ":material/replay:",
        type="primary" if name == "first" else "tertiary",
        key=f"conflicts_scan_{name}",
        disabled=not may_decide(here),
        help="Also what was compared before." if full else None,
        on_click=_ask,
        args=(here, full),
    )


def _refusal(here: Here) -> str:
    return f"You are a {here.actor.role}: you see what was found, and a reviewer scans and decides."


def _ask(here: Here, full: bool) -> None:
    st.session_state[_ASKED] = (desk_of(here).stream, full)


def _name(here: Here) -> tuple[Hashable, ...]:
    return ("conflicts", *index_of(here))


def _errand(here: Here, snapshot: Snapshot, *, full: bool) -> Errand:
    """Return the scan of an index as it is now; what it finds is kept by the thread that finds it."""
    actor, desk = here.actor, desk_of(here)

    def do(work: Work) -> Scanned:
        judge, now = judge_of(), datetime.now(UTC)
        report = scan_index(
            desk.store,
            judge,
            actor=actor,
            now=now,
            full=full,
            snapshot=snapshot,
            stop=work.stop.is_set,
            progress=work.at,
        )
        return Scanned(report, datetime.now(UTC))

    words = f"Comparing {plural(snapshot.rows, 'memory')}"
    return Errand(_name(here), snapshot.revision, words, do, heavy=True, kept=_KEPT)


def _words(found: Scanned, here: Here) -> str:
    new = f"{plural(found.report.new, 'new card')}" if found.report.new else "nothing new"
    return f"Scanned {age(found.at, now=max(here.now, found.at))}: {new}."


def _details(found: Scanned) -> str:
    """Return what was done to find it, and what was left out."""
    done = found.report
    compared = f"{plural(done.compared, 'memory')} compared at {exact(found.at)}, {plural(done.near, 'pair')} near enough, "
    said = [f"{compared}{done.judged:,} judged by {one_line(done.judge, 60)} with a threshold of {done.threshold:.2f}."]
    if done.stopped:
        said.append(done.stopped)
    elif done.left:
        said.append(f"{plural(done.left, 'pair')} are left for the next scan.")
    if done.recall < 1:
        said.append(f"The search found {share(done.recall, 1)} of the nearest.")
    if done.series:
        said.append(f"{plural(done.series, 'memory')} of long series were looked at in part.")
    if done.over:
        said.append(f"{plural(done.over, 'more card')} were left out: the likeliest come first.")
    return " ".join(said)
