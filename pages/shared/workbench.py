"""The two-part layout of a page: what it shows on the left and, once a memory is selected, its inspector on the right."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import streamlit as st

from pages.shared import state

__all__ = ["workbench"]


def workbench() -> tuple[AbstractContextManager[Any], AbstractContextManager[Any]]:
    """Return the main part and the inspector's; the main part has the whole width while nothing is selected."""
    if not state.get("sel"):
        return st.container(), st.container()
    main, side = st.columns([1.55, 1], gap="large")
    return main, side
