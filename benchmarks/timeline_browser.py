"""What timeline.py measures in real Chromium: the timeline, a bare Streamlit page, and Plotly's scattergl in one.

Each server is started and warmed by a page of its own without data; then every visit is a new browser context.
"""

from __future__ import annotations

import os
import shutil
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, WebSocket, sync_playwright

from benchmarks.first_page import _FLAGS, _free_port, _wait

__all__ = ["Figures", "bare_page", "plotly_page", "timeline_page"]

Figures = dict[str, float]
_ROOT = Path(__file__).resolve().parents[1]
_VIEWPORT = {"width": 1440, "height": 900}
_MB = 1_000_000
_IDLE = "() => document.querySelector('[data-testid=\"stApp\"]')?.dataset.testScriptState === 'notRunning'"
_STAGE = "[role=application]"

_BARE = "import streamlit as st\nst.title('Bare')\n"
_PLOTLY = """
import numpy as np, plotly.graph_objects as go, streamlit as st
count, drag = int(st.query_params['n']), st.query_params.get('drag', 'zoom')

@st.cache_data
def made(count):
    random = np.random.default_rng(5)
    x = np.datetime64('2026-05-05') + (np.sort(random.random(count)) * 180 * 86_400e6).astype('timedelta64[us]')
    lane, kind = np.arange(count) * 7 % 40, np.arange(count) % 3
    chart = go.Figure([go.Scattergl(x=x[kind == k], y=lane[kind == k], mode='markers', name=str(k)) for k in range(3)])
    return chart

chart = go.Figure(made(count)).update_layout(dragmode=drag, height=700)
picked = st.plotly_chart(chart, on_select='rerun', key='chart')
st.text(f'{len(picked.selection.point_indices)} chosen')
"""

# Milliseconds from a turn of the wheel to the next frame that shows it, and to the frame with exact counts from Python.
_WHEEL = """(stage) => new Promise((resolve, reject) => {
    const said = stage.parentElement.querySelector('.said'), bounds = stage.getBoundingClientRect();
    const counted = () => said.textContent.split(' · ')[1];
    const before = [stage.dataset.view, counted()], start = performance.now();
    let seen = null;
    (stage.querySelector('.over') ?? stage).dispatchEvent(new WheelEvent('wheel', { bubbles: true, cancelable: true,
        composed: true, ctrlKey: true, deltaY: -240, clientX: bounds.x + bounds.width / 2, clientY: bounds.y + 200 }));
    const look = () => {
        const now = performance.now() - start;
        if (seen === null && stage.dataset.view !== before[0]) seen = now;
        if (seen !== null && counted() !== before[1]) return resolve([seen, now]);
        return now > 30_000 ? reject(new Error('no answer to the wheel')) : requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
})"""
# The same for Plotly: from the button's release to the frame after its own event.
_RELEASED = """() => { window.mnRelease = new Promise((resolve) => {
    let start = 0;
    document.addEventListener('mouseup', () => { start = performance.now(); }, { capture: true, once: true });
    const plot = document.querySelector('.js-plotly-plot');
    plot.once('plotly_relayout', () => requestAnimationFrame(() => requestAnimationFrame(
        () => resolve(performance.now() - start))));
}); }"""


@contextmanager
def _served(command: list[str], environment: dict[str, str]) -> Iterator[str]:
    """Run a server and yield its address."""
    port = _free_port()
    server = subprocess.Popen(
        [part.replace("PORT", str(port)) for part in command], cwd=_ROOT, env=os.environ | environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        _wait(port, server)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(20)


def _streamlit(folder: Path, name: str, text: str) -> list[str]:
    script = folder / f"{name}.py"
    script.write_text(text, encoding="utf-8")
    options = ["--server.port=PORT", "--server.headless=true", "--browser.gatherUsageStats=false"]
    return [sys.executable, "-m", "streamlit", "run", str(script), *options]


@contextmanager
def _browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        path = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
        browser = playwright.chromium.launch(executable_path=path, args=_FLAGS)
        yield browser
        browser.close()


def _visit(browser: Browser, url: str, drawn: Callable[[Page], Any]) -> tuple[Page, float, list[int]]:
    """Open a page in a new context; return it, the seconds until it is drawn and the bytes of each message received."""
    page = browser.new_context(viewport=_VIEWPORT).new_page()
    received: list[int] = []

    def listen(socket: WebSocket) -> None:
        socket.on("framereceived", lambda payload: received.append(len(payload)))

    page.on("websocket", listen)
    start = time.perf_counter()
    page.goto(url, wait_until="commit")
    drawn(page)
    page.wait_for_function(_IDLE, timeout=120_000)
    return page, time.perf_counter() - start, received


def _medians(runs: list[Figures], first_s: float) -> Figures:
    return {"first_s": first_s} | {name: statistics.median(run[name] for run in runs) for name in runs[0]}


def bare_page(folder: Path, *, runs: int) -> Figures:
    """Return the seconds to a Streamlit page with a title, first and again."""

    def drawn(page: Page) -> None:
        page.get_by_text("Bare").wait_for(timeout=60_000)

    with _served(_streamlit(folder, "bare", _BARE), {}) as url, _browser() as browser:
        seconds = []
        for _ in range(runs + 1):
            page, took, _received = _visit(browser, url, drawn)
            page.context.close()
            seconds.append(took)
    return {"first_s": seconds[0], "again_s": statistics.median(seconds[1:])}


def timeline_page(directory: Path, *, runs: int, window: tuple[int, int]) -> Figures:
    """Return seconds to the drawing, milliseconds to zoom and to choose with a box, megabytes of the largest message.

    The figures of `points` are those of the window, which has as many memories as are drawn one by one.
    """
    command = [sys.executable, "scripts/serve.py", "--port", "PORT"]
    with _served(command, {"MNEMOSCOPE_STORE": str(directory)}) as url, _browser() as browser:

        def drawn(page: Page) -> None:
            page.locator(f"{_STAGE}[data-view]").wait_for(timeout=180_000)

        page, first_s, _received = _visit(browser, f"{url}/timeline?index=agents", drawn)
        page.context.close()
        found = []
        for _ in range(runs):
            page, again_s, received = _visit(browser, f"{url}/timeline?index=agents", drawn)
            figures = {"again_s": again_s, "payload_mb": max(received) / _MB} | _zooms(page)
            figures["box_s"] = _box(page)
            page.context.close()
            link = f"{url}/timeline?index=agents&window={window[0]}..{window[1]}"
            page, points_s, received = _visit(browser, link, drawn)
            figures |= {"points_s": points_s, "points_payload_mb": max(received) / _MB}
            figures |= {f"points_{name}": value for name, value in _zooms(page).items()}
            page.context.close()
            found.append(figures)
    return _medians(found, first_s)


def _zooms(page: Page) -> Figures:
    """Return the medians of three turns of the wheel."""
    zooms = [page.locator(_STAGE).evaluate(_WHEEL) for _ in range(3)]
    shown, exact = (statistics.median(times) for times in zip(*zooms, strict=True))
    return {"zoom_shown_ms": shown, "zoom_exact_ms": exact}


def _box(page: Page) -> float:
    """Choose a few memories with a box; return the seconds from the release to their list."""
    bounds = page.locator(_STAGE).bounding_box()
    assert bounds is not None
    x, y = bounds["x"] + bounds["width"] * 0.5, bounds["y"] + 60
    page.keyboard.down("Shift")
    _drag(page, x, y, x + 60, y + 60)
    start = time.perf_counter()
    page.keyboard.up("Shift")
    page.locator(".st-key-timeline_chosen_head").wait_for(timeout=60_000)
    return time.perf_counter() - start


def _drag(page: Page, x: float, y: float, to_x: float, to_y: float) -> None:
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move((x + to_x) / 2, (y + to_y) / 2, steps=4)
    page.mouse.move(to_x, to_y, steps=4)
    page.mouse.up()


def plotly_page(count: int, folder: Path, *, runs: int) -> Figures:
    """Return the same of scattergl with as many points: a zoom there needs no server, and has no more to show."""

    def drawn(page: Page) -> None:
        page.locator(".js-plotly-plot .gl-canvas").first.wait_for(timeout=120_000, state="attached")
        page.get_by_text("0 chosen").wait_for(timeout=60_000)

    with _served(_streamlit(folder, "scattergl", _PLOTLY), {}) as url, _browser() as browser:
        page, first_s, _received = _visit(browser, f"{url}/?n={count}", drawn)
        page.context.close()
        found = []
        for _ in range(runs):
            page, again_s, received = _visit(browser, f"{url}/?n={count}", drawn)
            figures = {"again_s": again_s, "payload_mb": max(received) / _MB}
            figures["zoom_shown_ms"] = _plotly_zoom(page)
            page.context.close()
            page, _, _received = _visit(browser, f"{url}/?n={count}&drag=select", drawn)
            figures["box_s"] = _plotly_box(page)
            page.context.close()
            found.append(figures)
    return _medians(found, first_s)


def _middle(page: Page) -> tuple[float, float]:
    bounds = page.locator(".js-plotly-plot .nsewdrag").first.bounding_box()
    assert bounds is not None
    return bounds["x"] + bounds["width"] * 0.5, bounds["y"] + bounds["height"] * 0.3


def _plotly_zoom(page: Page) -> float:
    x, y = _middle(page)
    page.evaluate(_RELEASED)
    _drag(page, x - 150, y, x + 150, y + 150)
    return float(page.evaluate("window.mnRelease"))


def _plotly_box(page: Page) -> float:
    x, y = _middle(page)
    _drag(page, x, y, x + 60, y + 60)
    start = time.perf_counter()
    page.get_by_text("0 chosen", exact=True).wait_for(state="detached", timeout=60_000)
    return time.perf_counter() - start
