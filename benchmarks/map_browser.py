"""The drawing of a map in real Chromium: first paint, zoom, hover, and from a lasso to the table of what lies in it.

    python benchmarks/map_browser.py [--sizes 10000,100000,1000000] [--runs 3]

Beside it, in the same run, Plotly's scattergl (up to 100,000 points). Places are drawn by chance around 24 middles: what is
measured is the drawing, not how a map is made. Needs Chromium (CHROMIUM=/path overrides) and Playwright.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from playwright.sync_api import Browser, Locator, Page, WebSocket, sync_playwright

from benchmarks.first_page import _FLAGS
from benchmarks.timeline_browser import _IDLE, _MB, _VIEWPORT, Figures, _medians, _served, _streamlit

_PLOTLY_MOST = 100_000
_SOFTWARE_GL = ["--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
_ROOT = Path(__file__).resolve().parents[1]

_DATA = f"""
import sys
sys.path.insert(0, {str(_ROOT)!r})
import numpy as np, pandas as pd, streamlit as st
st.set_page_config(layout='wide')
count = int(st.query_params['n'])

@st.cache_data
def made(count):
    random = np.random.default_rng(5)
    middles = 3 * random.normal(size=(24, 2))
    group = random.integers(0, 24, count)
    coords = middles[group] + 0.3 * random.normal(size=(count, 2))
    frame = pd.DataFrame({{'key': np.char.add('m', np.arange(count).astype('U7')), 'group': group}})
    return coords.astype('float32'), (group % 12).astype('uint8'), frame

coords, codes, frame = made(count)
palette = ['#c97f00', '#3a93c7', '#00805d', '#0072b2', '#c04f00', '#b5588c', '#6d4fb0', '#882255', '#2b8c83', '#7a7a1f',
           '#4a5d9e', '#8a5a3c']

def table(rows):
    if len(rows):
        st.text(f'{{len(rows)}} chosen')
        st.dataframe(frame.iloc[rows[:500]])
"""
_OURS = """
from core.analysis.projection.region import inside
from pages.shared.map.chart import MapPoints, map_chart

def heard(gesture):
    st.session_state[gesture.kind] = gesture

@st.fragment
def page():
    hovered, chosen = st.session_state.get('hover'), st.session_state.get('region')
    rows = inside(coords, chosen.polygon) if chosen else np.zeros(0, dtype='int32')
    picked = None
    if chosen:
        picked = np.zeros(count, dtype=bool)
        picked[rows] = True
    map_chart(MapPoints(coords, codes), key='map', on_gesture=heard, palette=palette, names=list('abcdefghijkl'),
              title='Map', file_name='map', picked=picked, region=chosen.polygon if chosen else None,
              tips={hovered.row: [f'Text of {hovered.row}']} if hovered else {})
    table(rows)

page()
"""
_PLOTLY = """
import plotly.graph_objects as go
chart = go.Figure([go.Scattergl(x=coords[codes == c, 0], y=coords[codes == c, 1], mode='markers', customdata=np.flatnonzero(
    codes == c)) for c in range(12)]).update_layout(dragmode='lasso', height=660)
picked = st.plotly_chart(chart, on_select='rerun', key='chart')
table(np.array([point['customdata'] for point in picked.selection.points], dtype=int).ravel())
"""
# Milliseconds from a turn of the wheel to the second frame after it: the first is the one that draws.
_WHEEL = """(canvas) => new Promise((resolve) => {
    const bounds = canvas.getBoundingClientRect(), start = performance.now();
    canvas.dispatchEvent(new WheelEvent('wheel', { bubbles: true, cancelable: true, composed: true, ctrlKey: true,
        deltaY: -60, clientX: bounds.x + bounds.width / 2, clientY: bounds.y + bounds.height / 2 }));
    requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now() - start)));
})"""


@contextmanager
def _browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        path = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
        browser = playwright.chromium.launch(executable_path=path, args=[*_FLAGS, *_SOFTWARE_GL])
        yield browser
        browser.close()


class Visit:
    """A page in a new context: how long it took to be drawn, and the bytes of each message since."""

    def __init__(self, browser: Browser, url: str, drawn: Callable[[Page], Locator]) -> None:
        self.page = browser.new_context(viewport=_VIEWPORT).new_page()
        self.received: list[int] = []
        self.sent: list[int] = []
        self.page.on("websocket", self._listen)
        start = time.perf_counter()
        self.page.goto(url, wait_until="commit")
        self.stage = drawn(self.page)
        self.page.wait_for_function(_IDLE, timeout=180_000)
        self.seconds = time.perf_counter() - start

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framereceived", lambda payload: self.received.append(len(payload)))
        socket.on("framesent", lambda payload: self.sent.append(len(payload)))

    def middle(self) -> tuple[float, float]:
        """The middle of the drawing in the page."""
        bounds = self.stage.bounding_box()
        assert bounds is not None
        return bounds["x"] + bounds["width"] / 2, bounds["y"] + bounds["height"] / 2

    def lasso(self) -> float:
        """Draw a line around a large part; return the seconds from the release to the table."""
        (x, y), mouse = self.middle(), self.page.mouse
        mouse.move(x - 300, y - 200)
        mouse.down()
        for dx, dy in ((280, -210), (300, 190), (-290, 200), (-298, -190)):
            mouse.move(x + dx, y + dy, steps=5)
        self.sent.clear()
        start = time.perf_counter()
        mouse.up()
        self.page.get_by_text(" chosen").wait_for(timeout=120_000)
        self.page.locator("[data-testid=stDataFrame] canvas").first.wait_for(timeout=60_000)
        return time.perf_counter() - start


def map_page(count: int, folder: Path, *, runs: int) -> Figures:
    """Return seconds and megabytes of our drawing."""

    def drawn(page: Page) -> Locator:
        page.locator(".stage[data-view]").wait_for(timeout=180_000)
        return page.locator(".stage[data-view]")

    with _served(_streamlit(folder, "ours", _DATA + _OURS), {}) as url, _browser() as browser:
        first = Visit(browser, f"{url}/?n={count}", drawn)
        first.page.context.close()
        return _medians([_map_visit(Visit(browser, f"{url}/?n={count}", drawn)) for _ in range(runs)], first.seconds)


def _map_visit(visit: Visit) -> Figures:
    page, stage = visit.page, visit.stage
    figures = {"again_s": visit.seconds, "payload_mb": max(visit.received) / _MB}
    figures["zoom_ms"] = statistics.median(stage.locator("canvas.over").evaluate(_WHEEL) for _ in range(5))
    if stage.get_attribute("data-kind") == "points":
        x, y = visit.middle()
        start = time.perf_counter()
        for step in range(40):  # Until there is a point under the pointer.
            page.mouse.move(x + 9 * (step % 7), y + 7 * step)
            if page.locator(".tip").is_visible():
                break
        start = time.perf_counter()
        page.locator(".tip").get_by_text("Text of").wait_for(timeout=60_000)
        figures["hover_text_ms"] = 1000 * (time.perf_counter() - start)
    page.get_by_role("button", name="Show everything").click()
    page.get_by_role("button", name="Select with a lasso").click()
    page.wait_for_function(_IDLE, timeout=60_000)
    figures["lasso_s"] = visit.lasso()
    figures["lasso_back_kb"] = sum(visit.sent) / 1000
    figures["drilled_s"] = _drilled(visit) if stage.get_attribute("data-kind") == "raster" else 0.0
    page.context.close()
    return figures


def _drilled(visit: Visit) -> float:
    """Zoom into counts until points are drawn; return the seconds from the last zoom to them."""
    for _ in range(12):
        start = time.perf_counter()
        visit.page.get_by_role("button", name="Zoom in").click()
        visit.page.wait_for_timeout(700)  # For the glide and the pause after it.
        visit.page.wait_for_function(_IDLE, timeout=60_000)
        if visit.stage.get_attribute("data-kind") == "points":
            return time.perf_counter() - start
    return float("nan")


def plotly_page(count: int, folder: Path, *, runs: int) -> Figures:
    """Return the same of scattergl with as many points."""

    def drawn(page: Page) -> Locator:
        page.locator(".js-plotly-plot .gl-canvas").first.wait_for(timeout=180_000, state="attached")
        return page.locator(".js-plotly-plot .nsewdrag").first

    with _served(_streamlit(folder, "plotly", _DATA + _PLOTLY), {}) as url, _browser() as browser:
        first = Visit(browser, f"{url}/?n={count}", drawn)
        first.page.context.close()
        return _medians([_plotly_visit(Visit(browser, f"{url}/?n={count}", drawn)) for _ in range(runs)], first.seconds)


def _plotly_visit(visit: Visit) -> Figures:
    figures = {"again_s": visit.seconds, "payload_mb": max(visit.received) / _MB, "lasso_s": visit.lasso()}
    figures["lasso_back_kb"] = sum(visit.sent) / 1000
    visit.page.context.close()
    return figures


def main() -> int:
    """Measure each size and print a table and, as the last line, JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="10000,100000,1000000", help="how many points")
    parser.add_argument("--runs", type=int, default=3, help="visits of each page, of which the median counts")
    args = parser.parse_args()
    found: dict[int, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory(prefix="mnemoscope-bench-") as folder:
        for size in map(int, args.sizes.split(",")):
            found[size] = {"map": map_page(size, Path(folder), runs=args.runs)}
            if size <= _PLOTLY_MOST:
                found[size]["scattergl"] = plotly_page(size, Path(folder), runs=args.runs)
            for name, figures in found[size].items():
                print(f"{size:>9,} {name:<10} {', '.join(f'{k} {v:,.2f}' for k, v in figures.items())}", flush=True)
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
