"""Our own HTML, for what no Streamlit element draws: chips, score bars, memory text. Everything is escaped here.

A memory's text is hostile: it reaches the page only through `escaped`, as text of an element, never as markdown.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from core.hostile import clean_text, one_line
from core.memory import Memory
from core.memory.status import is_hidden, is_quarantined, status_of
from core.recall import Recalled
from pages.shared.theme import type_hue
from pages.shared.words import age, bytes_text, exact, plural

__all__ = [
    "card",
    "cell",
    "cells",
    "chips",
    "escaped",
    "facts",
    "is_code",
    "limit_bars",
    "part_rows",
    "score_bar",
    "slug",
    "text_block",
]

PREVIEW: Final = 900
_CODE: Final = re.compile(
    r"^\s*(?:[\[{].*[\]}]|```.*|(?:def|class|import|from|SELECT|CREATE|INSERT|curl|#!/)\b.*)\s*$", re.DOTALL
)


def escaped(text: str, *, limit: int | None = None) -> str:
    """Return any text as HTML text: no tag, no entity and no direction override comes out of it."""
    return html.escape(clean_text(text, limit=limit))


def slug(key: str) -> str:
    """Return a short name for a memory's widgets: keys may hold anything, up to 1,024 bytes of it."""
    return hashlib.blake2b(key.encode("utf-8", "replace"), digest_size=8).hexdigest()


def is_code(text: str) -> bool:
    """Say whether a text reads better in monospace: JSON, code, a command."""
    head = text.strip()
    if head[:1] in "{[" and head[-1:] in "}]":
        try:
            json.loads(head)
        except ValueError:
            return False
        return True
    return bool(_CODE.match(head)) and ("\n" in head or len(head) < 400) and head[:1] not in "[{"


def text_block(text: str, *, clamp: bool) -> str:
    """Return a memory's text at reading measure; clamped, it ends after a few lines and says how long it is."""
    mono = " mn-mono" if is_code(text) else ""
    shown = escaped(text, limit=PREVIEW if clamp else None)
    if not shown.strip():
        shown = f"<span class='mn-muted'>({'only white space' if text else 'no text'})</span>"
    more = f"<span class='mn-more'>{len(text):,} characters in all</span>" if clamp and len(text) > PREVIEW else ""
    return f"<div class='mn-text{mono}{' mn-clamp' if clamp else ''}' dir='auto'>{shown}</div>{more}"


def chip(text: str, *, hue: str = "", mark: str = "", title: str = "", badge: bool = False) -> str:
    """Return one quiet piece of metadata; `mark` is a shape in the colour `hue`, "dot" a filled circle."""
    sign = "<em></em>" if mark == "dot" else f"<i>{html.escape(mark)}</i>" if mark else ""
    style = f" style='--hue:{html.escape(hue)}'" if hue else ""
    tip = f" title='{html.escape(one_line(title, 200))}'" if title else ""
    kind = "mn-chip mn-badge" if badge else "mn-chip"
    return f"<span class='{kind}'{style}{tip}>{sign}<span>{escaped(one_line(text, 60))}</span></span>"


def chips(memory: Memory, *, now: datetime, agents: Mapping[str, str]) -> str:
    """Return a memory's metadata as chips: type, agent, task, age, what is wrong with it."""
    hue = type_hue(memory.memory_type)
    parts = [chip(hue.label, hue=hue.now, mark=hue.shape, title="memory type")]
    if memory.agent_id:
        parts.append(
            chip(memory.agent_id, hue=agents.get(memory.agent_id, ""), mark="dot", title=f"agent {memory.agent_id}")
        )
    if memory.task_id:
        parts.append(chip(memory.task_id, title=f"task {memory.task_id}"))
    parts.append(chip(age(memory.created_at, now=now), title=f"written {exact(memory.created_at)}"))
    return "".join(parts + _status(memory, now=now))


def _status(memory: Memory, *, now: datetime) -> list[str]:
    found = []
    if is_quarantined(status_of(memory)):
        title = "left out of recall until it is released: it may be poisoned"
        found.append(chip("quarantined", hue="var(--mn-warn)", mark="⊘", badge=True, title=title))
    elif is_hidden(memory):
        found.append(
            chip("hidden", hue="var(--mn-muted)", mark="◌", badge=True, title="left out of recall until it is shown")
        )
    if memory.is_expired(now):
        found.append(
            chip(
                f"expired {age(memory.expires_at, now=now)}",
                hue="var(--mn-muted)",
                mark="✕",
                badge=True,
                title=f"expired {exact(memory.expires_at)}",
            )
        )
    elif memory.expires_at is not None and (memory.expires_at - now).days < 7:
        found.append(
            chip(
                f"expires {age(memory.expires_at, now=now)}",
                hue="var(--mn-warn)",
                mark="◔",
                badge=True,
                title=f"expires {exact(memory.expires_at)}",
            )
        )
    if memory.confidence is not None and memory.confidence < 0.5:
        found.append(
            chip(
                f"confidence {memory.confidence:.2f}",
                hue="var(--mn-warn)",
                mark="▽",
                badge=True,
                title="below 0.5: treat with care",
            )
        )
    return found


def card(hit: Recalled, *, now: datetime, agents: Mapping[str, str]) -> str:
    """Return a result: rank and metadata, the memory's text, the score with its parts."""
    described = chips(hit.memory, now=now, agents=agents)
    head = f"<div class='mn-row'><span class='mn-rank mn-num'>{hit.rank}</span>{described}</div>"
    return (
        f"<div class='mn-over mn-card'><div>{head}{text_block(hit.memory.content, clamp=True)}</div>{score_bar(hit)}</div>"
    )


def score_bar(hit: Recalled) -> str:
    """Return the score as a bar of its parts, each with its explanation on hover and its figure in words."""
    parts = [part for part in hit.parts if part.weight > 0]
    pieces = "".join(_piece(part.contribution, part_colour(part.name), title=part.explanation) for part in parts)
    named = ", ".join(f"{part.label} {part.contribution:.2f}" for part in parts)
    return (
        f"<div class='mn-score'><b title='score, 0 to 1'>{hit.score:.2f}</b>"
        f"<div class='mn-bar' role='img' aria-label='{html.escape(f'Score {hit.score:.2f}: {named}')}'>{pieces}</div></div>"
    )


def part_colour(name: str) -> str:
    """Return the CSS colour of a score part."""
    return f"var(--mn-part-{name}, var(--mn-muted))" if name.isalpha() else "var(--mn-muted)"


def score_key(names: Iterable[tuple[str, str]]) -> str:
    """Return the legend of the score bars: (name, label) pairs."""
    items = "".join(
        f"<span class='mn-chip'><i style='color:{part_colour(name)}'>■</i>{html.escape(label)}</span>"
        for name, label in names
    )
    return f"<div class='mn-key'>{items}</div>"


def part_rows(hit: Recalled) -> str:
    """Return each part of a score: value × weight = what it adds, as a bar and as a sentence."""
    rows = [
        f"<div class='mn-part'><b>{html.escape(part.label)}</b><span class='mn-num'>"
        f"<span class='mn-muted'>{part.value:.2f} × {part.weight:.2f} =</span> <b>{part.contribution:.3f}</b></span>"
        f"<div class='mn-bar'>{_piece(part.value, part_colour(part.name))}</div>"
        f"<p>{escaped(part.explanation, limit=600)}</p></div>"
        for part in hit.parts
    ]
    return "".join(rows)


def card_note(hit: Recalled) -> str:
    """Return the measured figures behind a score, in one quiet line."""
    found = [
        f"cosine similarity {hit.cosine:.3f}" if hit.cosine is not None else "",
        f"place {hit.vector_rank} by meaning" if hit.vector_rank is not None else "not found by meaning",
        f"BM25 {hit.bm25:.2f}" if hit.bm25 is not None else "",
        f"place {hit.text_rank} by words" if hit.text_rank is not None else "not found by words",
    ]
    return f"<div class='mn-row mn-num'>{' · '.join(text for text in found if text)}</div>"


def facts(pairs: Sequence[tuple[str, str, str]]) -> str:
    """Return label, value and hover title as a definition list."""
    rows = "".join(
        f"<dt>{html.escape(label)}</dt><dd title='{html.escape(one_line(title, 300))}'>{escaped(value, limit=1200)}</dd>"
        for label, value, title in pairs
        if value
    )
    return f"<dl class='mn-facts'>{rows}</dl>"


def cell(text: str, below: str = "", *, label: str = "", title: str = "", strong: bool = False) -> str:
    """Return one cell of a row; `label` is read aloud, and seen where the row is too narrow for a heading."""
    tip = f" title='{html.escape(one_line(title, 300))}'" if title else ""
    named = f"<span class='mn-label'>{html.escape(label)} </span>" if label else ""
    shown = (
        f"<div class='mn-name'>{escaped(text, limit=300)}</div>"
        if strong
        else f"<div>{named}{escaped(text, limit=300)}</div>"
    )
    more = f"<div class='mn-muted mn-one'>{escaped(below, limit=600)}</div>" if below else ""
    return f"<div{tip}>{shown}{more}</div>"


def cells(parts: Sequence[str], *, kind: str) -> str:
    """Return cells as one row of a list; `kind` is its class."""
    return f"<div class='{kind}'>{''.join(parts)}</div>"


def memory_facts(memory: Memory, *, now: datetime) -> str:
    """Return everything a memory states about itself, times relative with the exact ones beside them."""

    def when(moment: datetime | None) -> str:
        return f"{age(moment, now=now)} · {exact(moment)}" if moment else ""

    confidence = "" if memory.confidence is None else f"{memory.confidence:.2f}"
    recalled = f"{plural(memory.recall_count, 'time')}" + (
        f", last {age(memory.last_recalled_at, now=now)}" if memory.last_recalled_at else ""
    )
    rows: list[tuple[str, Any]] = [
        ("Type", memory.memory_type),
        ("Agent", memory.agent_id),
        ("Team", memory.team_id),
        ("Task", memory.task_id),
        ("Session", memory.session_id),
        ("Written", when(memory.created_at)),
        ("Expires", when(memory.expires_at)),
        ("Confidence", confidence),
        ("Recalled", recalled if memory.recall_count else "never"),
        ("Source", memory.source),
        ("Tags", ", ".join(memory.tags)),
        ("Notes", memory.notes),
        ("Size", bytes_text(len(memory.content.encode("utf-8", "replace"))) + " of text"),
        ("Key", memory.key),
    ]
    return facts([(label, str(value or ""), "") for label, value in rows])


def _piece(share: float, colour: str, *, title: str = "") -> str:
    tip = f" title='{html.escape(one_line(title, 240))}'" if title else ""
    return f"<span style='width:{100 * min(1.0, max(0.0, share)):.2f}%;--hue:{colour}'{tip}></span>"


def limit_bars(rows: Sequence[tuple[str, str, float]]) -> str:
    """Return rows of label, "used of limit" and the share used, 0 to 1."""
    items = "".join(
        f"<div class='mn-limit'><span>{html.escape(label)}</span><span>{html.escape(said)}</span>"
        f"<div class='mn-bar'><span style='width:{max(0.4 if used > 0 else 0.0, 100 * min(1.0, used)):.2f}%;"
        f"--hue:{'var(--mn-warn)' if used > 0.8 else 'var(--mn-accent)'}'></span></div></div>"
        for label, said, used in rows
    )
    return f"<div class='mn-limits'>{items}</div>"
