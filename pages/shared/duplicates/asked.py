"""What the page Duplicates is asked: whose memories, from which likeness on, which one stays and what it takes over.

All of it is in the link.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import streamlit as st

from core.curation.duplicates import DEFAULT_THRESHOLD, MergePolicy, SurvivorRule
from core.curation.duplicates.found import Within
from pages.shared import state
from pages.shared.duplicates.search import LOWEST

__all__ = ["LISTS", "ORDERS", "Asked", "asked", "controls"]

_WITHIN: Final[Mapping[str, str]] = {
    Within.AGENT: "Each agent",
    Within.TEAM: "Each team",
    Within.ANYONE: "Anyone",
}
POLICIES: Final[Mapping[str, str]] = {
    MergePolicy.UNION: "Union of metadata",
    MergePolicy.KEEP: "Keep the best as it is",
    MergePolicy.REINFORCE: "Reinforce the survivor",
}
RULES: Final[Mapping[str, str]] = {
    SurvivorRule.CONFIDENCE: "The most confident",
    SurvivorRule.USAGE: "The most recalled",
    SurvivorRule.COMPLETENESS: "The most complete",
    SurvivorRule.NEWEST: "The newest",
    SurvivorRule.OLDEST: "The oldest",
}
ORDERS: Final[Mapping[str, str]] = {
    "least": "Least similar first",
    "most": "Most certain first",
    "largest": "Largest first",
}
LISTS: Final = ("groups", "alike", "rejected")


@dataclass(frozen=True)
class Asked:
    """What to look for and what to do with it; each value but the threshold is a name of the mappings above."""

    within: str = Within.AGENT
    threshold: float = DEFAULT_THRESHOLD
    policy: str = MergePolicy.UNION
    rule: str = SurvivorRule.CONFIDENCE
    order: str = "least"


def asked() -> Asked:
    """Return what the view asks for; what makes no sense is left at its default."""
    usual = Asked()
    return Asked(
        _named("within", _WITHIN, usual.within),
        _threshold(state.get("likeness"), usual.threshold),
        _named("merge", POLICIES, usual.policy),
        _named("survivor", RULES, usual.rule),
        _named("order", ORDERS, usual.order),
    )


def controls() -> Asked:
    """Draw the controls in one row and return what they ask for."""
    found = asked()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key="duplicates_controls"):
        state.prepare_widget("duplicates_within", found.within)
        st.segmented_control(
            "Compared within",
            list(_WITHIN),
            key="duplicates_within",
            format_func=_WITHIN.__getitem__,
            required=True,
            help="Each agent: memories of one agent with each other. Anyone: all with all.",
            on_change=state.store_value,
            args=("within", "duplicates_within"),
            kwargs={"empty": Asked.within},
        )
        state.prepare_widget("duplicates_likeness", round(100 * found.threshold))
        st.slider(
            "Merged from this certainty on",
            round(100 * LOWEST),
            100,
            key="duplicates_likeness",
            format="%d %%",
            width=250,
            help="How likely two texts must be to say the same. At 100 % only the same text is merged.",
            on_change=_likeness_changed,
        )
        _choice("Which one stays", "survivor", RULES, found.rule, help="Ties go by the other rules. Each group can differ.")
        _choice(
            "What it takes over",
            "merge",
            POLICIES,
            found.policy,
            help="Union: tags, recalls and missing fields of all. Reinforce: also a confidence that all of them make surer. "
            "Each notes in derived_from what it stands for.",
        )
    return found


def _choice(label: str, param: str, names: Mapping[str, str], value: str, *, help: str) -> None:
    key = f"duplicates_{param}"
    state.prepare_widget(key, value)
    st.selectbox(
        label,
        list(names),
        key=key,
        width=190,
        format_func=names.__getitem__,
        help=help,
        on_change=state.store_value,
        args=(param, key),
        kwargs={"empty": next(iter(names))},
    )


def _likeness_changed() -> None:
    percent = int(st.session_state["duplicates_likeness"])
    state.put("likeness", None if percent == round(100 * DEFAULT_THRESHOLD) else str(percent))


def _named(param: str, names: Mapping[str, str], usual: str) -> str:
    value = state.get(param)
    return next((name for name in names if name == value), usual)


def _threshold(text: str, usual: float) -> float:
    """Return a threshold of the link, a whole percentage in the bounds of the slider."""
    if not text.isascii() or not text.isdigit() or len(text) > 3:
        return usual
    return min(1.0, max(LOWEST, int(text) / 100))
