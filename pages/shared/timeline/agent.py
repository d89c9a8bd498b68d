"""One agent's life."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from pages.shared.here import Here

__all__ = ["draw"]


def draw(here: Here, *, agents: Mapping[str, str]) -> None:
    """Draw the view."""
    assert here.frame is not None
    st.caption(f"{len(here.frame):,} memories, {len(agents):,} agents")
