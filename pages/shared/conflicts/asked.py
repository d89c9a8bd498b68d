"""What the page Conflicts is asked for: which view, which cards and in what order. All of it is in the link.

Teams, tasks and agents are the filters of the rail, so that they are the same on every page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, get_args

import streamlit as st

from core.curation.conflicts.card import Standing
from core.curation.conflicts.queue import CardFilter, Order
from core.models.judge import ConflictVerdict
from core.scope import UNKNOWN
from pages.shared import state
from pages.shared.here import Here

__all__ = [
    "FOUND",
    "ORDERS",
    "STANDINGS",
    "VERDICTS",
    "VIEWS",
    "Asked",
    "asked",
    "clear_filters",
    "page_title",
    "view_switch",
]

VIEWS: Final[Mapping[str, str]] = {"queue": "Inbox", "list": "All cards", "measures": "Measures", "triage": "Triage"}
_TITLES: Final[Mapping[str, str]] = {
    "queue": "Which memories cannot both be true?",
    "list": "Which memories cannot both be true?",
    "measures": "How well are conflicts found?",
    "triage": "Which memories may have been planted?",
}
ORDERS: Final[Mapping[Order, str]] = {"oldest": "Oldest first", "used": "Most used first", "likely": "Most likely first"}
VERDICTS: Final[Mapping[ConflictVerdict, str]] = {
    ConflictVerdict.CONTRADICTION: "Contradiction",
    ConflictVerdict.SUPERSEDED: "Superseded",
    ConflictVerdict.BOTH_TRUE: "Both true",
    ConflictVerdict.DUPLICATE: "Duplicate",
    ConflictVerdict.UNRELATED: "Unrelated",
}
STANDINGS: Final[Mapping[str, str]] = {
    "waiting": "Waiting",
    Standing.ASSIGNED: "Assigned",
    Standing.DECIDED: "Decided",
    Standing.CLOSED: "Closed",
}
# Name in the link → what it is called, and how long ago a card was found at most.
FOUND: Final[Mapping[str, tuple[str, timedelta | None]]] = {
    "": ("At any time", None),
    "24h": ("In the last 24 hours", timedelta(hours=24)),
    "7d": ("In the last 7 days", timedelta(days=7)),
    "30d": ("In the last 30 days", timedelta(days=30)),
}
_FILTERS: Final = ("verdict", "clash", "found", "cue", "team", "task", "agent")


@dataclass(frozen=True)
class Asked:
    """The view, the order, and which cards; `standing` is a name of STANDINGS. `likely` is in whole percent."""

    view: str
    order: Order
    standing: str
    found: str
    likely: tuple[int, int]
    verdicts: tuple[ConflictVerdict, ...]
    cues: tuple[str, ...]
    teams: tuple[str, ...]
    tasks: tuple[str, ...]
    agents: tuple[str, ...]

    @property
    def narrowed(self) -> int:
        """How many filters are on."""
        return sum(map(bool, (self.verdicts, self.cues, self.teams, self.tasks, self.agents, self.found))) + (
            self.likely != (0, 100)
        )

    def cards(self, now: datetime, *, waiting: bool = False) -> CardFilter:
        """Return which cards that is; `waiting` are those alone that wait for the reviewer."""
        ago = FOUND[self.found][1]
        return CardFilter(
            team=_none_as_empty(self.teams),
            task=_none_as_empty(self.tasks),
            agents=_none_as_empty(self.agents),
            since=None if ago is None else now - ago,
            verdicts=self.verdicts,
            likely=None if self.likely == (0, 100) else (self.likely[0] / 100, self.likely[1] / 100),
            standing=None if waiting or self.standing == "waiting" else (Standing(self.standing),),
            cues=self.cues,
        )


def asked(here: Here) -> Asked:
    """Return what the view asks for; what makes no sense in a link is as by default."""
    scope = here.scope
    order: Order = next((each for each in get_args(Order) if each == state.get("first")), "oldest")
    return Asked(
        state.get("inbox") if state.get("inbox") in VIEWS else "queue",
        order,
        state.get("standing") if state.get("standing") in STANDINGS else "waiting",
        state.get("found") if state.get("found") in FOUND else "",
        _percents(state.get("clash")),
        tuple(ConflictVerdict(each) for each in state.get_all("verdict") if each in VERDICTS),
        tuple(state.get_all("cue")),
        scope.teams,
        scope.tasks,
        scope.agents,
    )


def page_title() -> str:
    """Return the question that the view of a link answers."""
    return _TITLES.get(state.get("inbox"), _TITLES["queue"])


def view_switch(now: Asked, labels: Mapping[str, str]) -> None:
    """Draw the choice of a view."""
    state.prepare_widget("conflicts_view", now.view)
    st.segmented_control(
        "View",
        list(VIEWS),
        key="conflicts_view",
        format_func=lambda view: labels.get(view, VIEWS[view]),
        required=True,
        label_visibility="collapsed",
        on_change=state.store_value,
        args=("inbox", "conflicts_view"),
        kwargs={"empty": "queue"},
    )


def clear_filters() -> None:
    """Ask for all cards; made for `on_click`."""
    state.clear(_FILTERS)


def _none_as_empty(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple("" if value == UNKNOWN else value for value in values)


def _percents(text: str) -> tuple[int, int]:
    """Return the bounds in a link, "50-90"; all of them for what makes no sense."""
    low, _, high = text.partition("-")
    if not all(each.isascii() and each.isdecimal() and len(each) < 4 for each in (low, high)):
        return 0, 100
    found = min(100, int(low)), min(100, int(high))
    return found if found[0] <= found[1] else (0, 100)
