"""A question on the map: where it lands, and what it brings back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import streamlit as st

from core.analysis.neighbours import nearest_to
from core.analysis.projection import placed
from core.errors import MnemoscopeError
from core.hostile import markdown_escape
from core.recall import RecallResult
from pages.shared import ranking, state
from pages.shared.asking import ask
from pages.shared.here import Here
from pages.shared.map.places import MapSource, Places

__all__ = ["Answer", "answered"]

_NEAR: Final = 15


@dataclass(frozen=True, eq=False)
class Answer:
    """What a question brings back, and where it lies itself, None where it has no vector."""

    result: RecallResult
    place: tuple[float, float] | None

    def rows(self, where: Places) -> list[int]:
        """Return the rows of the hits that are on a map, best first."""
        found = [where.row(hit.memory.key) for hit in self.result.hits]
        return [row for row in found if row is not None]


def answered(here: Here, source: MapSource, query: str) -> Answer | None:
    """Return what a question brings back with its place; None without one, or where that failed, which is said."""
    if not query:
        return None
    try:
        result = ask(
            here,
            query,
            k=ranking.how_many(),
            mode=ranking.mode(),
            weights=ranking.read_weights(state.get("weights")),
            snapshot=source.snapshot,
        )
        return Answer(result, _place(source, query))
    except MnemoscopeError as error:
        st.error(markdown_escape(str(error)), icon=":material/error:")
        return None


@st.cache_data(max_entries=64, show_spinner=False, hash_funcs={MapSource: lambda source: source.identity})
def _place(source: MapSource, query: str) -> tuple[float, float]:
    """Return where a question lies: between the memories that it is most like."""
    here, coords = source.here, source.state.coords
    assert here.store is not None
    assert coords is not None
    vector = here.store.embed(query, actor=here.actor)
    rows, distances = nearest_to(source.snapshot.vectors(), vector[None], k=_NEAR, metric=here.store.info.metric)
    x, y = placed(coords, rows, distances)[0, :2]
    return float(x), float(y)
