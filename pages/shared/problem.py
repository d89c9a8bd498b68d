"""Say what went wrong in words, with a way on; a traceback helps nobody on a page."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar
from urllib.parse import unquote

import streamlit as st

from core.errors import (
    AccessDeniedError,
    ConfigError,
    CredentialsError,
    EmbedderMismatchError,
    MnemoscopeError,
    ModelError,
    NotAllowedError,
    NotFoundError,
    StorageError,
    UnreachableError,
)
from core.hostile import markdown_escape, one_line
from pages.shared import state
from pages.shared.here import CONNECTED

__all__ = ["attempt", "show_problem"]

_TITLES: tuple[tuple[type[MnemoscopeError], str], ...] = (
    (StorageError, "This store cannot be opened"),
    (EmbedderMismatchError, "This index speaks another embedder's language"),
    (ModelError, "The embedding model is not usable"),
    (NotAllowedError, "Your role does not allow this"),
    (AccessDeniedError, "Your AWS credentials do not allow this"),
    (CredentialsError, "There are no usable AWS credentials"),
    (NotFoundError, "That is not there"),
    (UnreachableError, "The service does not answer"),
    (ConfigError, "A setting makes no sense"),
)


T = TypeVar("T")


def attempt(action: Callable[[], T]) -> T | None:
    """Run what a person asked for; an error of ours becomes words on the page, and None comes back."""
    try:
        return action()
    except MnemoscopeError as error:
        st.error(markdown_escape(str(error)), icon=":material/error:")
        return None


def show_problem(error: MnemoscopeError, *, uri: str, again: Callable[[], None] | None = None) -> None:
    """Draw an error with the store it happened in and the ways on; `again` is done before the next try."""
    title = next((title for kind, title in _TITLES if isinstance(error, kind)), "That did not work")
    st.error(markdown_escape(str(error)), title=title, icon=":material/error:")
    st.caption(f"Store: {markdown_escape(one_line(unquote(uri), 160))}")
    with st.container(horizontal=True):
        st.button("Try again", icon=":material/refresh:", key="problem_again", on_click=again)
        if state.view():
            st.button(
                "Start without filters",
                icon=":material/filter_list_off:",
                key="problem_reset",
                type="tertiary",
                on_click=state.clear,
                args=(state.PARAMS,),
            )
        if CONNECTED in st.session_state:
            st.button("Back to the store of before", icon=":material/undo:", key="problem_back", on_click=_back)


def _back() -> None:
    st.session_state.pop(CONNECTED, None)
    state.clear(state.PARAMS)
