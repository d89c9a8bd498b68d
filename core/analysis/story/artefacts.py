"""Artefacts: files, addresses and ids that the steps of a task name, who named each first and who used it after.

What is known only by its shape can be a word by chance, so an id counts once two steps name it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from core.analysis.story.steps import Step
from core.analysis.story.vocabulary import ARTEFACT_FIELDS
from core.hostile import one_line

__all__ = ["MOST_ARTEFACTS", "Artefact", "artefacts"]

_URL: Final = re.compile(r"\bhttps?://[^\s<>\"'`)\]}]+", re.IGNORECASE)
_FILE: Final = re.compile(
    r"(?<![\w@/.-])(?:[~.]{0,2}/)?(?:[\w.-]+/)*[\w-][\w.-]*\."
    r"(?:py|ipynb|js|ts|tsx|java|go|rs|c|cpp|h|sh|sql|md|txt|rst|csv|tsv|json|jsonl|ya?ml|toml|xml|html?|pdf|docx?|xlsx?|"
    r"pptx?|png|jpe?g|gif|svg|zip|gz|tar|log|parquet|db|sqlite|mp3|wav|mp4|pdb)\b",
    re.IGNORECASE,
)
_ID: Final = re.compile(
    r"\b(?:[A-Z]{1,10}-\d{2,7}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|(?=[A-Z0-9]*\d)(?=[A-Z0-9]*[A-Z])[A-Z0-9]{6,12}|[a-z]+(?:_[a-z]+)*_\d{2,})\b|(?<![\w#&])#\d{2,7}\b"
)
_CHARS: Final = 6_000
_NAME_CHARS: Final = 300
MOST_ARTEFACTS: Final = 500


@dataclass(frozen=True)
class Artefact:
    """A "file", "address" or "id": who named it first, every step that names it, and the other agents that do."""

    name: str
    kind: str
    by: str | None
    steps: tuple[int, ...]
    users: tuple[str, ...]

    @property
    def first(self) -> int:
        """The step that named it first."""
        return self.steps[0]


def artefacts(told: Sequence[Step]) -> tuple[Artefact, ...]:
    """Return the artefacts of a task, those of most agents and steps first, at most MOST_ARTEFACTS of them."""
    named: dict[tuple[str, str], list[Step]] = {}
    certain: set[tuple[str, str]] = set()
    for step in told:
        for kind, name, sure in dict.fromkeys(_named(step)):
            named.setdefault((kind, name), []).append(step)
            if sure:
                certain.add((kind, name))
    found = [
        _artefact(kind, name, where)
        for (kind, name), where in named.items()
        if kind != "id" or len(where) > 1 or (kind, name) in certain
    ]
    return tuple(sorted(found, key=lambda one: (-len(one.users), -len(one.steps), one.first, one.name)))[:MOST_ARTEFACTS]


def _artefact(kind: str, name: str, where: list[Step]) -> Artefact:
    by = where[0].agent
    users = dict.fromkeys(step.agent for step in where if step.agent and step.agent != by)
    return Artefact(name, kind, by, tuple(step.number for step in where), tuple(users))


def _named(step: Step) -> Iterator[tuple[str, str, bool]]:
    """Yield kind, name and whether a field said so."""
    for field in ARTEFACT_FIELDS:
        said = step.extra.get(field)
        for value in said if isinstance(said, list | tuple) else [said]:
            if isinstance(value, str) and value.strip():
                name = one_line(value, _NAME_CHARS)
                yield "address" if _URL.match(name) else "file" if "." in name or "/" in name else "id", name, True
    text = step.text[:_CHARS]
    for match in _URL.finditer(text):
        yield "address", match[0].rstrip(".,;:!?")[:_NAME_CHARS], False
    # Most words are letters alone: without them the patterns have little to read.
    rest = " ".join(word for word in dict.fromkeys(_URL.sub(" ", text).split()) if not word.isalpha())
    for match in _FILE.finditer(rest):
        yield "file", match[0][:_NAME_CHARS], False
    for match in _ID.finditer(rest):
        yield "id", match[0], False
