"""The register: what is kept of the possible conflicts of one index, and of what was looked at to find them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Protocol

from core.curation.conflicts.card import Card, Decision
from core.curation.conflicts.case import Acts, Case

__all__ = ["Change", "Register", "forget_conflicts_with"]

# What becomes of a case: the same object leaves it as it is. It may be called again, with what another wrote meanwhile.
Change = Callable[[Case], Case]


class Register(Protocol):
    """The cases of one index (a stream), in the ledger's directory or its bucket. Safe for threads and processes.

    It knows neither the index nor who asks: `Inbox` checks who may, and so does everything that is offered to people.
    What a method returned from is durable. Texts of any kind come back as they were, lone surrogates too.
    """

    def put_cards(self, cards: Iterable[Card], *, judge: str, checked: Mapping[str, str]) -> int:
        """Keep what a scan found, and return how many cards are new.

        A known card keeps all that people did about it and the time at which it was found first, and takes the sides and the
        judgement of the new one: the texts are the same, the keys may be others. One that was closed is open again.

        `checked` are marks of memories by key that the judge of that tag has looked at: they need no second look while the
        mark is the same. What a mark says is for the scan to know.
        """
        ...

    def checked(self, judge: str) -> dict[str, str]:
        """Return what the judge of a tag has looked at: marks by key."""
        ...

    def forget_checked(self, keys: Collection[str] | None = None) -> None:
        """Forget that memories were looked at, None for all: the next scan looks at them again."""
        ...

    def cards(self, ids: Collection[str] | None = None) -> list[Card]:
        """Return cards by the time at which they were found; those of some ids, or all. Unknown ids are left out."""
        ...

    def cases(self, ids: Collection[str] | None = None) -> list[Case]:
        """Return cases by the time at which their cards were found; those of some ids, or all. Unknown ids are left out."""
        ...

    def acts(self, ids: Collection[str]) -> list[Acts]:
        """Return what people did about cards of some ids, in any order and without the cards: that is quick.

        Unknown ids are left out.
        """
        ...

    def cases_with(self, hashes: Collection[str]) -> list[Case]:
        """Return the cases with a side of these content hashes, by the time at which their cards were found."""
        ...

    def unsettled(self) -> list[Case]:
        """Return the cases with a decision for which something is still to be done."""
        ...

    def decisions(self, card: str | None = None) -> list[Decision]:
        """Return the decisions in force by their time, second looks too, marked as such: those of one card, or all."""
        ...

    def change(self, ids: Collection[str], change: Change) -> list[Case]:
        """Return the cases of some ids after a change, each changed with nobody in between; unknown ids are left out.

        What `change` raises comes out, and then nothing of this call is kept for the case that it was raised for.
        """
        ...

    def forget(self, *, keys: Collection[str], hashes: Collection[str]) -> int:
        """Destroy the cases with a side of these keys or content hashes, and return how many.

        No byte of their texts stays, nor of what people wrote about them. These keys and all of those cases count as not
        looked at: another memory may say the same as an erased one.
        """
        ...

    def revision(self) -> str:
        """Return an opaque text that is another one after each change; for what is kept of the register elsewhere."""
        ...


def forget_conflicts_with(register: Register, keys: Collection[str], texts: Collection[str]) -> int:
    """Destroy the cards of erased memories with all that was said about them, and return how many."""
    from core.curation.duplicates.exact import content_hash  # much to import, and an erasure is rare

    return register.forget(keys=set(keys), hashes={content_hash(text) for text in texts})
