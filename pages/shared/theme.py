"""Colours and shapes with a meaning: memory types, agents, score parts, status. The rest is in .streamlit/config.toml.

The same colour means the same thing on every page. Types have three fixed hues, each with its own shape; agents come
from the Okabe-Ito cycle, extended by six hues that colour-blind readers can tell apart (Tol's muted scheme).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import streamlit as st

from core.scope import UNKNOWN

__all__ = ["AGENT_CYCLE", "LOGO", "TYPES", "Hue", "Tokens", "agent_colours", "inject_css", "tokens", "type_hue"]

_ASSETS: Final = Path(__file__).parent / "assets"
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
# Types that we do not know are greys, told apart by lightness and shape: hue is for the three that we do.
_OTHER_TYPES: Final = (
    ("◆", "#7c8294", "#8d94a8"),
    ("◇", "#555b6c", "#c3c8d6"),
    ("▬", "#8f8a80", "#6d7386"),
    ("▼", "#6b6256", "#a9a293"),
)
_NO_TYPE: Final = Hue("Unknown type", "○", "#7c8294", "#8d94a8")

# Okabe and Ito 2008 without black and yellow (unreadable on one of the two grounds), then Tol 2021.
AGENT_CYCLE: Final = (
    ("#c97f00", "#e69f00"),
    ("#3a93c7", "#56b4e9"),
    ("#00805d", "#14b58a"),
    ("#0072b2", "#4d9fd6"),
    ("#c04f00", "#ec7a33"),
    ("#b5588c", "#cc79a7"),
    ("#6d4fb0", "#a58be0"),
    ("#882255", "#d0709f"),
    ("#2b8c83", "#44aa99"),
    ("#7a7a1f", "#b5b54d"),
    ("#4a5d9e", "#8796d6"),
    ("#8a5a3c", "#c08d6c"),
)


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
    """Return the hue of a memory type; a type that we do not know is a grey of its own, stable by name."""
    if not memory_type or memory_type == UNKNOWN:
        return _NO_TYPE
    if memory_type in TYPES:
        return TYPES[memory_type]
    return Hue(memory_type, *_OTHER_TYPES[_digest(memory_type) % len(_OTHER_TYPES)])


def _digest(name: str) -> int:
    return hashlib.sha256(name.encode("utf-8", "replace")).digest()[0]


def agent_colours(names: Iterable[str]) -> dict[str, str]:
    """Return a colour for each agent of an index: a name prefers the place its hash gives, a taken place moves it on.

    So up to twelve agents never share a colour, and a new agent rarely changes the colour of another.
    """
    taken: dict[int, str] = {}
    places: dict[str, int] = {}
    for name in sorted(set(names)):
        place = _digest(name) % len(AGENT_CYCLE)
        free = next(
            (p % len(AGENT_CYCLE) for p in range(place, place + len(AGENT_CYCLE)) if p % len(AGENT_CYCLE) not in taken),
            place,
        )
        taken.setdefault(free, name)
        places[name] = free
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
    return "".join((_ASSETS / name).read_text(encoding="utf-8") for name in ("style.css", "timeline.css", "map.css"))
