"""Indexes that are there and cannot be read: each with its owner and the reason."""

from __future__ import annotations

from typing import Final

import streamlit as st

from core.catalog import UnreadableIndex
from pages.shared.here import Here
from pages.shared.markup import escaped, facts
from pages.shared.words import plural

__all__ = ["all_unreadable", "unreadable_indexes"]

_MANY: Final = 3
_NAMED: Final = 40


def unreadable_indexes(here: Here) -> None:
    """Draw each index that cannot be read, with the reason; many of the same reason, a missing right, are one box."""
    reasons: dict[str, list[UnreadableIndex]] = {}
    for index in here.unreadable:
        reasons.setdefault(index.reason, []).append(index)
    for reason, alike in reasons.items():
        if len(alike) < _MANY:
            for index in alike:
                owner = f"tenant {index.tenant}" if index.tenant else "shared by every tenant"
                _box(index.name, index.name, [("Owner", owner, ""), ("Reason", reason, "")])
        else:
            names = ", ".join(index.name for index in alike[:_NAMED])
            more = f" and {len(alike) - _NAMED:,} more" if len(alike) > _NAMED else ""
            title = plural(len(alike), "index", "indexes")
            _box(alike[0].name, title, [("Reason", reason, ""), ("Indexes", names + more, "")])


def _box(key: str, title: str, rows: list[tuple[str, str, str]]) -> None:
    with st.container(border=True, gap="small", key=f"unreadable_{key}"):
        st.html(f"<div class='mn-name'>{escaped(title)}</div>")
        st.html(facts(rows))


def all_unreadable(here: Here) -> None:
    """Draw what stands in for a page while no index of the store can be read."""
    st.title("This store has memories that cannot be read", anchor=False)
    st.html(
        f"<p class='mn-lead'>{plural(len(here.unreadable), 'index', 'indexes')} in this store, and none can be read. "
        "Nothing was changed.</p>"
    )
    unreadable_indexes(here)
    st.button("Try again", icon=":material/refresh:", key="problem_again")
