"""The report of an incident, as Markdown: what was planted by whom, why it is suspect, where it got to, and what was done.

Every text from a memory, a query or a name is hostile: long ones are fenced, short ones escaped, none is rendered.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from core.curation.triage.blast import BlastRadius
from core.curation.triage.suspects import Suspect
from core.hostile import clean_text, markdown_escape, one_line
from core.memory import Memory
from core.past.versions import Applied

__all__ = ["Incident", "code", "fenced", "incident_report", "inline"]

_TEXT: Final = 4_000
_ROWS: Final = 50
_TICKS: Final = re.compile(r"`+")


@dataclass(frozen=True)
class Incident:
    """All that the report says of one index: the memories as they are (None: gone), their signs, reach, and changes."""

    index: str
    at: datetime
    by: str
    memories: dict[str, Memory | None]
    suspects: dict[str, Suspect]
    reach: BlastRadius
    changes: tuple[Applied, ...]
    reason: str = ""


@dataclass(frozen=True)
class _Happened:
    at: datetime
    what: str


def incident_report(incident: Incident) -> str:
    """Return the report; it ends with a line break."""
    parts = [
        f"# Incident report: {_memories(len(incident.memories))} of index {code(incident.index)}",
        f"Written {_time(incident.at)} by {code(incident.by)}.",
        *([inline(incident.reason, 2_000)] if incident.reason.strip() else []),
        _summary(incident),
        *(_section(number, key, incident) for number, key in enumerate(incident.memories, start=1)),
        "## Where it got to",
        incident.reach.words,
        *_tables(incident.reach),
        "## What was done",
        *_done(incident),
        "## Timeline",
        _table(("when (UTC)", "what"), ((_time(each.at), each.what) for each in _timeline(incident))),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def fenced(text: str, limit: int = _TEXT) -> str:
    """Return a hostile text as a code block that nothing in it can end; it is cleaned and bounded."""
    said = clean_text(text, limit=limit)
    ticks = "`" * max(3, 1 + max((len(run) for run in _TICKS.findall(said)), default=0))
    return f"{ticks}text\n{said}\n{ticks}"


def inline(text: str, limit: int = 200) -> str:
    """Return a hostile text on one line, escaped so that nothing in it is rendered; "(empty)" where nothing is left."""
    return markdown_escape(one_line(text, limit)) or "(empty)"


def code(text: str, limit: int = 120) -> str:
    """Return a hostile name on one line as it is, in a code span, so that it can be found; escaped where that is unsafe."""
    said = one_line(text, limit)
    return f"`{said}`" if said and not re.search(r"[`|]", said) else inline(text, limit)


def _summary(incident: Incident) -> str:
    reach = incident.reach
    span = (
        "never, as far as is logged"
        if reach.first is None or reach.last is None
        else f"{_time(reach.first)} to {_time(reach.last)}"
    )
    plans = dict.fromkeys(change.plan_id for change in incident.changes)
    rows = [
        ("memories", f"{len(incident.memories):,}"),
        ("given to agents", span),
        ("recalls", f"{reach.recalls:,}{' or more' if reach.cut else ''}"),
        ("agents", f"{len(reach.agents):,}"),
        ("made from it", f"{len(reach.derived):,}"),
        ("plans", ", ".join(code(plan) for plan in plans) or "none yet"),
    ]
    return _table(("", ""), rows)


def _section(number: int, key: str, incident: Incident) -> str:
    memory, suspect = incident.memories[key], incident.suspects.get(key)
    parts = [f"## {number}. {code(key)}"]
    if memory is None:
        return "\n\n".join([*parts, "It is not in the index, and the journal has no copy of it."])
    rows = [
        ("written by", inline(memory.agent_id or "nobody named")),
        ("written at (UTC)", _time(memory.created_at)),
        ("source", inline(memory.source or "none stated")),
        (
            "team, task, session",
            ", ".join(inline(each or "none") for each in (memory.team_id, memory.task_id, memory.session_id)),
        ),
        ("type", inline(memory.memory_type or "none")),
        ("states a confidence of", "none" if memory.confidence is None else f"{memory.confidence:.2f}"),
        ("trust over its lineage", "not measured" if suspect is None else f"{suspect.trust:.2f}"),
        ("made from", ", ".join(code(each) for each in memory.derived_from[:_ROWS]) or "nothing"),
    ]
    parts += [_table(("", ""), rows), "The text as it is stored, hostile:", fenced(memory.content)]
    if suspect is not None and suspect.signals:
        parts.append(f"Signs, which come to {suspect.score:.2f} of 1:")
        signs = ((str(each.kind), f"{each.part:.2f}", inline(each.reason, 400)) for each in suspect.signals)
        parts.append(_table(("sign", "adds", "reason"), signs))
    else:
        parts.append("No sign of its own was found: a person chose it.")
    return "\n\n".join(parts)


def _tables(reach: BlastRadius) -> Iterator[str]:
    if reach.agents:
        yield _table(
            ("agent", "recalls", "prompts", "first (UTC)", "last (UTC)"),
            (
                (code(each.agent), f"{each.recalls:,}", f"{each.in_context:,}", _time(each.first), _time(each.last))
                for each in reach.agents[:_ROWS]
            ),
        )
        yield _more(len(reach.agents))
    if reach.derived:
        yield "Made from it:"
        yield _table(
            ("memory", "generation", "by", "when (UTC)", "where"),
            (
                (
                    code(each.key),
                    str(each.generation),
                    inline(each.agent or "nobody named"),
                    _time(each.at),
                    _where(each.here),
                )
                for each in reach.derived[:_ROWS]
            ),
        )
        yield _more(len(reach.derived))


def _done(incident: Incident) -> Iterator[str]:
    if not incident.changes:
        yield "Nothing was done about it yet."
        return
    yield _table(
        ("when (UTC)", "plan", "policy", "memory", "by", "why"),
        (
            (
                _time(each.at),
                code(each.plan_id),
                code(each.policy),
                code(each.key),
                code(each.actor),
                inline(each.reason),
            )
            for each in incident.changes[-_ROWS:]
        ),
    )


def _timeline(incident: Incident) -> list[_Happened]:
    reach, found = incident.reach, list[_Happened]()
    for key, memory in incident.memories.items():
        if memory is not None and memory.created_at is not None:
            found.append(_Happened(memory.created_at, f"{inline(memory.agent_id or 'nobody named')} wrote {code(key)}"))
    for agent in reach.agents[:_ROWS]:
        found.append(_Happened(agent.first, f"{code(agent.agent)} got it for the first time"))
        if agent.last > agent.first:
            found.append(
                _Happened(agent.last, f"{code(agent.agent)} got it for the last time, {agent.recalls:,} times in all")
            )
    for made in reach.derived[:_ROWS]:
        if made.at is not None:
            found.append(_Happened(made.at, f"{inline(made.agent or 'nobody named')} made {code(made.key)} from it"))
    plans: dict[str, list[Applied]] = {}
    for change in incident.changes:
        plans.setdefault(change.plan_id, []).append(change)
    for plan, changes in plans.items():
        first = changes[0]
        what = f"{code(first.actor)} applied plan {code(plan)} ({code(first.policy)}, {_memories(len(changes))})"
        found.append(_Happened(first.at, what))
    return sorted(found, key=lambda each: (each.at, each.what))


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _more(count: int) -> str:
    return f"… and {count - _ROWS:,} more." if count > _ROWS else ""


def _memories(count: int) -> str:
    return f"{count:,} {'memory' if count == 1 else 'memories'}"


def _where(here: bool) -> str:
    return "in the index" if here else "retired"


def _time(at: datetime | None) -> str:
    return "unknown" if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
