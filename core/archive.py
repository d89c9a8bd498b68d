"""What is kept beside a store: the journal with its documents, and the log of recalls. Opened when first used."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.curation.in_force import RulesInForce
    from core.curation.journal import Ledger
    from core.operate.recall_log import RecallLog

__all__ = ["Archive"]


class Archive:
    """The ledger and the recall log of one store, shared by the catalogs of all its buckets. Thread-safe."""

    def __init__(
        self, *, ledger: Callable[[], Ledger], recalls: Callable[[], RecallLog], cache_dir: Path | None = None
    ) -> None:
        """Take what opens each; `cache_dir` has copies of what is in the store, which may be emptied freely."""
        self.cache_dir = cache_dir
        self._make_ledger, self._make_recalls = ledger, recalls
        self._ledger: Ledger | None = None
        self._recalls: RecallLog | None = None
        self._rules: RulesInForce | None = None
        self._lock = threading.Lock()

    @property
    def ledger(self) -> Ledger:
        """The journal and the documents beside it."""
        with self._lock:
            if self._ledger is None:
                self._ledger = self._make_ledger()
            return self._ledger

    @property
    def recalls(self) -> RecallLog:
        """The log of recalls."""
        with self._lock:
            if self._recalls is None:
                self._recalls = self._make_recalls()
            return self._recalls

    @property
    def rules(self) -> RulesInForce:
        """The rules that rank the indexes now."""
        from core.curation.in_force import RulesInForce

        with self._lock:
            if self._rules is None:
                self._rules = RulesInForce(lambda: self.ledger.documents)
            return self._rules

    def close(self) -> None:
        """Write what waits to be written and close both."""
        with self._lock:
            ledger, recalls = self._ledger, self._recalls
            self._ledger = self._recalls = self._rules = None
        if recalls:
            recalls.close()
        if ledger:
            ledger.close()
