"""The foot of the rail: which store, who is looking, how old what is shown is, and whether there is something newer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import streamlit as st

from core.access import LOCAL_ADMIN, Actor, Role
from core.analysis.snapshot import Snapshot
from core.config import parse_store_uri
from core.errors import MnemoscopeError
from core.hostile import one_line
from core.store import MemoryStore
from pages.shared.here import Here
from pages.shared.markup import escaped
from pages.shared.reading import progress_words, sample_words
from pages.shared.words import age, exact

__all__ = ["footer"]

_POLL: Final = "5s"
_POLL_JOB: Final = "1s"
_PLACE: Final = 26
_RIGHTS: Final = {
    Role.VIEWER: "A viewer looks and previews, and changes nothing.",
    Role.REVIEWER: "A reviewer writes, retires and hides, and takes back what is their own.",
    Role.ADMIN: "An admin may do everything, erasing included.",
}
_ALL_AGAIN: Final = (
    "A refresh lists keys and metadata and fetches the vectors of what is new or changed. S3 Vectors does not tell when a "
    "vector was replaced under unchanged metadata: reading all again finds that too."
)


def footer(here: Here) -> None:
    """Draw the store, the actor, the age of what is shown and the watch for changes."""
    if here.store is not None and not here.catalog.remote:
        _watch(here.store, here.revision)
    elif here.snapshot is not None:
        _refreshing(here) if here.job else _snapshot(here)
    uri = one_line(here.catalog.uri, 400)
    place = one_line(parse_store_uri(here.catalog.uri).label, 400)
    place = place if len(place) <= _PLACE or here.catalog.remote else f"…{place[-_PLACE:]}"
    st.html(
        f"<dl class='mn-facts mn-foot{' mn-line' if here.store else ''}'>"
        f"<dt>Store</dt><dd title='{escaped(uri)}'>{escaped(place)}</dd>"
        f"<dt>You</dt><dd title='{escaped(_rights(here.actor))}'>"
        f"{escaped(here.actor.name)} · {here.actor.role}</dd>"
        f"<dt>Read at</dt><dd class='mn-num'>{here.now:%H:%M:%S} UTC</dd></dl>"
    )


def _rights(who: Actor) -> str:
    if who == LOCAL_ADMIN:
        return "Bound to this machine: one user, every right."
    within = "" if who.tenants is None else f" Only tenants {one_line(', '.join(sorted(who.tenants)), 200) or 'of nobody'}."
    return f"{_RIGHTS[who.role]}{within}"


@st.fragment(run_every=_POLL)
def _watch(store: MemoryStore, shown: str | None) -> None:
    """Offer a refresh when another tab or process wrote to the index."""
    try:
        changed = store.revision() != shown
    except MnemoscopeError:
        changed = False
    if changed:
        _show_new()


@st.fragment(run_every=_POLL)
def _snapshot(here: Here) -> None:
    """Draw how old the snapshot of a service's index is, with the ways to a newer one."""
    assert here.snapshot is not None
    newest = _newest(here)
    if newest.revision != here.revision:
        _show_new()
    taken, now = newest.taken_at, datetime.now(UTC)
    notes = " ".join([f"As it was at {exact(taken)}.", *newest.notes])
    st.html(
        f"<div class='mn-row' title='{escaped(notes)}'>Snapshot: {escaped(age(taken, now=now))} · "
        f"{escaped(sample_words(newest))}</div>"
    )
    with st.container(horizontal=True, gap="small"):
        st.button("Refresh", icon=":material/sync:", key="snapshot_refresh", on_click=_refresh, args=(here,))
        st.button(
            "Read all again", type="tertiary", key="snapshot_full", help=_ALL_AGAIN, on_click=_refresh, args=(here, True)
        )


@st.fragment(run_every=_POLL_JOB)
def _refreshing(here: Here) -> None:
    """Draw how far the refresh is, over a snapshot that is shown meanwhile; the page follows when it is done."""
    assert here.snapshot is not None
    assert here.job is not None
    if here.job.done:
        st.rerun()
    now = datetime.now(UTC)
    shown = f"Snapshot: {age(here.snapshot.taken_at, now=now)} · {sample_words(here.snapshot)}"
    st.html(f"<div class='mn-row'>{escaped(shown)}</div>")
    st.caption(progress_words(here.job.progress, now=now))
    st.button(
        "Stop refreshing", type="tertiary", icon=":material/stop_circle:", key="snapshot_stop", on_click=here.job.cancel
    )


def _newest(here: Here) -> Snapshot:
    """Return the newest snapshot there is: an endpoint that tells revisions is asked in the background."""
    assert here.snapshot is not None
    if here.snapshot.from_service and here.snapshots and here.store:
        try:
            return here.snapshots.look(here.store, actor=here.actor, wait_s=0).snapshot or here.snapshot
        except MnemoscopeError:
            return here.snapshot
    return here.snapshot


def _show_new() -> None:
    st.button("New writes: show them", icon=":material/sync:", key="refresh", width="stretch", on_click=_rerun_all)


def _refresh(here: Here, full: bool = False) -> None:
    here.refresh(full=full)


def _rerun_all() -> None:
    st.rerun()
