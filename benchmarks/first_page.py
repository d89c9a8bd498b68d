"""Seconds from `make demo` (environment ready) to the first page drawn in a cold browser, beside a bare Streamlit page.

    python benchmarks/first_page.py [--runs 3]

Needs Chromium (CHROMIUM=/path overrides) and the development requirements (Playwright).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from playwright.sync_api import sync_playwright

_ROOT = Path(__file__).resolve().parents[1]
_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-sync",
]
# The script has ended, nothing is a placeholder any more, and every chart has its drawing.
_DRAWN = """() => document.querySelector('[data-testid="stApp"]').dataset.testScriptState === 'notRunning'
    && !document.querySelector('[data-testid="stSkeleton"]')
    && [...document.querySelectorAll('[data-testid="stPlotlyChart"]')].every(chart => chart.querySelector('.main-svg'))"""
_BARE = "import streamlit as st\nst.title('Bare')\n"


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def _first_page(command: list[str], port: int, *, text: str, environment: dict[str, str]) -> float:
    """Start the server, open the page as soon as it answers, and return the seconds until the text is shown."""
    with sync_playwright() as playwright:
        path = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
        browser = playwright.chromium.launch(executable_path=path, args=_FLAGS)
        page = browser.new_page()
        start = time.perf_counter()
        server = subprocess.Popen(
            command, cwd=_ROOT, env=os.environ | environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        try:
            _wait(port, server)
            page.goto(f"http://127.0.0.1:{port}/", wait_until="commit")
            page.get_by_text(text).first.wait_for(timeout=60_000)
            page.wait_for_function(_DRAWN, timeout=60_000)
            return time.perf_counter() - start
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait(20)
            browser.close()


def _wait(port: int, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.02)
    raise SystemExit(f"The server did not answer on port {port}.")


def main() -> int:
    """Measure both in turn and print a table and, as the last line, JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    ours, bare = [], []
    for _ in range(runs):
        with tempfile.TemporaryDirectory(prefix="mnemoscope-bench-") as folder:
            script = Path(folder) / "bare.py"
            script.write_text(_BARE, encoding="utf-8")
            port = _free_port()
            command = [
                sys.executable,
                "-m",
                "streamlit",
                "run",
                str(script),
                f"--server.port={port}",
                "--server.headless=true",
            ]
            bare.append(_first_page(command, port, text="Bare", environment={}))
            port = _free_port()
            command = ["make", "demo", f"PORT={port}"]
            store = {"MNEMOSCOPE_STORE": f"{folder}/store"}
            ours.append(_first_page(command, port, text="What is in this memory", environment=store))
    figures = {"make_demo_s": round(statistics.median(ours), 2), "bare_streamlit_s": round(statistics.median(bare), 2)}
    print(f"make demo, empty store to first page: {figures['make_demo_s']} s (runs: {[round(s, 2) for s in ours]})")
    print(f"bare Streamlit page:                  {figures['bare_streamlit_s']} s (runs: {[round(s, 2) for s in bare]})")
    print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
