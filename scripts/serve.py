"""Open the dashboard on 127.0.0.1: find a port, load the demo world if asked to, then become Streamlit."""

from __future__ import annotations

import argparse
import os
import socket
import sys
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
FIRST_PORT = 8501
PORTS_TRIED = 20


def main() -> int:
    """Return the exit code of the server."""
    parser = argparse.ArgumentParser(description="Open the Mnemoscope dashboard on this machine.")
    parser.add_argument("--port", type=int, help=f"the port (default: the first free one from {FIRST_PORT})")
    parser.add_argument("--demo", action="store_true", help="use a store of its own with the demo world in it")
    options = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    os.chdir(ROOT)
    port = choose_port(options.port)
    if port is None:
        return 2
    if options.demo and not prepare_demo():
        return 2
    print(f"Mnemoscope: http://{HOST}:{port}   (Ctrl-C stops it)", flush=True)
    return serve(port)


def choose_port(wanted: int | None) -> int | None:
    """Return a free port, or say why there is none: an explicit port is never exchanged for another."""
    if wanted is not None:
        if not 0 < wanted < 65_536:
            print(f"PORT={wanted} is not a port: choose one from 1024 to 65535.", file=sys.stderr)
        elif is_free(wanted):
            return wanted
        else:
            print(f"Port {wanted} is in use or not allowed: choose another (PORT={wanted + 1}), or none.", file=sys.stderr)
        return None
    port = next((port for port in range(FIRST_PORT, FIRST_PORT + PORTS_TRIED) if is_free(port)), None)
    if port is None:
        print(
            f"Ports {FIRST_PORT} to {FIRST_PORT + PORTS_TRIED - 1} are all in use: name another, PORT=9000.", file=sys.stderr
        )
    elif port != FIRST_PORT:
        print(f"Port {FIRST_PORT} is in use, so this is {port}.", file=sys.stderr)
    return port


def is_free(port: int) -> bool:
    """Say whether a server could listen on the port now."""
    with socket.socket() as probe:
        # As the server will: a port whose last connections are still closing is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def prepare_demo() -> bool:
    """Load the demo world into its own store and make that the dashboard's; say so if it cannot be done."""
    from core.access import LOCAL_ADMIN
    from core.config import STORE_VARIABLE, default_store_dir, open_catalog
    from core.demo import load
    from core.errors import MnemoscopeError

    try:
        base = default_store_dir()
        directory = base.parent / f"{base.name or 'mnemoscope'}-demo"
        catalog = open_catalog(directory)
        try:
            report = load(catalog, actor=LOCAL_ADMIN, now=datetime.now(UTC))
        finally:
            catalog.close()
    except MnemoscopeError as error:
        print(f"The demo world could not be loaded: {error}", file=sys.stderr)
        return False
    os.environ[STORE_VARIABLE] = str(directory)
    print(
        f"The demo world is ready: {report.memories} memories in {len(report.indexes)} indexes, in {directory}.", flush=True
    )
    return True


def has_display() -> bool:
    """Say whether somebody sits here for whom a browser can be opened."""
    return sys.stdin.isatty() and (
        sys.platform == "darwin" or any(os.environ.get(v) for v in ("DISPLAY", "WAYLAND_DISPLAY"))
    )


def serve(port: int) -> int:
    """Run Streamlit in this process, where what the demo imported is imported already."""
    from streamlit.runtime.pages_manager import PagesManager
    from streamlit.web import cli

    # Until st.navigation has run once, Streamlit takes pages/ for its old page mechanism, and a deep link that is the first
    # visit of all for an unknown page.
    PagesManager.uses_pages_directory = False
    sys.argv = [
        "streamlit",
        "run",
        str(ROOT / "dashboard.py"),
        f"--server.address={HOST}",
        f"--server.port={port}",
        f"--server.headless={str(not has_display()).lower()}",
    ]
    return int(cli.main(standalone_mode=False) or 0)


if __name__ == "__main__":
    sys.exit(main())
