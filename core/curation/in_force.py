"""The decay rules that rank an index now, remembered for a while: a recall does not wait for a bucket each time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from core.curation.decay import DEFAULT_DECAY, DecayRules
from core.curation.journal import Documents
from core.curation.lifecycle import saved_rules
from core.errors import MnemoscopeError
from core.hostile import one_line
from core.store import MemoryStore

__all__ = ["InForce", "RulesInForce", "decay_in_force"]

_REMEMBERED_S: Final = 30.0
# A bucket that answers at all does so sooner; one that does not must not hold a recall up.
_WAIT_S: Final = 2.0


@dataclass(frozen=True)
class InForce:
    """The rules, and what must be known of them."""

    decay: DecayRules = DEFAULT_DECAY
    notes: tuple[str, ...] = ()


_DEFAULT: Final = InForce()
_UNREAD: Final = "The decay rules of the index were not there in time: confidence is ranked by the usual ones."


class RulesInForce:
    """The rules of the indexes of one ledger, each read at most every half a minute. Thread-safe.

    Where they cannot be read it is those that were known, else the usual ones, with a note.
    """

    def __init__(
        self, documents: Callable[[], Documents], *, clock: Callable[[], float] = time.monotonic, wait: float = _WAIT_S
    ) -> None:
        self._documents, self._clock, self._wait = documents, clock, wait
        self._known: dict[str, tuple[float, InForce]] = {}
        self._reading: set[str] = set()
        self._lock = threading.Lock()

    def of(self, stream: str) -> InForce:
        """Return the rules of an index."""
        with self._lock:
            until, known = self._known.get(stream, (0.0, None))
            if (known is not None and self._clock() < until) or stream in self._reading:
                return known or InForce(notes=(_UNREAD,))
            self._reading.add(stream)
        reader = threading.Thread(target=self._read, args=(stream,), name="rules", daemon=True)
        reader.start()
        reader.join(self._wait)
        with self._lock:
            return self._known[stream][1] if stream in self._known else InForce(notes=(_UNREAD,))

    def renew(self, stream: str, decay: DecayRules) -> None:
        """Take the rules that were just saved."""
        with self._lock:
            self._known[stream] = (self._clock() + _REMEMBERED_S, InForce(decay))

    def _read(self, stream: str) -> None:
        before, found = self._known.get(stream), None
        try:
            found = InForce(saved_rules(self._documents(), stream).rules.decay)
        except MnemoscopeError as error:
            which = "the usual ones" if before is None else "those read before"
            note = f"The decay rules of the index cannot be read ({one_line(str(error), 200)}): ranked by {which}."
            found = replace(before[1] if before else _DEFAULT, notes=(note,))
        finally:
            with self._lock:
                self._reading.discard(stream)
                if found is not None and self._known.get(stream) is before:  # else they were saved meanwhile
                    self._known[stream] = (self._clock() + _REMEMBERED_S, found)


def decay_in_force(store: MemoryStore) -> InForce:
    """Return the decay rules that rank an index, the usual ones where nothing is kept beside it."""
    return _DEFAULT if store.archive is None else store.archive.rules.of(store.stream)
