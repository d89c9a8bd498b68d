"""Regions that a reader drew around memories: in the link as text, and what was picked with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import streamlit as st

from pages.shared import state
from pages.shared.here import Here
from pages.shared.selection import PICKED_MAX, pick_only, picked, unpick
from pages.shared.words import plural

__all__ = ["Polygon", "Region", "left_out", "let_go", "read_region", "tell", "write_region"]

Polygon = tuple[tuple[float, float], ...]
# A lasso has hundreds of corners; so many say the same and fit into an address.
_CORNERS: Final = 64
_FARTHEST: Final = 2**62
_KEPT: Final = "region_of"
_TOLD: Final = "region_told"
_LEFT: Final = "region_left"


def write_region(polygon: Sequence[tuple[float, float]], *, digits: tuple[int, int] = (0, 2)) -> str:
    """Return the corners of a region as text, at most 64 of them, x and y with so many decimals."""
    step = max(1, -(-len(polygon) // _CORNERS))
    return "~".join(f"{x:.{digits[0]}f}_{y:.{digits[1]}f}" for x, y in polygon[::step])


def read_region(text: str) -> Polygon:
    """Return the corners of a region, none where the text makes no sense."""
    corners = []
    for corner in text.split("~") if text else ():
        x, _, y = corner.partition("_")
        try:
            pair = (float(x), float(y))
        except ValueError:
            return ()
        if not all(abs(value) < _FARTHEST for value in pair):  # false for what is no number too
            return ()
        corners.append(pair)
    return tuple(corners) if 3 <= len(corners) <= 2 * _CORNERS else ()


@dataclass(frozen=True)
class Region:
    """The region of a drawing of the open index, in the link under the name `param`, and the choice made with it."""

    here: Here
    param: str

    @property
    def text(self) -> str:
        """The region of the link, "" without one."""
        return state.get(self.param)

    @property
    def polygon(self) -> Polygon:
        """The corners of the region of the link, none without one."""
        return read_region(self.text)

    def take(self, text: str, keys: Sequence[str]) -> None:
        """Pick the memories that were found inside a region, and no other; the link says which region."""
        if not keys:
            let_go(self.param)
            st.session_state[_TOLD] = "No memory lies in there."
            return
        kept = self.pick(keys)
        state.put(self.param, text)
        st.session_state[f"{self.param}_{_KEPT}"] = (self._stream, text, kept)

    def pick(self, keys: Sequence[str]) -> int:
        """Pick memories without a region; return how many were, which is all of them but for a bound that is said."""
        left = pick_only(self.here, keys)
        state.put(self.param, None)
        st.session_state[_LEFT] = (self._stream, picked(self.here), left)
        return len(keys) - left

    def news(self) -> str:
        """Return the region of a link that nothing was picked with yet, "" without one.

        A region whose choice was let go elsewhere is forgotten.
        """
        if not self.text or self.here.store is None:
            return ""
        if st.session_state.get(f"{self.param}_{_KEPT}", ())[:2] != (self._stream, self.text):
            return self.text
        if not picked(self.here):
            state.put(self.param, None)
        return ""

    def held(self) -> int | None:
        """Return how many were picked with the region of the link, None where the choice is another one by now."""
        stream, text, count = st.session_state.get(f"{self.param}_{_KEPT}", ("", "", -1))
        same = (stream, text) == (self._stream, self.text) and count == len(picked(self.here))
        return int(count) if same and self.text else None

    @property
    def _stream(self) -> str:
        return self.here.store.stream if self.here.store else ""


def tell() -> None:
    """Say what became of the last region, where there is something to say: a callback can draw nothing."""
    if said := st.session_state.pop(_TOLD, ""):
        st.toast(said, icon=":material/select:")


def left_out(here: Here) -> str:
    """Return what to say of memories that were chosen but are more than can be selected; "" where all are."""
    stream, keys, left = st.session_state.get(_LEFT, ("", (), 0))
    if not left or here.store is None or stream != here.store.stream or keys != picked(here):
        return ""
    more = plural(left, "more memory was", "more memories were")
    return f"{more} chosen and left out: at most {PICKED_MAX:,} can be selected."


def let_go(param: str) -> None:
    """Choose nothing any more, and forget the region that it was chosen with."""
    unpick()
    state.put(param, None)
