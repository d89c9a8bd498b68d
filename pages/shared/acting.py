"""What can be done with memories: retire, hide, edit, confirm, erase, or ask for them for ever. Each makes a plan first.

The same buttons stand over the selected results of a search and in the inspector.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import streamlit as st

from core.access import Permission
from core.curation.golden import golden_from_hit, golden_of
from core.hostile import markdown_escape, one_line
from core.memory import Memory
from core.memory.status import is_hidden, is_quarantined, status_of
from core.recall import RecallResult
from pages.shared import state
from pages.shared.editing import ask_edit
from pages.shared.here import Here
from pages.shared.past import refusal
from pages.shared.planning import desk_of, propose
from pages.shared.problem import attempt
from pages.shared.selection import pick_all, picked, unpick
from pages.shared.words import plural

__all__ = ["memory_actions", "reason_of", "selection_bar"]

CONSOLIDATE_PAGE: Final = "pages/curate/consolidate.py"
# What was asked for with a button over a selection, and the selection that the button was drawn for.
_ASKED: Final = "selection_asked"


@dataclass(frozen=True)
class Verb:
    """Something that is done with memories by a plan of its own."""

    what: str
    label: str
    icon: str
    help: str
    permission: Permission = Permission.READ


RETIRE: Final = Verb("retire", "Retire", ":material/archive:", "Take out of the index. Undo brings it back.")
HIDE: Final = Verb("hide", "Hide", ":material/visibility_off:", "Leave out of recall; it stays in the index.")
SHOW: Final = Verb("unhide", "Show again", ":material/visibility:", "Let it be recalled again.")
RELEASE: Final = Verb("release", "Release", ":material/lock_open:", "Take out of quarantine: it is as it was before.")
TRUE: Final = Verb(
    "validate", "Still true", ":material/verified:", "Note that it still holds: its confidence counts from today."
)
ERASE: Final = Verb(
    "erase",
    "Erase",
    ":material/delete_forever:",
    "Take out of the index and of the journal, for good. Only an admin does that.",
    Permission.ERASE,
)
CONSOLIDATE: Final = Verb(
    "consolidate", "Consolidate", ":material/merge:", "Draft one memory that says what these say; each stays traceable."
)
# A longer choice makes no link: the page then takes what is selected.
_LINKED_MAX: Final = 40
_LINKED_CHARS: Final = 3_000


def reason_of(result: RecallResult | None) -> str:
    """Return the reason that a choice has by itself: where it was made."""
    return f"Chosen among the results for “{one_line(result.query, 120)}”." if result else ""


def selection_bar(
    here: Here,
    result: RecallResult | None = None,
    *,
    shown: Sequence[str] = (),
    reason: str = "",
    on_clear: Callable[[], None] = unpick,
) -> None:
    """Draw the line over a list: select what is shown, how much is selected, and what can be done with it.

    On the search page `result` says what is shown and why it was chosen; elsewhere `shown` and `reason` do.
    """
    shown, keys = [hit.memory.key for hit in result.hits] if result else list(shown), picked(here)
    if not shown and not keys:
        return
    with st.container(
        horizontal=True, gap="small", vertical_alignment="center", key="selection_on" if keys else "selection"
    ):
        if shown:
            pick_all(here, shown)
        if not keys:
            return
        others = len(set(keys) - set(shown)) if shown or result else 0
        aside = f", {others:,} of them not shown" if others else ""
        st.markdown(f"**{len(keys):,} selected**{aside}", width="content")
        _selected(here, keys, result, reason=reason or reason_of(result), on_clear=on_clear)
    if what := st.session_state.pop(_ASKED, None):  # what cannot be done is said under the line, not in it
        _begin(here, *what, keys, reason=reason or reason_of(result))


def _begin(here: Here, what: str, drawn: int, keys: Sequence[str], *, reason: str) -> None:
    """Make the plan that was asked for, unless the selection became another one in the same moment, as by a lasso."""
    if drawn == hash(keys):
        _consolidate(keys) if what == CONSOLIDATE.what else propose(here, what, keys, reason=reason)
        return
    st.warning(
        f"The selection changed as you chose that: {plural(len(keys), 'memory is', 'memories are')} selected now. "
        "Nothing was done; look at them and choose again.",
        icon=":material/select:",
    )


def _consolidate(keys: Sequence[str]) -> None:
    """Lead to the page that drafts one memory out of these."""
    short = len(keys) <= _LINKED_MAX and sum(map(len, keys)) <= _LINKED_CHARS
    state.put("given", keys if short else None)
    state.put("by", "given")
    state.put("group", None)
    st.switch_page(CONSOLIDATE_PAGE)


def _ask(what: str, drawn: int) -> None:
    st.session_state[_ASKED] = (what, drawn)


def _selected(
    here: Here, keys: Sequence[str], result: RecallResult | None, *, reason: str, on_clear: Callable[[], None]
) -> None:
    """Draw the buttons of a selection."""
    for verb in (RETIRE, HIDE, *([SHOW] if here.scope.include_hidden else [])):
        _button(here, verb, place="bar", drawn=hash(keys))
    _edit(here, keys, reason, place="bar")
    for verb in (*([CONSOLIDATE] if len(keys) > 1 else []), TRUE, ERASE):
        _button(here, verb, place="bar", drawn=hash(keys))
    if result is not None:
        _golden(here, keys, result, place="bar")
    st.button("Clear", icon=":material/close:", type="tertiary", key="bar_clear", on_click=on_clear)


def memory_actions(here: Here, memory: Memory, result: RecallResult | None) -> None:
    """Draw what can be done with the memory in the inspector."""
    keys, reason = [memory.key], reason_of(result)
    with st.container(horizontal=True, gap="small", key="inspector_actions"):
        _edit(here, keys, reason, place="memory")
        verbs = (_visibility(memory), RETIRE, TRUE, ERASE)
        asked = [_button(here, verb, place="memory") for verb in verbs]
        if result is not None and any(hit.memory.key == memory.key for hit in result.hits):
            _golden(here, keys, result, place="memory")
    if what := next((what for what in asked if what), None):
        propose(here, what, keys, reason=reason)


def _visibility(memory: Memory) -> Verb:
    if is_quarantined(status_of(memory)):
        return RELEASE
    return SHOW if is_hidden(memory) else HIDE


def _button(here: Here, verb: Verb, *, place: str, drawn: int | None = None) -> str | None:
    """Draw the button of a verb; return what it asks for once it is pressed. With `drawn`, a selection, it is kept too."""
    assert here.store is not None
    allowed = here.actor.may(verb.permission, tenant=here.store.info.tenant) and not here.past
    said = refusal(here) or f"{verb.help} You see the plan first."
    kind = "tertiary" if place == "memory" else "secondary"
    pressed = st.button(
        verb.label,
        icon=verb.icon,
        key=f"{place}_{verb.what}",
        help=said,
        disabled=not allowed,
        type=kind,
        on_click=None if drawn is None else _ask,
        args=(verb.what, drawn),
    )
    return verb.what if pressed else None


def _edit(here: Here, keys: Sequence[str], reason: str, *, place: str) -> None:
    st.button(
        "Edit",
        icon=":material/edit:",
        key=f"{place}_edit",
        help=refusal(here) or "Change text or fields. You see the plan first.",
        disabled=here.past is not None,
        type="tertiary" if place == "memory" else "secondary",
        on_click=ask_edit,
        args=(here, list(keys), reason),
    )


def _golden(here: Here, keys: Sequence[str], result: RecallResult | None, *, place: str) -> None:
    """Offer to make the question a golden query that expects these memories; only what answers it can be expected."""
    assert here.store is not None
    found = [] if result is None else [hit.memory.key for hit in result.hits if hit.memory.key in set(keys)]
    allowed = here.actor.may(Permission.WRITE, tenant=here.store.info.tenant) and not here.past
    pressed = st.button(
        "Make golden",
        icon=":material/star:",
        key=f"{place}_golden",
        help=refusal(here)
        or f"Keep this question as a golden query that must bring back {plural(len(found), 'memory')}: "
        "a plan that would lose one is held back.",
        disabled=not allowed or not found,
        type="tertiary" if place == "memory" else "secondary",
    )
    if pressed and result is not None and attempt(lambda: _save_golden(here, result, found)):
        said = one_line(result.query, 80)
        st.toast(
            markdown_escape(f"Golden: “{said}” must bring back {plural(len(found), 'memory')}."),
            icon=":material/star:",
        )


def _save_golden(here: Here, result: RecallResult, keys: Sequence[str]) -> bool:
    desk = desk_of(here)
    queries = golden_of(desk.store, actor=here.actor)
    known = [kept.query for kept in queries.every()]
    for key in keys:  # the second key goes into the query that the first one made
        query = golden_from_hit(result, key, scope=here.scope, owner=here.actor.name, now=here.now, existing=known)
        known = [each for each in known if each.name != query.name] + [query]
    queries.save(known[-1])
    return True
