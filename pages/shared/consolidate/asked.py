"""What a person asks the page Consolidate for: which memories make a group, and how much of them a draft keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, get_args

import pandas as pd
import streamlit as st

from core.curation.consolidation.grouping import HOURS, LIKENESS, Way, Within
from core.curation.consolidation.summary import SHARE
from core.curation.proposing import summariser_of
from core.errors import ConfigError, NotAllowedError
from core.hostile import markdown_escape, one_line
from core.models.summary import Summariser
from pages.shared import state
from pages.shared.here import Here
from pages.shared.selection import picked

__all__ = ["Asked", "asked", "controls"]

_WAYS: Final[Mapping[Way, str]] = {
    "task": "Task",
    "session": "Session",
    "window": "Time",
    "cluster": "Likeness",
    "given": "Chosen",
}
_WHOSE: Final[Mapping[Within, str]] = {"agent": "one agent", "team": "one team", "anyone": "anyone"}
_HELP: Final = (
    "Task and session: what was remembered there. Time: what was written within so many hours. Likeness: what tells of the "
    "same. Chosen: what you selected on Search, Map or Timeline."
)
_MODEL: Final = "consolidate_model"


@dataclass(frozen=True)
class Asked:
    """What makes a group: `hours` count for the way "window", `likeness` (cosine) for "cluster", `given` for "given".

    `share` is how many of the sentences a draft keeps, 0 to 1; `summariser` writes it, None: the sources' own sentences.
    """

    by: Way
    within: Within
    hours: float = HOURS
    likeness: float = LIKENESS
    share: float = SHARE
    given: tuple[str, ...] = ()
    summariser: Summariser | None = None

    @property
    def model(self) -> str:
        """The id of the model that writes the drafts, "" where none does."""
        return "" if self.summariser is None else self.summariser.model_id

    @property
    def groups_by(self) -> tuple[object, ...]:
        """What changes whenever other groups are asked for."""
        own = {"window": self.hours, "cluster": self.likeness, "given": self.given}
        return (self.by, self.within, own.get(self.by))


def asked(here: Here, frame: pd.DataFrame) -> Asked:
    """Return what the view asks for; what makes no sense in a link is as by default."""
    given = tuple(state.get_all("given")) or picked(here)
    by = _one_of(state.get("by"), get_args(Way), _by_default(frame))
    if by == "given" and not given:
        by = _by_default(frame)
    return Asked(
        by,
        _one_of(state.get("whose"), get_args(Within), "team" if by in ("task", "given") else "agent"),
        _number("hours", HOURS, 1.0, 24 * 366.0),
        _number("alike", 100 * LIKENESS, 30, 95) / 100,
        _number("keep", 100 * SHARE, 10, 90) / 100,
        given,
        _summariser(here),
    )


def controls(here: Here, now: Asked) -> None:
    """Draw what makes a group, whose memories, and how much a draft keeps."""
    ways = [way for way in _WAYS if way != "given" or now.given]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key="consolidate_asked"):
        st.segmented_control(
            "Groups by",
            ways,
            key=_shows("by", now.by),
            format_func=lambda way: f"{_WAYS[way]} · {len(now.given):,}" if way == "given" else _WAYS[way],
            on_change=_changed,
            args=("by", now.by),
            help=_HELP,
            width="content",
        )
        _whose(now)
        _nearness(now)
        key = _shows("keep", round(100 * now.share))
        st.slider(
            "A draft keeps, % of sentences",
            10,
            90,
            step=5,
            key=key,
            on_change=_changed,
            args=("keep", round(100 * now.share), False),
            width=220,
            help="Each memory that tells something of its own comes to speak all the same.",
        )
    _writer(here)


def _nearness(now: Asked) -> None:
    """Draw how near in time, or how alike, the memories of a group are."""
    if now.by == "window":
        key = _shows("hours", float(now.hours))
        st.number_input(
            "Hours", 1.0, 24 * 366.0, None, 1.0, "%g", key=key, on_change=_changed, args=("hours", now.hours), width=130
        )
    if now.by == "cluster":
        shown = round(100 * now.likeness)
        key = _shows("alike", shown)
        st.slider("Likeness from, %", 30, 95, step=5, key=key, on_change=_changed, args=("alike", shown), width=200)


def _whose(now: Asked) -> None:
    st.selectbox(
        "Memories of",
        list(_WHOSE),
        key=_shows("whose", now.within),
        format_func=lambda each: _WHOSE[each],
        on_change=_changed,
        args=("whose", now.within),
        width=150,
        help="A memory out of those of two agents is neither's: recalls for one of them alone do not find it.",
    )


def _writer(here: Here) -> None:
    """Offer to let a model write the drafts, only where one is configured."""
    try:
        model = _model(here)
    except (ConfigError, NotAllowedError) as error:
        st.caption(markdown_escape(str(error)))
        return
    if model is None:
        return
    named = markdown_escape(one_line(model.model_id, 80))
    st.toggle(
        f"Let {named} write the drafts",
        key=_MODEL,
        help="Its sentences are held against the sources, as an edit is. The texts of the sources go to Amazon Bedrock.",
    )


def _summariser(here: Here) -> Summariser | None:
    if not st.session_state.get(_MODEL):
        return None
    try:
        return _model(here)
    except (ConfigError, NotAllowedError):  # said beside the switch
        return None


def _model(here: Here) -> Summariser | None:
    return None if here.store is None else summariser_of(here.store, actor=here.actor)


def _by_default(frame: pd.DataFrame) -> Way:
    if bool(frame["task_id"].notna().any()):
        return "task"
    return "session" if bool(frame["session_id"].notna().any()) else "cluster"


def _shows(name: str, value: Any) -> str:
    """Return the key of a widget, which shows what is asked for."""
    key = f"consolidate_{name}"
    state.prepare_widget(key, value)
    return key


def _changed(name: str, shown: object, other_groups: bool = True) -> None:
    """Keep what was chosen; of a control that has just gone the browser may tell once more what it was."""
    key = f"consolidate_{name}"
    if st.session_state.get(key) == shown:
        return
    state.store_value(name, key)
    if other_groups:
        state.put("group", None)


def _number(name: str, default: float, low: float, high: float) -> float:
    try:
        value = float(state.get(name, str(default)))
    except ValueError:
        return default
    return min(high, max(low, value)) if value == value else default


def _one_of(value: str, known: tuple[Any, ...], default: Any) -> Any:
    return value if value in known else default
