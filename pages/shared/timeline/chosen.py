"""The memories that were chosen on the timeline: what can be done with them, and the list of them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from pages.shared import chosen, regions
from pages.shared.here import Here
from pages.shared.timeline.downloads import rows_of
from pages.shared.timeline.prepared import Prepared

__all__ = ["bar", "chosen_rows", "let_go", "listed"]


def chosen_rows(prepared: Prepared, keys: tuple[str, ...]) -> npt.NDArray[np.int32]:
    """Return the rows of keys that are shown, in the order of the axis, those without a time last."""
    if not keys:
        return np.zeros(0, dtype=np.int32)
    there = prepared.frame["key"].isin(keys).to_numpy(dtype=bool)
    order = prepared.events.order
    return order[there[order]]


def let_go() -> None:
    """Choose nothing any more, and forget the region that it was chosen with."""
    regions.let_go("region")


def bar(here: Here, prepared: Prepared, rows: npt.NDArray[np.int32]) -> None:
    """Draw the line over the lanes: what can be done with what is picked, or how something is."""
    chosen.bar(
        here,
        len(rows),
        reason=chosen.reason(rows_of(here, prepared), rows, where="timeline"),
        hint="Click a memory to read it. To choose many, drag with Shift, or take the box or the lasso.",
        on_clear=let_go,
    )


def listed(here: Here, prepared: Prepared, rows: npt.NDArray[np.int32], *, label: str, agents: Mapping[str, str]) -> None:
    """Draw memories, ten at a time, with their files; nothing where there are none."""
    chosen.listed(here, rows_of(here, prepared), rows, label=label, name="timeline", agents=agents)
