"""The ways to fill a store: the demo world, a file of memories, Amazon S3 Vectors. All there is while it is empty."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core import demo
from core.errors import MnemoscopeError
from core.hostile import markdown_escape, one_line
from core.transfer import Importer, ImportReport, Progress, Source
from pages.shared import state
from pages.shared.here import Here
from pages.shared.words import bytes_text, plural

__all__ = ["connect", "demo_world", "getting_started", "import_file", "last_report"]

_ERRORS_SHOWN = 50
# How many memories the story has, roughly: only the progress bar depends on it.
_DEMO_SIZE = 700


def getting_started(here: Here) -> None:
    """Offer the three ways in, side by side."""
    st.title("Nothing is remembered here yet", anchor=False)
    st.html(
        "<p class='mn-lead'>Mnemoscope shows what your agents remember: what there is, what a question brings back and why. "
        "Choose how to begin.</p>"
    )
    first, second, third = st.columns(3, gap="medium")
    with first.container(border=True, height="stretch"):
        demo_world(here)
    with second.container(border=True, height="stretch"):
        import_file(here)
    with third.container(border=True, height="stretch"):
        connect(here)


def demo_world(here: Here) -> None:
    """Offer the scripted story; loading it shows how far it is."""
    st.subheader("Load the demo world", anchor=False)
    st.markdown(
        "A research team writes its quarterly report while a support team answers customers: about 700 memories over ten "
        "weeks, with contradictions, repeats and a poisoned one to find."
    )
    if st.button("Load the demo world", type="primary", icon=":material/auto_stories:", key="load_demo", width="stretch"):
        bar = st.progress(0.0, "Writing the story")

        def progress(done: int) -> None:
            bar.progress(min(1.0, done / _DEMO_SIZE), f"{plural(done, 'memory')} written")

        report = _try(lambda: demo.load(here.catalog, actor=here.actor, now=here.now, progress=progress))
        bar.empty()
        if report is not None:
            st.session_state["loaded"] = (
                f"The demo world is here: {plural(report.memories, 'memory')} in {len(report.indexes)} indexes."
            )
            st.rerun()


def import_file(here: Here) -> None:
    """Take a JSON lines file into an index, made if needed; bad lines are listed and the rest goes on."""
    st.subheader("Import memories", anchor=False)
    st.markdown("JSON lines, gzip or not: one object a line, with at least `content`.", help=_FIELDS)
    with st.form("import_form", border=False):
        files = st.file_uploader(
            "Files", type=["jsonl", "ndjson", "json", "gz"], accept_multiple_files=True, key="import_files"
        )
        name = st.text_input(
            "Into index", value=here.index or "memories", key="import_index", help="Made if it does not exist."
        )
        asked = st.form_submit_button("Import", icon=":material/upload:", width="stretch")
    if asked and not files:
        st.warning("Choose a file first.", icon=":material/upload_file:")
    if asked and files:
        bar = st.progress(0.0, "Reading")
        report = _try(lambda: _import(here, name.strip(), files, bar))
        bar.empty()
        if isinstance(report, ImportReport):
            st.session_state["import_report"] = (name.strip(), report)
            state.put("index", name.strip())
            st.rerun()


_FIELDS = (
    "Known fields: key, content, memory_type, agent_id, team_id, task_id, session_id, created_at, expires_at, confidence, "
    "source, tags, derived_from. Others are kept as they are. `python -m core import` reads the same files."
)


def _import(here: Here, name: str, files: list[Any], bar: Any) -> ImportReport:
    store = here.catalog.open_or_create(name, actor=here.actor)

    def progress(done: Progress) -> None:
        whole = done.bytes_total or 0
        bar.progress(
            min(1.0, done.bytes_read / whole) if whole else 0.0,
            f"{plural(done.rows, 'row')} · {bytes_text(done.bytes_read)} of {bytes_text(whole)}"
            + (f" · {done.failed:,} failed" if done.failed else ""),
        )

    sources = [Source(file.name, file, size=file.size) for file in files]
    return Importer(store, actor=here.actor, on_progress=progress).run(sources)


def last_report() -> None:
    """Say what the last import did, line by line where it failed; it stays until it is dismissed."""
    if loaded := st.session_state.pop("loaded", None):
        st.toast(loaded, icon=":material/check_circle:")
    kept = st.session_state.get("import_report")
    if kept is None:
        return
    name, report = kept
    words = [
        f"{report.written:,} written",
        f"{report.replaced:,} replaced" if report.replaced else "",
        f"{report.unchanged + report.repeated:,} already there" if report.unchanged or report.repeated else "",
        f"{report.failed:,} failed" if report.failed else "",
    ]
    said = f"{plural(report.rows, 'row')}: {', '.join(word for word in words if word)}, in {report.seconds:,.1f} s."
    (st.warning if report.failed else st.success)(said, title=f"Imported into {markdown_escape(one_line(name, 80))}")
    if report.errors:
        shown = report.errors[:_ERRORS_SHOWN]
        st.caption(f"{len(shown):,} of {report.failed:,} failed lines:" if report.failed > len(shown) else "Failed lines:")
        st.code(
            "\n".join(f"line {error.line:,} of {error.source}: {one_line(error.reason, 300)}" for error in shown),
            language=None,
            wrap_lines=True,
            height=220 if len(shown) > 4 else "content",
        )
    st.button("Dismiss", type="tertiary", key="import_dismiss", on_click=_dismiss)


def _dismiss() -> None:
    st.session_state.pop("import_report", None)


def connect(here: Here) -> None:
    """Say how an S3 Vectors bucket will be opened; this version reads local stores only."""
    st.subheader("Connect to S3 Vectors", anchor=False)
    st.markdown("Mnemoscope reads and writes vector buckets of Amazon S3 with the credentials of your AWS profile.")
    st.code(
        "python -m streamlit run dashboard.py -- \\\n  's3vectors://BUCKET?region=REGION'", language="bash", wrap_lines=True
    )
    st.caption("Opening a bucket comes with the next version. Until then this store is a directory on this machine:")
    st.code(here.catalog.uri, language=None, wrap_lines=True)


def _try(action: Any) -> Any:
    """Run an action of a person; an error of ours becomes words on the page, and None comes back."""
    try:
        return action()
    except MnemoscopeError as error:
        st.error(markdown_escape(str(error)), icon=":material/error:")
        return None
