"""Every text of a memory with the place where it stands: what a rule looks at, and what takes other texts in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from core.memory import Memory
from core.memory.status import STATUS_KEY

__all__ = ["FOUND_KEY", "TEXTS", "texts_of", "with_texts"]

TEXTS: Final = ("content", "notes", "source", "memory_type", "agent_id", "team_id", "task_id", "session_id")
_LISTS: Final = ("tags", "derived_from")
# What the guard itself notes of a memory; it says nothing that the memory says.
FOUND_KEY: Final = "guard"
_OWN: Final = frozenset({STATUS_KEY, FOUND_KEY})

Change = Callable[[str, str], str]


def texts_of(memory: Memory) -> Iterator[tuple[str, str]]:
    """Yield the place and the text of all that a memory says; a value of a field of its own comes after its name.

    "password": "…" is a secret for its name, so it is looked at as "password: …".
    """
    yield "key", memory.key
    for name in TEXTS:
        if text := getattr(memory, name):
            yield name, text
    for name in _LISTS:
        yield from ((f"{name}[{at}]", text) for at, text in enumerate(getattr(memory, name)))
    for name, value in memory.extra.items():
        if name not in _OWN:
            yield from _within(f"extra.{name}", name, value)
    for name, value in memory.as_written.items():
        yield from _within(f"as_written.{name}", name, value)


def with_texts(memory: Memory, change: Change) -> Memory:
    """Return the memory with other texts: `change` gets each place and text as `texts_of` has them, but the key's.

    An original spelling of a field that would change is dropped, for the field says it.
    """
    values: dict[str, Any] = {name: change(name, text) for name in TEXTS if (text := getattr(memory, name))}
    for name in _LISTS:
        values[name] = tuple(change(f"{name}[{at}]", text) for at, text in enumerate(getattr(memory, name)))
    extra = {
        _named(change, f"extra.{name}", name): value if name in _OWN else _changed(change, f"extra.{name}", name, value)
        for name, value in memory.extra.items()
    }
    written = {
        name: value
        for name, value in memory.as_written.items()
        if _changed(change, f"as_written.{name}", name, value) == value
    }
    return replace(memory, **values, extra=extra, as_written=written)


def _within(place: str, name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield place, f"{name}: {value}"
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield from _within(f"{place}.{key}", str(key), each)
    elif isinstance(value, list | tuple):
        for at, each in enumerate(value):
            yield from _within(f"{place}[{at}]", name, each)
    elif value is None or isinstance(value, bool | int | float):
        yield place, name


def _changed(change: Change, place: str, name: str, value: Any) -> Any:
    if isinstance(value, str):
        # The name as it will be: one that had a secret itself still says what its value is.
        before = f"{change(place, name)}: "
        text = change(place, before + value)
        return text[len(before) :] if text.startswith(before) else change(place, value)
    if isinstance(value, Mapping):
        return {
            _named(change, f"{place}.{key}", str(key)): _changed(change, f"{place}.{key}", str(key), each)
            for key, each in value.items()
        }
    if isinstance(value, list | tuple):
        return [_changed(change, f"{place}[{at}]", name, each) for at, each in enumerate(value)]
    return value


def _named(change: Change, place: str, name: str) -> str:
    return change(place, name)
