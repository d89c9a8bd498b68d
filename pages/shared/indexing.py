"""The indexes of a bucket as a list: what each holds, whose it is, how it is searched, and what can be done with it."""

from __future__ import annotations

from typing import Final

import streamlit as st

from core.catalog import IndexInfo
from core.hostile import markdown_escape, one_line
from pages.shared import state
from pages.shared.creating import delete_button
from pages.shared.figures import Figures, figures
from pages.shared.here import Here
from pages.shared.markup import cell, cells
from pages.shared.words import age, bytes_text, exact, plural

__all__ = ["bucket_buttons", "index_rows", "shown_indexes"]

_A_PAGE: Final = 20
_FIND_FROM: Final = 10
_BUCKETS: Final = 8
_OVERVIEW: Final = "pages/explore/overview.py"
_OURS: Final = "mnemoscope:"
_MODES: Final = {
    "ENHANCED": "Filters are applied before the search, and words can be searched too.",
    "CLASSIC": "Filters are applied during the search, and words cannot be searched.",
}
_HEAD: Final = ("Index", "Memories", "Size", "Last write", "Vectors", "Text search")
_WRITTEN: Final = "The newest time that a memory states: S3 Vectors does not tell when an index was written to."


def shown_indexes(infos: tuple[IndexInfo, ...], wanted: str) -> list[IndexInfo]:
    """Return the indexes whose name, tenant or scope has the wanted text, by name."""
    text = wanted.strip().lower()
    return [info for info in infos if text in f"{info.name}\n{info.tenant or ''}\n{info.scope or ''}".lower()]


def bucket_buttons(here: Here) -> None:
    """Offer the other buckets of the store, if there are any."""
    others = [name for name in here.buckets if name != here.catalog.bucket]
    if not others:
        return
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.caption("Other buckets here:", width="content")
        for name in others[:_BUCKETS]:
            label = markdown_escape(one_line(name, 63))
            st.button(label, key=f"bucket_{name}", icon=":material/inventory_2:", on_click=_to_bucket, args=(name,))
        if len(others) > _BUCKETS:
            st.caption(f"and {len(others) - _BUCKETS:,} more in the rail", width="content")


def index_rows(here: Here) -> None:
    """Draw the indexes, twenty at a time, with a box to find one where there are many; Open leads to the overview."""
    shown, place = list(here.indexes), 0
    if len(here.indexes) > _FIND_FROM:
        first, second = st.columns([3, 1], vertical_alignment="bottom")
        wanted = first.text_input("Find an index by name, tenant or scope", key="index_find", icon=":material/search:")
        shown = shown_indexes(here.indexes, wanted)
        pages = max(1, -(-len(shown) // _A_PAGE))
        if pages > 1:
            place = second.number_input(f"Page, 1 to {pages}", 1, pages, key=f"index_page_{pages}") - 1
        st.caption(f"{min(len(shown), _A_PAGE):,} of {plural(len(shown), 'index', 'indexes')} shown.")
    page = shown[place * _A_PAGE : (place + 1) * _A_PAGE]
    known = figures(here, page)
    with st.container(gap=None, key="indexes"):
        with st.container(key="indexes_head"):
            st.html(cells([cell(name) for name in _HEAD], kind="mn-index mn-index-head"))
        for info in page:
            _row(here, info, known.get(info.name))
    if any(info.name not in here.counts for info in page):
        st.caption("… is not known yet: S3 Vectors does not tell what an index holds, so it is counted when it is opened.")


def _row(here: Here, info: IndexInfo, found: Figures | None) -> None:
    opened = info.name == here.index
    key = f"entry_{'on_' if opened else ''}{info.name}"
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key=key):
        st.html(cells([_name(here, info), *_content(here, info, found), *_search(info)], kind="mn-index"), width="stretch")
        if st.button("Open", key=f"open_index_{info.name}", help="Shown in the rail now." if opened else None):
            if not opened:
                state.clear(state.OF_INDEX)
                state.put("index", info.name)
            st.switch_page(_OVERVIEW)
        delete_button(here, info)


def _to_bucket(name: str) -> None:
    state.clear((*state.OF_INDEX, "index"))
    state.put("bucket", name)


def _name(here: Here, info: IndexInfo) -> str:
    owner = f"tenant {info.tenant}" if info.tenant else "shared by every tenant" if info.tags_known else "owner not known"
    tags = [f"{name}={value}" if value else name for name, value in sorted(info.tags.items()) if not name.startswith(_OURS)]
    more = [f"and {len(tags) - 3} more tags"] if len(tags) > 3 else []
    secret = "" if info.encryption in (None, "AES256") else "a key of your own"
    parts = [
        f"scope {info.scope}" if info.scope else "",
        owner,
        f"made {age(info.created_at, now=here.now)}",
        f"encrypted with {secret}" if secret else "",
        *(one_line(tag, 60) for tag in tags[:3]),
        *more,
        "" if info.tags_known else "tags not allowed to be read",
    ]
    about = f"Made {exact(info.created_at)}. {', '.join(one_line(tag, 80) for tag in tags)}"
    return cell(info.name, " · ".join(part for part in parts if part), title=about, strong=True)


def _content(here: Here, info: IndexInfo, found: Figures | None) -> list[str]:
    """Return the cells of what only the memories tell; those of an index that nobody opened may not be known."""
    count = here.counts.get(info.name)
    least = "at least " if info.name in here.sampled else ""
    unread = "Known when the index was opened once."
    held = cell("…" if count is None else f"{least}{count:,}", label="memories", title=unread if count is None else "")
    if count == 0:
        return [held, cell("–", label="stored"), cell("–", label="last write")]
    if found is None:
        return [held, cell("…", label="stored", title=unread), cell("…", label="last write", title=unread)]
    written = age(found.newest, now=here.now) if found.newest else "not stated"
    stored = "Keys, metadata and vectors, as the service counts."
    return [
        held,
        cell(f"{least}{bytes_text(found.stored)}", label="stored", title=stored),
        cell(written, label="last write", title=f"{exact(found.newest)}. {_WRITTEN}"),
    ]


def _search(info: IndexInfo) -> list[str]:
    embedder = (info.embedder or "embedder not stated").split("/")[0]
    mode = f"{info.mode.lower()} mode" if info.mode else ""
    words = "on " + ", ".join(info.text_keys) if info.text_keys else "none"
    return [
        cell(f"{info.dimension:,} dimensions, {info.metric}", embedder, title=info.embedder or "No tag names its embedder."),
        cell(words, mode, label="text search", title=_MODES.get(info.mode or "", "")),
    ]
