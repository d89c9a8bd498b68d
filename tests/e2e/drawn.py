"""A page with one of our drawings: its server, what a reader does in it, and what came to Python."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree

from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.e2e.conftest import ROOT, Server

__all__ = ["SVG", "Drawing", "Harness", "on_a_phone"]

SVG = "{http://www.w3.org/2000/svg}"


class Harness(Server):
    """A harness page in place of the dashboard."""

    def __init__(self, script: str, folder: Path) -> None:
        self.script = script
        super().__init__(folder, folder / "server.log")
        self.wait()

    def command(self) -> list[str]:
        options = {"port": self.port, "address": "127.0.0.1", "headless": "true", "fileWatcherType": "none"}
        script = ROOT / "tests" / "e2e" / self.script
        return ["-m", "streamlit", "run", str(script), *(f"--server.{n}={v}" for n, v in options.items())]


class Drawing:
    """The component in the page."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        page.emulate_media(reduced_motion="no-preference")  # a drawing glides
        page.goto(address)
        self.stage = page.locator(".stage[data-view]").first
        self.stage.wait_for()
        self.heard_so_far = 0

    def heard(self, kind: str) -> dict:
        """The next gesture of a kind that Python got, those of other kinds before it left out."""
        while True:
            line = self.page.locator(f"[data-heard='{self.heard_so_far}']")
            line.wait_for(state="attached")
            self.heard_so_far += 1
            gesture = json.loads(line.text_content() or "")
            if gesture["kind"] == kind:
                return gesture

    def press(self, name: str) -> None:
        """Press one of the buttons."""
        self.page.get_by_role("button", name=name).first.click()

    def is_named(self, label: str, told: str) -> None:
        """Look whether the drawing is named and told to those who do not see it, and fits the screen."""
        expect(self.stage).to_have_attribute("aria-label", re.compile(label))
        expect(self.stage.locator(".unseen")).to_contain_text(told)
        assert self.page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")

    def saved(self) -> ElementTree.Element:
        """Save it as PNG and as SVG, and return the latter, in which what is hostile is text."""
        files = {}
        for kind in ("PNG", "SVG"):
            with self.page.expect_download() as download:
                self.press(f"Download the figure as {kind}")
            files[kind] = download.value.path().read_bytes()
            assert download.value.suggested_filename == f"harness.{kind.lower()}"
        assert files["PNG"].startswith(b"\x89PNG")
        drawn = ElementTree.fromstring(files["SVG"])
        assert any("</text><script>" in (element.text or "") for element in drawn.iter(f"{SVG}text"))
        assert self.page.evaluate("window.hacked") is None
        return drawn

    def pinch(self, x: float, y: float) -> None:
        """Move two fingers three times as far apart."""
        cdp = self.page.context.new_cdp_session(self.page)
        for kind, apart in (("touchStart", 30), ("touchMove", 60), ("touchMove", 90), ("touchEnd", None)):
            points = [] if apart is None else [{"x": x - apart, "y": y, "id": 0}, {"x": x + apart, "y": y, "id": 1}]
            cdp.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


@contextmanager
def on_a_phone(browser: Browser) -> Iterator[Page]:
    """Open a page on a narrow dark screen that is touched."""
    context: BrowserContext = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, accept_downloads=True, color_scheme="dark"
    )
    yield context.new_page()
    context.close()
