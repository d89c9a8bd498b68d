"""A real server on a free port and a real browser; what the server said is shown when a test fails."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import BROWSER_REQUIRED

ROOT = Path(__file__).parents[2]
STARTS_WITHIN_S = 60
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

try:
    from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
except ImportError:
    if BROWSER_REQUIRED:
        raise
    pytest.skip("playwright is not installed: pip install playwright", allow_module_level=True)


class Server:
    """A dashboard of a store, started as `make run` does."""

    def __init__(self, store: Path, log: Path) -> None:
        self.store = store
        self.log = log
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        environment = os.environ | {"MNEMOSCOPE_STORE": str(store)}
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                self.command(), cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT
            )

    def command(self) -> list[str]:
        """Return what is started."""
        return [sys.executable, str(ROOT / "scripts" / "serve.py"), "--port", str(self.port)]

    def wait(self) -> None:
        """Return when the server answers; say what it printed if it does not."""
        until = time.monotonic() + STARTS_WITHIN_S
        while time.monotonic() < until and self.process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=2) as answer:
                    if answer.status == 200:
                        return
            except OSError:
                time.sleep(0.1)
        pytest.fail(f"The dashboard did not start on port {self.port}. It printed:\n{self.log.read_text()}", pytrace=False)

    def stop(self) -> None:
        """End the server."""
        self.process.terminate()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Add the server's log to the report of a test that failed."""
    report = yield
    server = getattr(item, "funcargs", {}).get("server")
    if report.failed and isinstance(server, Server):
        report.sections.append((f"log of {server.url}", server.log.read_text()))
    return report


@pytest.fixture(scope="session")
def start_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Path], Server]]:
    """Return what starts a server for a store; all are stopped at the end."""
    started: list[Server] = []

    def start(store: Path) -> Server:
        server = Server(store, tmp_path_factory.mktemp("server") / "server.log")
        started.append(server)
        server.wait()
        return server

    yield start
    for server in started:
        server.stop()


@pytest.fixture(scope="session")
def browser(chromium_path: str) -> Iterator[Browser]:
    """Return one browser for all tests."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium_path, args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """Return a fresh wide window's context."""
    opened = browser.new_context(viewport={"width": 1440, "height": 900}, accept_downloads=True)
    # A machine that does other things too needs more than the five seconds that Playwright gives.
    opened.set_default_timeout(30_000)
    expect.set_options(timeout=30_000)
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """Return a tab; the test fails if the browser's console logged an error."""
    tab = context.new_page()
    errors: list[str] = []
    # On a deep link Streamlit looks for its own endpoints below the page first: those 404s are how it finds them.
    tab.on("console", lambda m: errors.append(m.text) if m.type == "error" and "_stcore" not in str(m.location) else None)
    tab.on("pageerror", lambda error: errors.append(str(error)))
    yield tab
    assert not errors
