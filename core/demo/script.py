"""The written part of the story: one memory a line.

::

    @ index=team-knowledge team=research task=q3-revenue tag=finance    what the following lines share
    40 11:35 analyst S .97 #q3 contradicts=rev-first:"revenue" | text    40 days ago, semantic, confidence 0.97 (- for none)
    35m triage E .8 until=6h to=engineer | text                          35 minutes ago, expires in 6 hours

Types are E(pisodic), S(emantic) and P(rocedural). Other attributes: id=, src=, from=, ttl= (how long it lives), same=GROUP
(says the same), recalls=COUNT/SPAN (the last one so long ago), extra.NAME=NUMBER, contradicts=ID:"ABOUT" with the word
`stated` where the memory itself says so, and the word `poisoned`.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

from core.demo.draft import STORY, Draft, When, span

__all__ = ["written"]

_TYPES: Final = {"E": "episodic", "S": "semantic", "P": "procedural"}
_AGE: Final = re.compile(r"(?:(?P<days>\d+) (?P<hour>\d\d):(?P<minute>\d\d)|(?P<span>\d+[dhm])) (?P<rest>.+)")
_PLAIN: Final = {"id": "name", "src": "source", "to": "to_agent", "same": "same", "session": "session", "task": "task"}


def written() -> Iterator[Draft]:
    """Yield the hand-written memories in the order of the story."""
    for path in sorted(STORY.glob("*.txt")):
        if not path.name[0].isdigit():
            continue
        shared: dict[str, str] = {}
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if line.startswith("@"):
                shared = dict(part.split("=", 1) for part in line[1:].split())
            elif line and not line.startswith("#"):
                try:
                    yield _draft(line, shared)
                except (KeyError, ValueError, TypeError) as fault:
                    raise ValueError(f"{path.name}, line {number}: {fault}") from fault


def _draft(line: str, shared: dict[str, str]) -> Draft:
    head, _, text = line.partition(" | ")
    match = _AGE.fullmatch(head.strip())
    if match is None or not text.strip():
        raise ValueError("a line is AGE AGENT TYPE CONFIDENCE … | TEXT")
    agent, kind, confidence, *rest = shlex.split(match["rest"])
    fields: dict[str, Any] = {"tags": [shared["tag"]] if "tag" in shared else []}
    for part in rest:
        _read(part, fields)
    return Draft(
        index=shared["index"],
        content=text.strip(),
        agent=agent,
        memory_type=_TYPES[kind],
        when=_when(match),
        team=shared["team"],
        confidence=None if confidence == "-" else float(confidence),
        **{"task": shared.get("task"), "session": shared.get("session")} | fields | {"tags": tuple(fields["tags"])},
    )


def _when(match: re.Match[str]) -> When:
    if match["span"]:
        return When(span(match["span"]))
    return When(timedelta(days=int(match["days"])), timedelta(hours=int(match["hour"]), minutes=int(match["minute"])))


def _read(part: str, fields: dict[str, Any]) -> None:
    name, has_value, value = part.partition("=")
    if part.startswith("#"):
        fields["tags"].append(part[1:])
    elif part in ("poisoned", "stated"):
        fields[part] = True
    elif not has_value:
        raise ValueError(f"{part!r} has no meaning here")
    elif name in _PLAIN:
        fields[_PLAIN[name]] = value
    elif name in ("ttl", "until"):
        fields["lives" if name == "ttl" else "until"] = span(value)
    elif name == "from":
        fields["derived_from"] = tuple(value.split(","))
    else:
        _read_compound(name, value, fields)


def _read_compound(name: str, value: str, fields: dict[str, Any]) -> None:
    if name == "recalls":
        count, _, ago = value.partition("/")
        fields["recalls"], fields["recalled"] = int(count), span(ago)
    elif name == "contradicts":
        older, _, about = value.partition(":")
        fields["contradicts"] = (older, about)
    elif name.startswith("extra."):
        fields["extra"] = {name.removeprefix("extra."): float(value)}
    else:
        raise ValueError(f"{name!r} is not an attribute")
