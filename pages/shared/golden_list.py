"""The golden queries of an index as a list: what is asked, what must and must not come, and whether it does now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import streamlit as st

from core.candidates import Mode
from core.curation.golden import GoldenQuery, Kept, golden_to_lines
from core.curation.judging import Outcome, ask_golden
from core.hostile import markdown_escape, one_line
from core.scope import Scope
from pages.shared.golden_form import ask_for, may_write
from pages.shared.here import Here
from pages.shared.markup import escaped, slug
from pages.shared.problem import attempt
from pages.shared.words import age, plural

__all__ = ["golden_buttons", "golden_rows", "lead", "results_of", "row_html", "verdict_html"]

_A_PAGE: Final = 20
_FIND_FROM: Final = 8
_RESULTS: Final = "golden_results"
_TEXT: Final = 120
# How most are asked needs no word.
_MODES: Final = {Mode.VECTOR: "by meaning alone", Mode.TEXT: "by words alone"}


def results_of(here: Here, stream: str) -> tuple[Mapping[str, Outcome], datetime | None]:
    """Return what the last run found, as long as the index did not change since, and when that was."""
    kept_for, at, found = st.session_state.get(_RESULTS, (None, None, {}))
    return (found, at) if kept_for == (stream, here.revision) else ({}, None)


def lead(kept: Sequence[Kept], *, index: str) -> str:
    """Return the page's first sentence: how many there are and what they are for."""
    owners = len({each.query.owner for each in kept if each.query.owner})
    by = f", owned by {plural(owners, 'person', 'people')}" if owners else ""
    held = f"<b>{plural(len(kept), 'golden query', 'golden queries')}</b> for <b>{escaped(index)}</b>{by}. " if kept else ""
    return (
        f"<p class='mn-lead'>{held}A golden query is a question with the memories that must come back for it. "
        "Each plan is tried on all of them before it is applied, and is held back where one would lose its answer.</p>"
    )


def golden_buttons(here: Here, kept: Sequence[Kept], stream: str) -> None:
    """Draw what can be done with all of them: run, add, import, export."""
    may = may_write(here)
    refused = None if may else f"Your role, {here.actor.role}, may look but not change anything."
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        if st.button(
            "Run them now",
            type="primary" if kept else "secondary",
            key="golden_run",
            icon=":material/play_arrow:",
            disabled=not kept,
        ):
            _run(here, kept, stream)
        for what, label, icon in (("add", "Add one", "add"), ("import", "Import", "upload")):
            st.button(
                label,
                key=f"golden_{what}",
                icon=f":material/{icon}:",
                type="primary" if what == "add" and not kept else "secondary",
                disabled=not may,
                help=refused,
                on_click=ask_for,
                args=(what,),
            )
        st.download_button(
            "Export",
            "\n".join(golden_to_lines(each.query for each in kept)) + "\n" if kept else "",
            file_name=f"golden-{here.index}.jsonl",
            mime="application/jsonl",
            key="golden_export",
            icon=":material/download:",
            disabled=not kept,
            help="JSON lines. `python -m core golden run` checks them in a build.",
        )


def golden_rows(here: Here, kept: Sequence[Kept], stream: str) -> None:
    """Draw the golden queries, twenty at a time; those that do not hold come first once they were run."""
    found, at = results_of(here, stream)
    if found and at:
        st.html(verdict_html(kept, found, ran=age(at, now=here.now)))
    shown = sorted(kept, key=lambda each: not (each.query.name in found and found[each.query.name].problems))
    place = 0
    if len(shown) > _FIND_FROM:
        wanted = (
            st.text_input(
                "Find",
                key="golden_find",
                icon=":material/search:",
                placeholder="question, owner, note",
                label_visibility="collapsed",
            )
            .strip()
            .lower()
        )
        shown = [each for each in shown if wanted in f"{each.query.text}\n{each.query.owner}\n{each.query.note}".lower()]
        pages = max(1, -(-len(shown) // _A_PAGE))
        if pages > 1:
            place = st.number_input(f"Page, 1 to {pages:,}", 1, pages, key=f"golden_page_{pages}", width=160) - 1
        st.caption(f"{min(_A_PAGE, len(shown)):,} of {plural(len(shown), 'query', 'queries')} shown.")
    page = shown[place * _A_PAGE : (place + 1) * _A_PAGE]
    texts = _texts(here, page)
    for each in page:
        _row(here, each.query, found.get(each.query.name), texts)


def verdict_html(kept: Sequence[Kept], found: Mapping[str, Outcome], *, ran: str) -> str:
    """Return how many hold, in one line with a mark."""
    known = [found[each.query.name] for each in kept if each.query.name in found]
    broken = sum(bool(each.problems) for each in known)
    mark, tone = ("✕", "bad") if broken else ("✓", "good")
    held = "It holds" if len(known) == 1 else f"All {len(known):,} hold"
    said = f"{broken:,} of {len(known):,} {'does' if broken == 1 else 'do'} not hold" if broken else held
    return f"<div class='mn-verdict'><i class='mn-{tone}'>{mark}</i><span><b>{said}.</b> Run {escaped(ran)}.</span></div>"


def row_html(query: GoldenQuery, checked: Outcome | None, texts: Mapping[str, str]) -> str:
    """Return one golden query: the question, each memory with its rank, and who vouches for it."""
    mark, tone = ("○", "muted") if checked is None else ("✓", "good") if not checked.problems else ("✕", "bad")
    lines = [
        *(_line(key, f"among the first {query.depth}", checked, texts) for key in query.expected),
        *(_line(key, "must not come", checked, texts, forbidden=True) for key in query.forbidden),
    ]
    scope = "" if query.scope == Scope() else query.scope.sentence()
    about = " · ".join(part for part in (query.owner, query.note, _MODES.get(query.mode, ""), scope) if part)
    question = escaped(one_line(query.text, 300))
    return (
        f"<div class='mn-golden'><i class='mn-{tone}'>{mark}</i><div><div class='mn-name'>{question}</div>"
        f"<ul>{''.join(lines)}</ul><div class='mn-muted'>{escaped(one_line(about, 400))}</div></div></div>"
    )


def _line(key: str, said: str, checked: Outcome | None, texts: Mapping[str, str], *, forbidden: bool = False) -> str:
    text = texts.get(key) or f"{key} (not in this index)"
    if checked is None:
        return f"<li>{escaped(one_line(text, _TEXT))} <span class='mn-muted'>{escaped(said)}</span></li>"
    found = f"rank {checked.hits.index(key) + 1:,}" if key in checked.hits else "not found"
    broken = any(problem.key == key for problem in checked.problems)
    tone = "bad" if broken else "muted"
    wanted = f", {said}" if broken or forbidden else ""
    return f"<li>{escaped(one_line(text, _TEXT))} <span class='mn-{tone} mn-num'>{found}{escaped(wanted)}</span></li>"


def _row(here: Here, query: GoldenQuery, checked: Outcome | None, texts: Mapping[str, str]) -> None:
    name, may = slug(query.name), may_write(here)
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key=f"golden_row_{name}"):
        st.html(row_html(query, checked, texts), width="stretch")
        for what, icon, label in (("edit", "edit", "Edit"), ("remove", "delete", "Remove")):
            st.button(
                f"{label} {markdown_escape(one_line(query.text, 60))}",  # for who hears the page: the style sheet hides it
                key=f"golden_{what}_{name}",
                icon=f":material/{icon}:",
                type="tertiary",
                disabled=not may,
                help=label,
                on_click=ask_for,
                args=(what, query.name),
            )


def _texts(here: Here, kept: Sequence[Kept]) -> dict[str, str]:
    """Return what the memories say that these queries name, those that exist."""
    assert here.store is not None
    keys = dict.fromkeys(key for each in kept for key in (*each.query.expected, *each.query.forbidden))
    return {key: memory.content for key, memory in here.store.get(keys, actor=here.actor).items()}


def _run(here: Here, kept: Sequence[Kept], stream: str) -> None:
    store = here.store
    assert store is not None
    bar, found = st.progress(0.0, "Asking"), {}
    for place, each in enumerate(kept):
        bar.progress(place / len(kept), f"{place:,} of {plural(len(kept), 'query', 'queries')} asked")
        checked = attempt(lambda query=each.query: ask_golden(store, query, actor=here.actor, now=here.now))
        if checked is None:
            break
        found[each.query.name] = checked
    bar.empty()
    st.session_state[_RESULTS] = ((stream, here.revision), here.now, found)
