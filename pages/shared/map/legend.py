"""The map's legend: what the colours mean, with counts in scope; a click selects all memories of a colour."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import streamlit as st

from core.analysis.timeline import Colouring
from core.hostile import markdown_escape, one_line
from pages.shared.here import Here
from pages.shared.map.choice import AGAIN, CHOSE, choose_rows
from pages.shared.map.colours import name_of
from pages.shared.map.places import Places
from pages.shared.words import plural

__all__ = ["legend"]

Counts = npt.NDArray[np.int64]

_MOST: Final = 8
_NAME: Final = 34


def legend(
    here: Here, where: Places, colouring: Colouring, colours: Sequence[str], *, key: str, rank: Counts | None = None
) -> None:
    """Draw the colours that occur in scope, the most frequent clusters first, as buttons that select.

    `rank`, by code, is what clusters are ordered by where that is not how many are in scope here.
    """
    shown = [code for code in range(len(colouring)) if colouring.counts[code]]
    if colouring.field == "cluster":
        own = [code for code in shown if colouring.ids[code]]
        counts = colouring.counts if rank is None else rank
        own.sort(key=lambda code: -int(counts[code]))
        left = own[_MOST:]
        shown = own[:_MOST] + [code for code in shown if own and not colouring.ids[code]]
    else:
        left = []
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key=key):
        for code in shown:
            _entry(here, where, colouring, code, key=key)
        if left:
            rest = sum(int(colouring.counts[code]) for code in left)
            st.caption(f"and {plural(len(left), 'smaller cluster')} with {rest:,}", width="content")
    # The colours are ours, never a text of the memories: the buttons' dots take them from here.
    st.html(f"<style>{''.join(_dot(key, code, colours[code]) for code in shown)}</style>")


def _entry(here: Here, where: Places, colouring: Colouring, code: int, *, key: str) -> None:
    count = int(colouring.counts[code])
    st.button(
        f"{markdown_escape(one_line(name_of(colouring, code), _NAME))} :gray[{count:,}]",
        key=f"{key}_{code}",
        type="tertiary",
        help=f"Select {plural(count, 'memory')} of this colour; click again to select none.",
        on_click=_chosen,
        args=(here, where, colouring, code),
    )


def _chosen(here: Here, where: Places, colouring: Colouring, code: int) -> None:
    choose_rows(here, where, where.shown[np.flatnonzero(colouring.codes == code)])
    st.session_state[CHOSE] = st.session_state[AGAIN] = True


def _dot(key: str, code: int, colour: str) -> str:
    return f".st-key-{key}_{code} button::before{{background:{colour}}}"
