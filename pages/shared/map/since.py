"""What differs between two moments of the map, to be selected in both: what came, what is gone, what changed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from pages.shared.here import Here
from pages.shared.map.choice import CHOSE, choose_rows
from pages.shared.map.picture import View
from pages.shared.map.places import Places
from pages.shared.words import plural

__all__ = ["since"]


def since(here: Here, views: list[View]) -> None:
    """Draw how the later of two moments differs from the earlier, each difference as a button that selects it."""
    if len({view.here.now for view in views}) < 2:
        return
    earlier, later = sorted(views, key=lambda view: view.here.now)
    then, now = earlier.where, later.where
    came, gone = _without(now, then), _without(then, now)
    # What is not as it was lies where it was then; it is known against the present only.
    changed = np.array([], np.int64) if later.here.past else then.shown[then.base[then.shown] < 0]
    changed = np.setdiff1d(changed, gone)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="map_since"):
        between = "until now" if later.here.past is None else "until the later moment"
        if not (len(came) or len(gone) or len(changed)):
            st.caption(f"The same memories are in scope then and {between.removeprefix('until ')}.")
            return
        st.caption(f"From the earlier moment {between}:", width="content")
        _button(here, now, came, f"{len(came):,} came", "Written, or in scope, since then.", key="came")
        _button(here, then, changed, f"{len(changed):,} changed", "Another text or other fields since then.", key="changed")
        _button(here, then, gone, f"{len(gone):,} went", "Retired, erased, expired, or out of scope since then.", key="gone")


def _without(where: Places, other: Places) -> np.ndarray:
    """Return the rows in scope of one moment whose memory is not in scope at the other."""
    known = pd.Index(other.rows.frame["key"].iloc[other.shown])
    shown: np.ndarray = where.shown
    return shown[known.get_indexer(pd.Index(where.rows.frame["key"].iloc[shown])) < 0]


def _button(here: Here, where: Places, rows: np.ndarray, label: str, said: str, *, key: str) -> None:
    if not len(rows):
        return
    st.button(
        label,
        key=f"map_since_{key}",
        icon=":material/select:",
        help=f"{said} Select {plural(len(rows), 'memory')} in both maps.",
        on_click=_chosen,
        args=(here, where, rows),
    )


def _chosen(here: Here, where: Places, rows: np.ndarray) -> None:
    choose_rows(here, where, rows)
    st.session_state[CHOSE] = True
