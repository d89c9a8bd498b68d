"""The results of a search: cards to read, the call that gives the same, and exactly what is shown as a file."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import streamlit as st

from core.hostile import csv_cell
from core.memory import to_row
from core.recall import Recalled, RecallResult
from pages.shared import state
from pages.shared.here import Here
from pages.shared.inspector import open_button
from pages.shared.markup import card, score_key, slug
from pages.shared.selection import pick_box
from pages.shared.words import plural

__all__ = ["CSV_COLUMNS", "downloads", "result_line", "results", "to_csv", "to_jsonl"]

CSV_COLUMNS: Final = (
    "rank",
    "score",
    "key",
    "content",
    "memory_type",
    "agent_id",
    "team_id",
    "task_id",
    "session_id",
    "created_at",
    "expires_at",
    "confidence",
    "source",
    "tags",
    "recall_count",
)


def results(result: RecallResult, here: Here, *, agents: Mapping[str, str]) -> None:
    """Draw one card a hit, with a box that selects it; the one in the inspector is marked."""
    selected = state.get("sel")
    if result.hits:
        st.html(score_key([(part.name, part.label) for part in result.hits[0].parts if part.weight > 0]))
    for hit in result.hits:
        name = "hit_on" if hit.memory.key == selected else "hit"
        with st.container(border=True, key=f"{name}_{slug(hit.memory.key)}", gap=None):
            pick_box(here, hit.memory.key, label=f"Select result {hit.rank}")
            st.html(card(hit, now=here.now, agents=agents))
            open_button(f"hit_{slug(hit.memory.key)}", hit.memory.key, label=f"Open result {hit.rank}")


def result_line(result: RecallResult, *, in_scope: int, weighted: bool) -> str:
    """Return what was found, of how many, how, and how long it took; `weighted` where the usual weights were changed."""
    how = {"hybrid": "by meaning and words", "vector": "by meaning", "text": "by words"}[result.mode]
    took = f"{result.total_ms:,.0f} ms, of which {result.embed_ms:,.0f} ms to embed the question"
    how += ", with changed weights" if weighted else ""
    return f"{len(result.hits)} of {plural(in_scope, 'memory')} in scope, {how} · {took}"


def _rows(hits: Sequence[Recalled]) -> list[dict[str, Any]]:
    return [{"rank": hit.rank, "score": round(hit.score, 6)} | to_row(hit.memory) for hit in hits]


def to_csv(hits: Sequence[Recalled]) -> str:
    """Return the hits as CSV in CSV_COLUMNS; no cell can run as a formula."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(CSV_COLUMNS)
    for row in _rows(hits):
        writer.writerow([csv_cell(row.get(name)) for name in CSV_COLUMNS])
    return out.getvalue()


def to_jsonl(hits: Sequence[Recalled]) -> str:
    """Return the hits as JSON lines with every field, as `import` reads them, and their score parts."""
    lines = []
    for hit, row in zip(hits, _rows(hits), strict=True):
        parts = {part.name: round(part.contribution, 6) for part in hit.parts}
        lines.append(json.dumps(row | {"score_parts": parts}, ensure_ascii=False, default=str))
    return "\n".join(lines) + "\n" if lines else ""


def downloads(result: RecallResult, *, index: str, now: datetime, stamp: str = "") -> None:
    """Offer what is shown as CSV and JSON lines; the file's name has the stamp of a past that is looked at."""
    name = f"{index}{stamp}-recall-{now:%Y%m%d-%H%M}"
    for label, text, ending, mime in (
        ("CSV", to_csv(result.hits), "csv", "text/csv"),
        ("JSONL", to_jsonl(result.hits), "jsonl", "application/x-ndjson"),
    ):
        st.download_button(
            label,
            text.encode("utf-8"),
            file_name=f"{name}.{ending}",
            mime=mime,
            key=f"download_{ending}",
            icon=":material/download:",
            on_click="ignore",
            help=f"The {plural(len(result.hits), 'result')} shown, as {label}.",
        )
