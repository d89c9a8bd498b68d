"""The indexes of a bucket as cards: what each holds, whose it is, how it is searched, and what can be done with it."""

from __future__ import annotations

from typing import Final

import streamlit as st

from core.analysis.stats import stored_bytes, totals
from core.catalog import IndexInfo
from core.hostile import one_line
from pages.shared import state
from pages.shared.creating import delete_button
from pages.shared.here import Here
from pages.shared.markup import escaped, facts
from pages.shared.words import age, bytes_text, exact, plural

__all__ = ["index_cards", "shown_indexes"]

_A_PAGE: Final = 12
_OURS: Final = "mnemoscope:"
_MODES: Final = {"ENHANCED": "filters before the search", "CLASSIC": "filters during the search: no text search"}

Fact = tuple[str, str, str]


def shown_indexes(infos: tuple[IndexInfo, ...], wanted: str) -> list[IndexInfo]:
    """Return the indexes whose name or tenant has the wanted text, by name."""
    text = wanted.strip().lower()
    return [info for info in infos if text in info.name.lower() or text in (info.tenant or "").lower()]


def index_cards(here: Here) -> None:
    """Draw the indexes, twelve at a time, with a box to find one where there are more."""
    shown, place = list(here.indexes), 0
    if len(here.indexes) > _A_PAGE:
        first, second = st.columns([3, 1], vertical_alignment="bottom")
        wanted = first.text_input("Find an index by name or tenant", key="index_find")
        shown = shown_indexes(here.indexes, wanted)
        pages = max(1, -(-len(shown) // _A_PAGE))
        place = second.number_input(f"Page, 1 to {pages}", 1, pages, key=f"index_page_{pages}") - 1
        st.caption(f"{min(len(shown), _A_PAGE):,} of {plural(len(shown), 'index', 'indexes')} shown.")
    with st.grid(3, min_column_width=270, gap="medium"):
        for info in shown[place * _A_PAGE : (place + 1) * _A_PAGE]:
            with st.container(border=True, gap="small", height="stretch", key=f"index_{info.name}"):
                _card(here, info)


def _card(here: Here, info: IndexInfo) -> None:
    opened = info.name == here.index
    count = here.counts.get(info.name)
    owner = f"tenant {info.tenant}" if info.tenant else "shared by every tenant" if info.tags_known else "owner not known"
    held = "not counted yet" if count is None else plural(count, "memory")
    st.html(f"<div class='mn-name'>{escaped(info.name)}</div><div class='mn-row'>{held} · {escaped(owner)}</div>")
    st.html(facts([*_about(info), *(_content(here) if opened else []), *_settings(here, info)]))
    st.space("stretch")
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.button(
            "Shown now" if opened else "Open",
            key=f"open_index_{info.name}",
            disabled=opened,
            on_click=state.put,
            args=("index", info.name),
        )
        delete_button(here, info)


def _about(info: IndexInfo) -> list[Fact]:
    return [
        ("Embedder", (info.embedder or "not stated").split("/")[0], info.embedder or "No tag of the index names it."),
        ("Vectors", f"{info.dimension:,} dimensions, {info.metric}", ""),
        ("Text search", "on " + ", ".join(info.text_keys) if info.text_keys else "none", ""),
    ]


def _content(here: Here) -> list[Fact]:
    """Return what only the snapshot of the open index tells."""
    if here.snapshot is None or here.store is None:
        return []
    frame, now = here.snapshot.frame, here.now
    newest = totals(frame, now=now).newest
    least = "at least " if here.snapshot.sampled else ""
    size = bytes_text(stored_bytes(frame, dimension=here.store.info.dimension))
    written = "The newest time that a memory states: S3 Vectors does not tell when it was written to."
    return [
        (
            "Size",
            f"{least}{size}",
            "Keys, metadata and vectors, as the service counts.",
        ),
        ("Last write", age(newest, now=now) if newest else "no memory says", f"{exact(newest)}. {written}"),
    ]


def _settings(here: Here, info: IndexInfo) -> list[Fact]:
    tags = [f"{name}={value}" if value else name for name, value in sorted(info.tags.items()) if not name.startswith(_OURS)]
    shown = ", ".join(one_line(tag, 60) for tag in tags[:4]) + (f" and {len(tags) - 4} more" if len(tags) > 4 else "")
    mode = (info.mode or "").lower()
    return [
        ("Mode", mode, _MODES.get(info.mode or "", "")),
        ("Encryption", "" if info.encryption in (None, "AES256") else info.encryption, "Kept with a key of your own."),
        ("Tags", shown if info.tags_known else "not allowed to be read", ", ".join(one_line(tag, 80) for tag in tags)),
        ("Made", age(info.created_at, now=here.now), exact(info.created_at)),
    ]
