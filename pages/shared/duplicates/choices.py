"""What a person chose on the page: the groups to merge, and the memories that stay instead of those that the rule takes.

Groups are known by their keys, so a choice stays while the threshold moves and the group is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import streamlit as st

from core.curation.duplicates import Group
from pages.shared.here import Here

__all__ = ["Choices", "choices_of"]

_CHOSEN: Final = "duplicates_chosen"
_Keys = tuple[str, ...]


@dataclass
class Choices:
    """The groups to merge by their keys, by the keys of a group the one that stays, and what was rejected last and where."""

    taken: dict[_Keys, None] = field(default_factory=dict)
    kept: dict[_Keys, str] = field(default_factory=dict)
    rejected: tuple[int, Group] | None = None

    def place(self, rows: int) -> int | None:
        """Return before which of the rows of a list the group stood that was rejected last, None where none was."""
        return None if self.rejected is None else min(self.rejected[0], rows)

    def reject(self, place: int, group: Group) -> None:
        """Note where a group stood that was rejected."""
        self.taken.pop(group.keys, None)
        self.rejected = (place, group)

    def close(self) -> None:
        """Say nothing more of what was rejected last."""
        self.rejected = None

    def take(self, groups: Iterable[Group]) -> None:
        """Choose groups to be merged."""
        self.taken |= {group.keys: None for group in groups}

    def settle(self, group: Group, box: str) -> None:
        """Choose a group, or let it go, as its box says; a callback may be called twice for one click."""
        if st.session_state.get(box):
            self.taken[group.keys] = None
        else:
            self.taken.pop(group.keys, None)

    def keep(self, group: Group, key: str | None) -> None:
        """Let one memory of a group stay; None leaves that to the rule."""
        if key is None:
            self.kept.pop(group.keys, None)
        else:
            self.kept[group.keys] = key

    def of(self, groups: Iterable[Group]) -> list[Group]:
        """Return the chosen ones among groups."""
        return [group for group in groups if group.keys in self.taken]

    def survivors(self, groups: Iterable[Group]) -> Mapping[_Keys, str]:
        """Return the memories that were chosen to stay, by the keys of their groups."""
        return {group.keys: self.kept[group.keys] for group in groups if group.keys in self.kept}

    def clear(self) -> None:
        """Choose no group any more."""
        self.taken.clear()


def choices_of(here: Here) -> Choices:
    """Return the choices of this tab in the open index; those of another index are forgotten with it."""
    stream = here.store.stream if here.store else ""
    known: tuple[str, Choices] = st.session_state.get(_CHOSEN, ("", Choices()))
    if known[0] != stream:
        known = st.session_state[_CHOSEN] = (stream, Choices())
    return known[1]
