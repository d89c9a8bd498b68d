"""A real server on a free port and a real browser; what the server said is shown when a test fails.

What takes long is done once for all tests of a worker: a server is forked from a process that has imported everything, and
all tabs are of one window, which compiles Streamlit's script once for each port. So a port that is free again is used again.
"""

from __future__ import annotations

import os
import socket
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.conftest import BROWSER_REQUIRED
from tests.core.forked import PRELOADED, forking
from tests.e2e.preloaded import ROOT, become

PRELOADED.append("tests.e2e.preloaded")
STARTS_WITHIN_S = 60
# Below the ports that the system gives away by itself; each worker begins elsewhere.
FIRST_PORT = 20_000 + os.getpid() % 1_000 * 8
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
    from playwright.sync_api import Browser, BrowserContext, Error, Page, expect, sync_playwright
except ImportError:
    if BROWSER_REQUIRED:
        raise
    pytest.skip("playwright is not installed: pip install playwright", allow_module_level=True)


def free_port() -> int:
    """Return the first port on which nobody listens."""
    for port in range(FIRST_PORT, 32_000):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server will
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    pytest.fail(f"No port is free from {FIRST_PORT} on.", pytrace=False)


class Server:
    """A dashboard of a store, started as `make run` does."""

    def __init__(self, store: Path, log: Path) -> None:
        self.store = store
        self.log = log
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        environment = os.environ | {"MNEMOSCOPE_STORE": str(store)}
        self.process = forking().Process(target=become, args=(self.command(), dict(environment), log), daemon=True)
        self.process.start()

    def command(self) -> list[str]:
        """Return what Python runs."""
        return [str(ROOT / "scripts" / "serve.py"), "--port", str(self.port)]

    def wait(self) -> None:
        """Return when the server answers; say what it printed if it does not."""
        until = time.monotonic() + STARTS_WITHIN_S
        while time.monotonic() < until and self.process.is_alive():
            try:
                with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=2) as answer:
                    if answer.status == 200:
                        return
            except OSError:
                time.sleep(0.05)
        pytest.fail(f"The dashboard did not start on port {self.port}. It printed:\n{self.log.read_text()}", pytrace=False)

    def stop(self) -> None:
        """End the server, if it was not ended."""
        self.process.terminate()
        self.process.join(timeout=10)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Add the server's log to the report of a test that failed."""
    report = yield
    server = getattr(item, "funcargs", {}).get("server")
    if report.failed and isinstance(server, Server):
        report.sections.append((f"log of {server.url}", server.log.read_text()))
    return report


@pytest.fixture(scope="module")
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


@pytest.fixture(scope="session")
def window(browser: Browser) -> Iterator[BrowserContext]:
    """Return one wide window for all tests, in which nothing is animated: without a graphics card that takes a fifth."""
    opened = browser.new_context(viewport={"width": 1440, "height": 900}, accept_downloads=True, reduced_motion="reduce")
    # A machine that does other things too needs more than the five seconds that Playwright gives.
    opened.set_default_timeout(30_000)
    expect.set_options(timeout=30_000)
    opened.new_page()  # stays: with its last tab a window closes, and the next tab has to open it
    yield opened
    opened.close()


@pytest.fixture
def context(window: BrowserContext) -> Iterator[BrowserContext]:
    """Return the window without tabs, cookies and what pages keep in it."""
    kept = set(window.pages)
    yield window
    tabs = [tab for tab in window.pages if tab not in kept]
    for tab in tabs:
        with suppress(Error):  # a blank tab keeps nothing, and in one that crashed nothing can be asked
            tab.evaluate("localStorage.clear()")
        tab.close()
    window.clear_cookies()


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
