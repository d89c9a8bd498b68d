"""Indexes that are there and cannot be read: each with its owner and the reason."""

from __future__ import annotations

import streamlit as st

from pages.shared.here import Here
from pages.shared.markup import escaped, facts
from pages.shared.words import plural

__all__ = ["all_unreadable", "unreadable_indexes"]


def unreadable_indexes(here: Here) -> None:
    """Draw each index that cannot be read, with the reason."""
    for index in here.unreadable:
        with st.container(border=True, gap="small", key=f"unreadable_{index.name}"):
            st.html(f"<div class='mn-name'>{escaped(index.name)}</div>")
            owner = f"tenant {index.tenant}" if index.tenant else "shared by every tenant"
            st.html(facts([("Owner", owner, ""), ("Reason", index.reason, "")]))


def all_unreadable(here: Here) -> None:
    """Draw what stands in for a page while no index of the store can be read."""
    st.title("This store has memories that cannot be read", anchor=False)
    st.html(
        f"<p class='mn-lead'>{plural(len(here.unreadable), 'index', 'indexes')} in this store, and none can be read. "
        "Nothing was changed.</p>"
    )
    unreadable_indexes(here)
    st.button("Try again", icon=":material/refresh:", key="problem_again")
