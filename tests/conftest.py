"""What every test shares: hypothesis settings, and the rule for tests that need a browser."""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Shared machines are slow now and then; a law is not false because it took long.
settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("default")

BROWSER_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
BROWSER_REQUIRED = os.environ.get("MNEMOSCOPE_REQUIRE_BROWSER") == "1"
NO_BROWSER = (
    f"no Chromium: none of {', '.join(BROWSER_NAMES)} is on the PATH. "
    "Install it (Debian: apt install chromium) or name it in the environment variable CHROMIUM."
)


# What a person set up for themselves is no part of a test, and what a test keeps is no part of theirs.
OURS = {"MNEMOSCOPE_REQUIRE_BROWSER", "MNEMOSCOPE_REQUIRE_REDIS", "MNEMOSCOPE_CLIENTS"}


# Where files lie in memory on Linux, and what must be free there: the tests leave less than a gigabyte.
MEMORY = Path("/dev/shm")
ENOUGH = 4 * 2**30


def pytest_configure(config: pytest.Config) -> None:
    """Give the tests a data directory of their own, and no settings.

    Their files lie in memory where there is room: the engine waits for the disk after each write, a third of the whole run.
    """
    if "TMPDIR" not in os.environ and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= ENOUGH and _free() >= 2 * ENOUGH:
        os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)
    home = tempfile.TemporaryDirectory(prefix="mnemoscope-tests-", ignore_cleanup_errors=True)
    config.add_cleanup(home.cleanup)
    for name in [name for name in os.environ if name.startswith("MNEMOSCOPE_") and name not in OURS]:
        del os.environ[name]
    os.environ["XDG_DATA_HOME"] = str(Path(home.name, "data"))
    # A worker takes seconds of processor and 300 MB to warm up: servers of tests that draw no map need none.
    os.environ["MNEMOSCOPE_MAP_WORKER"] = "asked"


def _free() -> int:
    """Return how many bytes of memory nobody uses, 0 where the system does not say."""
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        return 0


def find_chromium() -> str | None:
    """Return the path of the browser to test with: CHROMIUM, else the first known name on the PATH."""
    named = os.environ.get("CHROMIUM")
    if named:
        return named if Path(named).is_file() else None
    return next((path for name in BROWSER_NAMES if (path := shutil.which(name))), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what lies in tests/e2e, and begin with it: they are the longest pieces, and one worker takes them in their order.

    So each of their servers is started once (`--dist worksteal` gives every worker a piece of the list, as it is).
    """
    e2e = Path(__file__).parent / "e2e"
    for item in items:
        if item.path.is_relative_to(e2e):
            item.add_marker(pytest.mark.e2e)
    items.sort(key=lambda item: item.get_closest_marker("e2e") is None)


def pytest_collection_finish() -> None:
    """Keep modules and thousands of tests, which stay to the end, out of every later search for what nobody needs."""
    gc.collect()
    gc.freeze()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip browser tests where there is no browser, or fail them where one is required."""
    if item.get_closest_marker("e2e") and find_chromium() is None:
        if BROWSER_REQUIRED:
            pytest.fail(f"MNEMOSCOPE_REQUIRE_BROWSER=1 but {NO_BROWSER}", pytrace=False)
        pytest.skip(NO_BROWSER)


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Return the browser's path, for playwright's `executable_path`."""
    path = find_chromium()
    if path is None:
        pytest.fail(NO_BROWSER, pytrace=False)
    return path
