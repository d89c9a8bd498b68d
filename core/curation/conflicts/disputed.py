"""Which memories are in a possible conflict that waits for a person: no merge takes them, and the pages mark them."""

from __future__ import annotations

import threading
import weakref
from typing import Final

from core.access import Actor, Permission
from core.curation.conflicts.case import Case, keys_of
from core.curation.conflicts.measuring.threshold import Thresholds, load_thresholds
from core.curation.conflicts.queue import is_raised
from core.curation.journal import Ledger
from core.memory.fields import preview
from core.store import MemoryStore

__all__ = ["disputed", "is_disputed"]

_Known = dict[str, tuple[tuple[str, str | None], dict[str, str]]]
_KNOWN: Final[weakref.WeakKeyDictionary[Ledger, _Known]] = weakref.WeakKeyDictionary()
_LOCK: Final = threading.Lock()


def disputed(store: MemoryStore, ledger: Ledger, *, actor: Actor) -> dict[str, str]:
    """Return the keys of memories with a possible conflict that nobody has settled yet, each with why in words.

    Samples are no suspects, nor is what is below the threshold in force: nobody is asked. They are read again where the
    register or the threshold has changed.
    """
    info = store.info
    what = f"the conflicts of index {info.name!r}"
    actor.require(Permission.READ, what=what, tenant=info.tenant, known=info.tags_known)
    register = ledger.register(store.stream)
    thresholds = load_thresholds(store, ledger.documents, actor=actor)
    revision = register.revision()
    state = revision, thresholds.version
    with _LOCK:
        known = _KNOWN.get(ledger, {}).get(store.stream)
    if known is None or known[0] != state:
        found: dict[str, str] = {}
        for case in register.cases() if revision else ():
            if is_disputed(case, thresholds):
                left, right = case.card.left, case.card.right
                for side, other in ((left, right), (right, left)):
                    found |= dict.fromkeys(keys_of(side), f"is in a possible conflict with {preview(other.key)}")
        known = state, found
        with _LOCK:
            _KNOWN.setdefault(ledger, {})[store.stream] = known
    return dict(known[1])


def is_disputed(case: Case, thresholds: Thresholds) -> bool:
    """Say whether a person has still to decide a card, or what was decided is still to be done."""
    if any(ruling.unsettled for ruling in case.rulings):
        return True
    return case.ruling is None and not case.closed and not case.card.sample and is_raised(case, thresholds)
