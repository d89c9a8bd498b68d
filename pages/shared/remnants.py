"""What still says the text of memories that are to be erased: drawn before the erasure, with what can be done."""

from __future__ import annotations

from typing import Final

import streamlit as st

from core.curation.consolidation.remnants import Remnant, erasure_notes, left_behind, remnants
from core.curation.plan import Action, Plan
from core.hostile import markdown_escape, one_line
from pages.shared import state
from pages.shared.here import Here
from pages.shared.markup import escaped
from pages.shared.planning import propose
from pages.shared.problem import attempt

__all__ = ["still_said"]

_FOUND: Final = "remnants"
_SHOWN: Final = 5


def still_said(here: Here, plan: Plan) -> None:
    """Warn of the memories that would go on saying what a plan erases, and offer to open them or to erase them as well."""
    found, behind = _found(here, plan)
    if not found and not behind:
        return
    st.warning(markdown_escape(" ".join(erasure_notes(found, behind))), icon=":material/merge:")
    stays = [each for each in found if each.here]
    for place, each in enumerate(stays[:_SHOWN]):
        st.html(f"<div class='mn-small'>{escaped(one_line(each.text, 200))}</div>")
        st.button("Open this memory", key=f"remnant_{place}", type="tertiary", on_click=state.put, args=("sel", each.key))
    if stays and st.button("Erase these as well", key="remnants_erase", icon=":material/delete_forever:"):
        keys = [change.key for change in plan if change.action is Action.ERASE]
        propose(here, "erase", [*keys, *(each.key for each in stays)], reason=plan.reason)


def _found(here: Here, plan: Plan) -> tuple[list[Remnant], list[str]]:
    """Return what still says it, and the keys of what is left behind, looked for once for each state of the index."""
    assert here.store is not None
    store, now_for = here.store, (plan.hash, here.revision, here.index)
    known_for, known = st.session_state.get(_FOUND, (None, ([], [])))
    if known_for != now_for:
        found = attempt(lambda: remnants(store, plan, actor=here.actor, frame=here.frame)) or []
        known = found, attempt(lambda: left_behind(store, plan, actor=here.actor)) or []
        st.session_state[_FOUND] = (now_for, known)
    return known
