"""A client and a ledger that say each step they take, so that a test can do something between any two of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from core.access import LOCAL_ADMIN
from core.catalog import Catalog
from core.curation.ledgers import open_ledger
from core.models.embedding import HashingEmbedder
from core.vectors.client import VectorsClient
from tests.core.curation.desks import DIMENSION, make_desk

_CALLS: Final = frozenset({"get_vectors", "put_vectors", "delete_vectors"})
_JOURNAL: Final = frozenset({"append", "purge"})
_REGISTER: Final = frozenset({"change"})
_DOCUMENTS: Final = frozenset({"put", "remove"})


class Crash(Exception):
    """The process died here: nothing that follows runs."""


class Steps:
    """Counts the boundaries between steps, two of each call; `plan` does something at one of them."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._at: int | None = None
        self._act: Callable[[], None] = lambda: None

    def plan(self, at: int | None, act: Callable[[], None]) -> None:
        """Start anew, and do something at the boundary of that number, from 0."""
        self.names, self._at, self._act = [], at, act

    def calm(self) -> None:
        """Do nothing any more."""
        self.plan(None, lambda: None)

    def reach(self, name: str) -> None:
        """Come to a boundary."""
        self.names.append(name)
        if self._at == len(self.names) - 1:
            self._at = None
            self._act()


class Stepping:
    """Passes everything on, with a boundary before and after the calls that are named."""

    def __init__(self, inner: Any, steps: Steps, names: frozenset[str]) -> None:
        self._inner, self._steps, self._names = inner, steps, names

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name not in self._names:
            return found

        def call(*args: Any, **kwargs: Any) -> Any:
            self._steps.reach(f"before {name}")
            answer = found(*args, **kwargs)
            self._steps.reach(f"after {name}")
            return answer

        return call


class SteppingLedger:
    """A ledger of which each write is a step."""

    def __init__(self, directory: Path, steps: Steps) -> None:
        self._inner, self._steps = open_ledger(directory), steps
        self.label = self._inner.label
        self.journal: Any = Stepping(self._inner.journal, steps, _JOURNAL)
        self.documents: Any = Stepping(self._inner.documents, steps, _DOCUMENTS)

    def register(self, stream: str) -> Any:
        return Stepping(self._inner.register(stream), self._steps, _REGISTER)

    def close(self) -> None:
        self._inner.close()


class Workbench:
    """A desk of its own over a client: what one process has."""

    def __init__(self, client: VectorsClient, directory: Path, *, uri: str = "", **options: Any) -> None:
        self.steps = Steps()
        wrapped: Any = Stepping(client, self.steps, _CALLS)
        self.catalog = Catalog(
            wrapped, bucket="memories", uri=uri or str(directory), embedder_factory=lambda: HashingEmbedder(DIMENSION)
        )
        self.store = self.catalog.open_or_create("agents", actor=LOCAL_ADMIN)
        self.ledger = SteppingLedger(directory, self.steps)
        self.desk = make_desk(self.store, self.ledger, **options)

    def close(self) -> None:
        """Release the files."""
        self.ledger.close()
        self.catalog.close()
