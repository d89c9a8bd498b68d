"""The embedding model is loaded and the worker of the map started soon after the first page, in the background."""

from __future__ import annotations

import atexit
import contextlib
import threading
from typing import Final

import streamlit as st

from core.catalog import Catalog
from core.errors import MnemoscopeError
from core.models.embedding import embedder_tag, served_model

__all__ = ["warm"]

# Not at once: on two cores it would take a third of a second from the first page.
_WARM_AFTER_S: Final = 4.0


@st.cache_resource(max_entries=8, show_spinner=False)
def warm(_catalog: Catalog, uri: str) -> None:  # noqa: ARG001
    """Load the embedding model soon after the first page, and start the worker: the first search and map do not wait."""

    def load() -> None:
        # The search that needs it says what is wrong.
        with contextlib.suppress(MnemoscopeError):
            embedder = _catalog.embedder()
            if served_model(embedder_tag(embedder)) is None:  # one of Amazon Bedrock has nothing to load, and costs
                embedder.embed(["warm"])
        from pages.shared.map.source import maps  # it stands on what this is a part of

        served = maps()
        atexit.register(served.close)  # what its worker was given does not lie there until the next start
        served.warm()

    timer = threading.Timer(_WARM_AFTER_S, load)
    timer.daemon = True
    timer.start()
    # A process that ends in the middle of loading would abort: the model's own threads are starting.
    atexit.register(_stop, timer)


def _stop(timer: threading.Timer) -> None:
    timer.cancel()
    timer.join()
