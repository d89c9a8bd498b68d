"""The dialogs of the page Golden queries: one is made, edited or removed, and many come in from a file."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Final

import streamlit as st

from core.access import Permission
from core.candidates import Mode
from core.curation.golden import GoldenQueries, GoldenQuery, Kept, golden_from_lines
from core.errors import FileReadError
from core.hostile import markdown_escape, one_line
from core.recall import recall
from core.recalled import RecallResult
from core.scope import Scope
from pages.shared.here import Here
from pages.shared.markup import slug
from pages.shared.problem import attempt
from pages.shared.words import plural

__all__ = ["ask_for", "free_name", "golden_dialogs", "imported", "may_write"]

_PENDING: Final = "golden_pending"
_MODES: Final = {Mode.HYBRID: "Meaning and words", Mode.VECTOR: "Meaning", Mode.TEXT: "Words"}
_NAME_CHARS: Final = 80
_K: Final = 10
_WITHIN: Final = 3


def ask_for(what: str, name: str = "") -> None:
    """Open a dialog at the end of this run: "add", "edit", "remove" or "import"; made for `on_click`."""
    st.session_state[_PENDING] = (what, name, None)


def may_write(here: Here) -> bool:
    """Say whether this person may change what the index must answer."""
    return here.store is not None and here.actor.may(Permission.WRITE, tenant=here.store.info.tenant)


def golden_dialogs(here: Here, queries: GoldenQueries) -> None:
    """Open the dialog that was asked for; called once, at the end of the page."""
    what, name, kept = st.session_state.get(_PENDING, ("", "", None))
    if name and kept is None:  # as it was when the dialog opened: what is saved meanwhile is noticed
        kept = queries.get(name)
        st.session_state[_PENDING] = (what, name, kept)
    if what == "add":
        _form(here, queries, None)
    elif what == "import":
        _import(here, queries)
    elif what == "edit" and kept:
        _form(here, queries, kept)
    elif what == "remove" and kept:
        _remove(queries, kept.query)
    else:
        _close()


def _close() -> None:
    st.session_state.pop(_PENDING, None)


@st.dialog("What must be answered?", width="large", on_dismiss=_close)
def _form(here: Here, queries: GoldenQueries, kept: Kept | None) -> None:
    old = kept.query if kept else _blank(here)
    key = f"golden_{slug(old.name) if kept else 'new'}"
    text = st.text_input(
        "Question", value=old.text if kept else "", key=f"{key}_text", max_chars=1000, placeholder="As an agent asks it"
    ).strip()
    scope = _scope(here, old, key)
    first, second = st.columns(2)
    mode = first.selectbox("By", [*_MODES], [*_MODES].index(old.mode), format_func=_MODES.__getitem__, key=f"{key}_mode")
    within = second.number_input("Among the first", 1, old.k, old.depth if kept else _WITHIN, key=f"{key}_within")
    expected, forbidden = _keys(here, text, old if kept else None, key, mode=mode, scope=scope)
    third, fourth = st.columns([1, 2])
    owner = third.text_input("Owner", value=old.owner, key=f"{key}_owner", max_chars=80).strip()
    note = fourth.text_input("Note", value=old.note, key=f"{key}_note", max_chars=400, placeholder="Why it matters").strip()
    ready = bool(text and (expected or forbidden))
    if not ready:
        st.caption("It needs a question, and a memory that must or must not be found.")
    if st.button("Save", type="primary", key="golden_save", width="stretch", disabled=not ready or not may_write(here)):
        said = {"expected": expected, "forbidden": forbidden, "scope": scope, "mode": mode, "within": int(within)}
        name = old.name if kept else free_name(text, {each.query.name for each in queries.every()})
        done = attempt(
            lambda: queries.save(
                replace(old, name=name, text=text, owner=owner, note=note, **said), expected=kept.version if kept else None
            )
        )
        if done is not None:
            _done(f"Saved: {one_line(name, 60)}")


def free_name(text: str, taken: Collection[str]) -> str:
    """Return the question as a name that no other golden query has."""
    name = one_line(text, _NAME_CHARS - 6)
    return next(each for n in range(1, len(taken) + 2) if (each := name if n == 1 else f"{name} ({n})") not in taken)


def _blank(here: Here) -> GoldenQuery:
    return GoldenQuery("new", "new", expected=("new",), owner=here.actor.name, created_at=here.now, k=_K)


def _keys(
    here: Here, text: str, old: GoldenQuery | None, key: str, *, mode: Mode, scope: Scope
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Draw what comes back for the question, to choose what must and what must not; return both."""
    k = old.k if old else _K
    result = attempt(lambda: _asked(here, text, mode=mode, scope=scope, k=k)) if text else None
    labels = _labels(here, result, old)
    if result is not None and not result.hits:
        st.caption("Nothing comes back for this question now: it can still say what must not come.")
    options = {"format_func": lambda each: labels.get(each, each), "disabled": not text}
    placeholder = "Choose from what comes back now" if text else "Write the question first"
    expected = st.multiselect(
        "Must be found",
        list(labels),
        default=list(old.expected) if old else [],
        key=f"{key}_expected",
        placeholder=placeholder,
        **options,
    )
    forbidden = st.multiselect(
        "Must not be found",
        list(labels),
        default=list(old.forbidden) if old else [],
        key=f"{key}_forbidden",
        placeholder="None",
        **options,
    )
    return tuple(expected), tuple(forbidden)


def _scope(here: Here, old: GoldenQuery, key: str) -> Scope:
    """Return the filters to ask within: those of before, those of the rail, or none."""
    if old.scope != Scope():
        kept = st.checkbox(markdown_escape(f"Within: {old.scope.sentence()}"), value=True, key=f"{key}_scope")
        return old.scope if kept else Scope()
    if here.scope != Scope():
        taken = st.checkbox(markdown_escape(f"Within the rail's filters: {here.scope.sentence()}"), key=f"{key}_rail")
        return here.scope if taken else Scope()
    return Scope()


def _asked(here: Here, text: str, *, mode: Mode, scope: Scope, k: int) -> RecallResult:
    assert here.store is not None
    where = {"actor": here.actor, "now": here.now, "snapshot": here.snapshot}
    return recall(here.store, text, k=k, mode=mode, scope=scope, log=False, **where)


def _labels(here: Here, result: RecallResult | None, old: GoldenQuery | None) -> Mapping[str, str]:
    """Return the memories to choose from, with their rank and text: what comes back now, and what was named before."""
    assert here.store is not None
    found = {hit.memory.key: f"{hit.rank} · {one_line(hit.memory.content, 110)}" for hit in (result.hits if result else ())}
    named: Sequence[str] = (*old.expected, *old.forbidden) if old else ()
    missing = [key for key in named if key not in found]
    memories = here.store.get(missing, actor=here.actor) if missing else {}
    for key in missing:
        said = one_line(memories[key].content, 100) if key in memories else f"{one_line(key, 60)}: not in this index"
        found[key] = f"– · {said}"
    return found


@st.dialog("Remove a golden query", on_dismiss=_close)
def _remove(queries: GoldenQueries, query: GoldenQuery) -> None:
    st.markdown(f"**{markdown_escape(one_line(query.text, 200))}**")
    st.markdown("No plan will be held back for it any more. No memory changes.")
    clicked = st.button("Remove", type="primary", key="golden_remove_now", width="stretch")
    if clicked and attempt(lambda: queries.remove(query.name)) is not None:
        _done(f"Removed: {one_line(query.name, 60)}")


@st.dialog("Import golden queries", on_dismiss=_close)
def _import(here: Here, queries: GoldenQueries) -> None:
    st.markdown("JSON lines, as Export writes them. One of the same name is replaced.")
    with st.form("golden_import_form", border=False):
        given = st.file_uploader("File", type=["jsonl", "ndjson", "json"], key="golden_file")
        asked = st.form_submit_button("Import", type="primary", width="stretch", disabled=not may_write(here))
    if asked and given is None:
        st.warning("Choose a file first.", icon=":material/upload_file:")
    elif asked and given is not None:
        count = attempt(lambda: imported(queries, given.getvalue()))
        if count is not None:
            _done(f"{plural(count, 'golden query', 'golden queries')} imported.")


def imported(queries: GoldenQueries, raw: bytes) -> int:
    """Keep the golden queries of a file, all or none, and return how many there were."""
    try:
        lines = raw.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise FileReadError(f"The file is not UTF-8 text (byte {error.start:,}): export the golden queries again.") from None
    found = list(golden_from_lines(lines))  # all of it is read before anything is kept
    for query in found:
        queries.save(query)
    return len(found)


def _done(said: str) -> None:
    _close()
    st.session_state["told"] = markdown_escape(said)
    st.rerun()
