"""Bring a file of memories into an index: the form, how far it is, and what became of every line."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Final

import streamlit as st

from core.hostile import markdown_escape, one_line
from core.transfer import Importer, ImportReport, Progress, Source
from pages.shared import state
from pages.shared.here import Here, wrote
from pages.shared.problem import attempt
from pages.shared.words import bytes_text, plural

__all__ = ["import_file", "last_report", "progress_text", "summary"]

_ERRORS_SHOWN: Final = 50
_RUNNING: Final = "import_running"
_REPORT: Final = "import_report"
_FIELDS: Final = (
    "Known fields: key, content, memory_type, agent_id, team_id, task_id, session_id, created_at, expires_at, confidence, "
    "source, tags, derived_from. Others are kept as they are. `python -m core import` reads the same files."
)


def import_file(here: Here) -> None:
    """Take JSON lines files into an index, made if needed; bad lines are listed and the rest goes on."""
    st.subheader("Import memories", anchor=False)
    st.markdown("JSON lines, gzip or not: one object a line, with at least `content`.", help=_FIELDS)
    with st.form("import_form", border=False):
        files = st.file_uploader(
            "Files", type=["jsonl", "ndjson", "json", "gz"], accept_multiple_files=True, key="import_files"
        )
        name = st.text_input(
            "Into index", value=here.index or "memories", key="import_index", help="Made if it does not exist."
        ).strip()
        asked = st.form_submit_button("Import", icon=":material/upload:", width="stretch")
    if asked and not files:
        st.warning("Choose a file first.", icon=":material/upload_file:")
    if asked and files:
        _run(here, name, files)


def _run(here: Here, name: str, files: Sequence[Any]) -> None:
    with st.container(key="import_progress"):
        bar = st.progress(0.0, "Reading")
        # Any click ends a running script at its next step; the store keeps what was written so far.
        st.button("Stop", icon=":material/stop_circle:", type="tertiary", key="import_stop")
    st.session_state[_RUNNING] = name
    report = attempt(lambda: _import(here, name, files, bar))
    st.session_state.pop(_RUNNING)
    if report is None:
        bar.empty()
        return
    st.session_state[_REPORT] = (name, report)
    wrote(here, [name])
    state.put("index", name)
    st.rerun()


def _import(here: Here, name: str, files: Sequence[Any], bar: Any) -> ImportReport:
    store = here.catalog.open_or_create(name, actor=here.actor)
    started = time.monotonic()

    def progress(done: Progress) -> None:
        whole = done.bytes_total or 0
        part = min(1.0, done.bytes_read / whole) if whole else 0.0
        bar.progress(part, progress_text(done, seconds=time.monotonic() - started))

    sources = [Source(file.name, file, size=file.size) for file in files]
    return Importer(store, actor=here.actor, on_progress=progress).run(sources)


def progress_text(done: Progress, *, seconds: float) -> str:
    """Return how far an import is, with the time left once that can be told."""
    whole = done.bytes_total or 0
    words = [plural(done.rows, "row"), f"{bytes_text(done.bytes_read)} of {bytes_text(whole)}" if whole else ""]
    if whole and done.bytes_read < whole and seconds > 2 and done.bytes_read:
        words.append(f"about {plural(round(seconds * (whole / done.bytes_read - 1)), 'second')} left")
    words.append(f"{done.failed:,} failed" if done.failed else "")
    return " · ".join(word for word in words if word)


def summary(report: ImportReport) -> str:
    """Return what an import did in one sentence."""
    words = [
        f"{report.written:,} written",
        f"{report.replaced:,} replaced" if report.replaced else "",
        f"{report.unchanged + report.repeated:,} already there" if report.unchanged or report.repeated else "",
        f"{report.failed:,} failed" if report.failed else "",
    ]
    return f"{plural(report.rows, 'row')}: {', '.join(word for word in words if word)}, in {report.seconds:,.1f} s."


def last_report() -> None:
    """Say what the last import or load did, line by line where it failed; it stays until it is dismissed."""
    if told := st.session_state.pop("told", None):
        st.toast(told, icon=":material/check_circle:")
    if stopped := st.session_state.pop(_RUNNING, None):
        named = markdown_escape(one_line(stopped, 80))
        st.info(f"The import into {named} was stopped. What was written stays; import the same file again to go on.")
    kept = st.session_state.get(_REPORT)
    if kept is None:
        return
    name, report = kept
    said = st.warning if report.failed else st.success
    said(summary(report), title=f"Imported into {markdown_escape(one_line(name, 80))}")
    if report.errors:
        shown = report.errors[:_ERRORS_SHOWN]
        st.caption(f"{len(shown):,} of {report.failed:,} failed lines:" if report.failed > len(shown) else "Failed lines:")
        lines = "\n".join(f"line {error.line:,} of {error.source}: {one_line(error.reason, 300)}" for error in shown)
        st.code(lines, language=None, wrap_lines=True, height=220 if len(shown) > 4 else "content")
    st.button("Dismiss", type="tertiary", key="import_dismiss", on_click=_dismiss)


def _dismiss() -> None:
    st.session_state.pop(_REPORT, None)
