"""Colours and shapes with a meaning: memory types, agents, score parts, status. The rest is in .streamlit/config.toml.

The same colour means the same thing on every page. Types have three fixed hues, each with its own shape; agents come
from the Okabe-Ito cycle, extended by six hues that colour-blind readers can tell apart (Tol's muted scheme).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import streamlit as st

from core.scope import UNKNOWN

__all__ = [
    "AGENT_CYCLE",
    "LOGO",
    "TYPES",
    "Hue",
    "Tokens",
    "agent_colours",
    "foreign_hues",
    "inject_css",
    "know_types",
    "tokens",
    "type_hue",
]

_ASSETS: Final = Path(__file__).parent / "assets"
_SHEETS: Final = ("style.css", "timeline.css", "map.css", "conflicts.css", "explaining.css")
LOGO: Final = str(_ASSETS / "logo.svg")
MARK: Final = str(_ASSETS / "mark.svg")


@dataclass(frozen=True)
class Hue:
    """A colour for each appearance and the shape that goes with it."""

    label: str
    shape: str
    light: str
    dark: str

    @property
    def now(self) -> str:
        """The colour for the appearance in use."""
        return self.dark if is_dark() else self.light


TYPES: Final = {
    "episodic": Hue("Episodic", "●", "#2673c4", "#5aa4ee"),
    "semantic": Hue("Semantic", "■", "#0a8270", "#34b49c"),
    "procedural": Hue("Procedural", "▲", "#b5720e", "#e0a048"),
}
_OTHER_SHAPES: Final = "◆◇▬▼"
_NO_TYPE: Final = Hue("Unknown type", "○", "#7c8294", "#8d94a8")

# Okabe and Ito 2008 without black and yellow (unreadable on one of the two grounds), then Tol 2021.
AGENT_CYCLE: Final = (
    ("#c97f00", "#e69f00"),
    ("#3a93c7", "#56b4e9"),
    ("#00805d", "#14b58a"),
    ("#0072b2", "#3585c6"),
    ("#c04f00", "#ec7a33"),
    ("#b5588c", "#cc79a7"),
    ("#6d4fb0", "#a58be0"),
    ("#882255", "#c2506b"),
    ("#2b8c83", "#44aa99"),
    ("#7a7a1f", "#b5b54d"),
    ("#4a5d9e", "#8796d6"),
    ("#8a5a3c", "#c08d6c"),
)
# Places in the cycle for types that are not ours: those unlike our three hues, then those that are near to one.
_FOREIGN: Final = ((6, 4, 5, 9, 11, 7), (1, 10, 0))
_KNOWN: Final = "types_known"


@dataclass(frozen=True)
class Tokens:
    """What charts and our own HTML need beside Streamlit's theme."""

    text: str
    muted: str
    line: str
    ground: str
    panel: str
    accent: str
    link: str
    bar: str
    warn: str
    good: str
    bad: str
    parts: dict[str, str]


_LIGHT: Final = Tokens(
    text="#10131b",
    muted="#5a6072",
    line="#e1e4ec",
    ground="#ffffff",
    panel="#f4f5f8",
    accent="#4f4bc9",
    link="#4541b8",
    bar="#7f7cd8",
    warn="#b5720e",
    good="#0a8270",
    bad="#b3261e",
    parts={
        "similarity": "#4f4bc9",
        "words": "#3a93c7",
        "author": "#8a5a3c",
        "lineage": "#6d6f86",
        "recency": "#2b8c83",
        "reinforcement": "#b5720e",
        "confidence": "#b5588c",
    },
)
_DARK: Final = Tokens(
    text="#e8eaf1",
    muted="#a0a6b8",
    line="#2b2f3c",
    ground="#101218",
    panel="#1a1d26",
    accent="#8583e3",
    link="#a9a7f5",
    bar="#7976d6",
    warn="#e0a048",
    good="#34b49c",
    bad="#ff8f85",
    parts={
        "similarity": "#8583e3",
        "words": "#56b4e9",
        "author": "#c08d6c",
        "lineage": "#a3a6bd",
        "recency": "#44aa99",
        "reinforcement": "#e0a048",
        "confidence": "#cc79a7",
    },
)


def is_dark() -> bool:
    """Say whether the reader sees the dark appearance."""
    return st.context.theme.type == "dark"


def tokens() -> Tokens:
    """Return the tokens of the appearance in use."""
    return _DARK if is_dark() else _LIGHT


def type_hue(memory_type: str | None) -> Hue:
    """Return the hue of a memory type; one that is not ours has that of the open index, else the one its name prefers."""
    if not memory_type or memory_type == UNKNOWN:
        return _NO_TYPE
    if memory_type in TYPES:
        return TYPES[memory_type]
    known: Mapping[str, Hue] = st.session_state.get(_KNOWN, {})
    return known.get(memory_type) or foreign_hues([memory_type])[memory_type]


def know_types(names: Iterable[str]) -> None:
    """Give the types of the open index their hues for this run: the same on every page, told apart where there is room."""
    st.session_state[_KNOWN] = foreign_hues(names)


def foreign_hues(names: Iterable[str]) -> dict[str, Hue]:
    """Return a hue for each type that is not ours, as agents have theirs; up to nine never share one.

    First those that are unlike the hues of our three types, then the others.
    """
    found: dict[str, Hue] = {}
    taken: set[int] = set()
    for name in sorted({name for name in names if name and name not in TYPES}):
        preferred = [_first_free(name, among, taken) for among in _FOREIGN]
        place = next((place for place in preferred if place is not None), _FOREIGN[0][_digest(name) % len(_FOREIGN[0])])
        taken.add(place)
        found[name] = Hue(name, _OTHER_SHAPES[_digest(name) // 16 % len(_OTHER_SHAPES)], *AGENT_CYCLE[place])
    return found


def _first_free(name: str, among: tuple[int, ...], taken: set[int]) -> int | None:
    """Return the place that a name prefers among some, a later one where that is taken, None where all are."""
    own = _digest(name) % len(among)
    return next((place for place in among[own:] + among[:own] if place not in taken), None)


def _digest(name: str) -> int:
    return hashlib.sha256(name.encode("utf-8", "replace")).digest()[0]


def agent_colours(names: Iterable[str]) -> dict[str, str]:
    """Return a colour for each agent of an index: a name prefers the place its hash gives, a taken place moves it on.

    So up to twelve agents never share a colour, and a new agent rarely changes the colour of another.
    """
    every = tuple(range(len(AGENT_CYCLE)))
    taken: set[int] = set()
    places: dict[str, int] = {}
    for name in sorted(set(names)):
        free = _first_free(name, every, taken)
        places[name] = _digest(name) % len(every) if free is None else free
        taken.add(places[name])
    return {name: AGENT_CYCLE[place][is_dark()] for name, place in places.items()}


def inject_css() -> None:
    """Add our few rules: the reading measure, chips, bars and the inspector's place. Colours come from the tokens."""
    t = tokens()
    variables = {
        "muted": t.muted,
        "line": t.line,
        "panel": t.panel,
        "ground": t.ground,
        "accent": t.accent,
        "link": t.link,
        "code-name": TYPES["episodic"].now if is_dark() else "#1a62ad",
        "code-text": t.good if is_dark() else "#08705c",
        "code-value": t.warn if is_dark() else "#9a5b00",
        "warn": t.warn,
        "good": t.good,
        "bad": t.bad,
        **{f"type-{name}": hue.now for name, hue in TYPES.items()},
        **{f"part-{name}": colour for name, colour in t.parts.items()},
    }
    root = "".join(f"--mn-{name}:{value};" for name, value in variables.items())
    st.html(f"<style>:root{{{root}}}{_rules()}</style>")


def _rules() -> str:
    """Return our rules: those of every page, then those of single ones."""
    return "".join((_ASSETS / name).read_text(encoding="utf-8") for name in _SHEETS)
