"""One memory of the past: as it was then, what became of it since, and the way to see it as it is now."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import streamlit as st

from core.hostile import one_line
from core.memory import Memory
from pages.shared import state
from pages.shared.diff import change_html, differences
from pages.shared.here import Here
from pages.shared.markup import escaped
from pages.shared.past_stops import versions
from pages.shared.problem import attempt
from pages.shared.words import age, exact, plural

if TYPE_CHECKING:
    from core.memory.record import Record
    from core.past.versions import Applied

__all__ = ["became", "change_words", "departed", "inspected", "later", "memories", "neighbours", "open_deed"]

HISTORY_PAGE: Final = "pages/curate/history.py"
_SEEN_NOW: Final = "inspected_as_of_now"
_CHANGES: Final = 5
_EVER: Final = datetime(1, 1, 1, tzinfo=UTC)
# What a change is called by its policy, where that says more than its action.
_BY_POLICY: Final = {
    "hide": "hidden",
    "unhide": "shown again",
    "quarantine": "put in quarantine",
    "release": "released from quarantine",
    "validate": "found to be still true",
    "decay": "given another confidence",
    "expiry": "retired when its time was over",
    "import": "imported",
    "undo": "put back by an undo",
    "restore": "put back",
}
_BY_ACTION: Final = {"put": "written", "replace": "edited", "retire": "retired", "erase": "erased"}


def memories(here: Here, keys: Collection[str]) -> dict[str, Memory]:
    """Return the memories of these keys that were there, as they were at the moment that is looked at."""
    assert here.store is not None
    if here.past is None:
        return here.store.get(keys, actor=here.actor)
    from core.past.searching import memories_then

    return memories_then(here.store, here.past, keys, actor=here.actor)


def neighbours(here: Here, key: str, *, k: int) -> list[tuple[Memory, float]]:
    """Return the memories nearest to one at the moment that is looked at, each with its cosine."""
    assert here.store is not None
    if here.past is None:
        return here.store.neighbours(key, k=k, actor=here.actor)
    from core.past.searching import neighbours_then
    from pages.shared.reading import snapshot_with_vectors

    snapshot = snapshot_with_vectors(here.at_present)
    if snapshot is None:
        return []
    with st.spinner("Comparing"):
        return neighbours_then(here.store, here.past, key, k=k, actor=here.actor, snapshot=snapshot)


def inspected(here: Here, key: str) -> tuple[Here, Memory | None]:
    """Return a memory with the surroundings to show it in; while a person looks back, say above it what became of it since.

    Whoever asks for it sees it as it is now.
    """
    if here.past is None:
        return here, memories(here, [key]).get(key)
    as_now = st.session_state.get(_SEEN_NOW) == key
    then, now = memories(here, [key]).get(key), memories(here.at_present, [key]).get(key)
    changes = became(here, key, since=here.now)
    with st.container(key="past_note", gap="small"):
        st.html(_note(here, key, then, now, changes, as_now=as_now and now is not None))
        _ways(key, then, now, changes, as_now=as_now)
        if then is not None and now is not None and differences(then, now):
            with st.expander("What is different now", key="past_note_diff"):
                st.html(change_html(then, now))
    return (here.at_present, now) if as_now and now is not None else (here, then)


def departed(here: Here, key: str) -> Memory | None:
    """Return a memory that is not in the index any more as the journal last saw it, and say what became of it.

    None where the journal has nothing of it.
    """
    found = attempt(lambda: _last(here, key))
    if found is None or here.store is None:
        return None
    last, before = found
    with st.container(key="past_note", gap="small"):
        kept = "" if before else "<p>Nothing of it is kept.</p>"
        said = f"<p><b>Not in the index any more</b></p><p>{_line(last, age(last.at, now=here.now))}</p>{kept}"
        st.html(f"<div class='mn-past-note'>{said}</div>")
        with st.container(horizontal=True, gap="small"):
            if before:
                _way("Look back to before", "past_memory_before", ":material/history:", _look_before, last)
            _deed_way(last)
    return here.store.memory_of(key, before.metadata) if before else None


def _last(here: Here, key: str) -> tuple[Applied, Record | None] | None:
    """Return the change that took a memory out with what it was, None where no change did."""
    known = versions(here)
    last = next(reversed(known.of(key)), None) if known else None
    if known is None or last is None or not last.takes_out:
        return None
    image = known.images([last]).get(key)
    return last, image.before if image else None


def became(here: Here, key: str, *, since: datetime) -> list[Applied]:
    """Return what the journal has of a memory after a moment, in order."""
    known = versions(here)
    return [] if known is None else [change for change in known.of(key) if change.at > since]


def change_words(change: Applied) -> str:
    """Return what a change did to a memory, as a participle: "retired", "hidden"."""
    by_action = _BY_ACTION.get(str(change.action), str(change.action))
    if change.policy in ("undo", "restore") and change.takes_out:
        return "taken out by an undo"
    return by_action if str(change.action) == "erase" else _BY_POLICY.get(change.policy, by_action)


def later(moment: datetime, *, then: datetime) -> str:
    """Return how long after another moment one is: "3 days later"."""
    said = age(then, now=moment)
    return "right then" if said == "just now" else said.replace(" ago", " later")


def open_deed(plan_id: str) -> None:
    """Open a plan on the page of the history."""
    state.put("deed", plan_id)
    st.switch_page(HISTORY_PAGE)


def _note(here: Here, key: str, then: Memory | None, now: Memory | None, changes: list[Applied], *, as_now: bool) -> str:
    """Return what the reader sees, the memory then or now, and what became of it since, as HTML."""
    assert here.past is not None
    moment = escaped(here.past.moment.in_words())
    lines = [_state(here, key, then, now, moment, as_now=as_now)]
    lines += [_line(change, later(change.at, then=here.now)) for change in changes[:_CHANGES]]
    if len(changes) > _CHANGES:
        lines.append(f"and {plural(len(changes) - _CHANGES, 'more change')}")
    if then is None and (before := became(here, key, since=_EVER)) and not changes:
        lines.append(_line(before[-1], age(before[-1].at, now=here.today)))
    if then is not None and then.expires_at is not None and here.now < then.expires_at <= here.today:
        lines.append(f"Expired {later(then.expires_at, then=here.now)}")
    if then is not None and now is not None and len(lines) == 1:
        differs = bool(differences(then, now))  # how often it was recalled, say, which no journal has
        lines.append("The journal has no change of it since." if differs else "It is the same now.")
    return "<div class='mn-past-note'>" + "".join(f"<p>{line}</p>" for line in lines) + "</div>"


def _state(here: Here, key: str, then: Memory | None, now: Memory | None, moment: str, *, as_now: bool) -> str:
    assert here.past is not None
    if as_now:
        return "<b>As it is now</b>" + ("" if then else f", not there as of {moment}")
    if then is not None:
        return f"<b>As of {moment}</b>" + ("" if now else ", not in the index any more")
    if key in here.past.erased:
        return f"<b>Erased since {moment}</b>: nothing of it is kept."
    if now is None:
        return f"<b>Not there</b> as of {moment}, nor now."
    came = f": it was written {later(now.created_at, then=here.now)}" if now.created_at and now.created_at > here.now else ""
    return f"<b>Not there</b> as of {moment}{came}."


def _line(change: Applied, when: str) -> str:
    what, who = escaped(change_words(change)).capitalize(), escaped(one_line(change.actor, 60))
    return f"{what} <span title='{exact(change.at)}'>{when}</span> by {who}{_because(change)}"


def _because(change: Applied) -> str:
    return f": {escaped(one_line(change.reason, 160))}" if change.reason else ""


def _ways(key: str, then: Memory | None, now: Memory | None, changes: list[Applied], *, as_now: bool) -> None:
    with st.container(horizontal=True, gap="small"):
        if now is not None and not as_now:
            _way("As it is now", "past_memory_now", ":material/update:", _see, key)
        if as_now and then is not None:
            _way("As it was then", "past_memory_then", ":material/history:", _see, None)
        if changes:
            _deed_way(changes[-1])


def _way(label: str, name: str, icon: str, action: Callable[..., None], given: object) -> None:
    st.button(label, icon=icon, type="tertiary", key=name, on_click=action, args=(given,))


def _deed_way(change: Applied) -> None:
    if st.button("Open in History", icon=":material/link:", type="tertiary", key="past_memory_deed"):
        open_deed(change.plan_id)


def _see(key: str | None) -> None:
    st.session_state[_SEEN_NOW] = key


def _look_before(last: Applied) -> None:
    from core.past.moment import Moment

    state.put("as_of", Moment(last.at - timedelta(microseconds=1)).text)
