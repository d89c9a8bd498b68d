"""Our endpoint as a process of its own, and other people's clients told of it by the environment alone."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

ROOT = Path(__file__).resolve().parents[2]
# The clients live in an environment of their own, the server and the core in ours.
OURS = ROOT / ".venv" / "bin" / "python"
STARTS_WITHIN_S = 60
ACCESS_KEY, SECRET = "AKIDCLIENTS", "a/secret+of=ours"
REGION = "eu-central-1"
# The tag that our core adds to what a library wrote.
LABEL = "seen by us"
REQUIRED = os.environ.get("MNEMOSCOPE_REQUIRE_CLIENTS") == "1"
# `make test` has none of the clients: it collects nothing here.
collect_ignore_glob = [] if os.environ.get("MNEMOSCOPE_CLIENTS") == "1" else ["test_*.py"]


class Endpoint:
    """`python -m core serve` over a directory."""

    def __init__(self, folder: Path) -> None:
        self.store = folder / "store"
        self.log = folder / "server.log"
        command = [str(OURS), "-m", "core", "serve", "--store", str(self.store), "--port", "0"]
        command += ["--access-key", f"{ACCESS_KEY}:{SECRET}", "--verbose"]
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=_clean_environment(), stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT
            )
        self.url = self._wait()

    def _wait(self) -> str:
        until = time.monotonic() + STARTS_WITHIN_S
        while time.monotonic() < until and self.process.poll() is None:
            if found := re.search(r"(http://127\.0\.0\.1:\d+)\s", self.log.read_text()):
                return found[1]
            time.sleep(0.05)
        self.stop()
        pytest.fail(f"The endpoint did not start. It printed:\n{self.log.read_text()}", pytrace=False)

    def stop(self) -> None:
        """End the server."""
        self.process.terminate()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def opened(self, bucket: str, index: str, *, dimension: int) -> dict[str, Any]:
        """Return what our core makes of an index, over the endpoint as well; it adds a tag to every memory (opened.py)."""
        uri = f"s3vectors://{bucket}?region={REGION}&endpoint_url={self.url}"
        command = [str(OURS), "-m", "tests.clients.opened", uri, index, str(dimension), LABEL]
        environment = _clean_environment() | {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET}
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


def _clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Add the end of the server's log to the report of a test that failed."""
    report = yield
    server = getattr(item, "funcargs", {}).get("endpoint")
    if report.failed and isinstance(server, Endpoint):
        report.sections.append((f"log of {server.url}", server.log.read_text()[-3_000:]))
    return report


@pytest.fixture(scope="session", autouse=True)
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """Start the server and set the environment that every client reads; nothing else tells them where to go."""
    server = Endpoint(tmp_path_factory.mktemp("endpoint"))
    nowhere = str(tmp_path_factory.mktemp("home") / "none")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        told = {
            "AWS_ENDPOINT_URL_S3VECTORS": server.url,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_CONFIG_FILE": nowhere,
            "AWS_SHARED_CREDENTIALS_FILE": nowhere,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        for name, value in told.items():
            patch.setenv(name, value)
        yield server
    server.stop()


@pytest.fixture(scope="session")
def new_bucket() -> Callable[[], str]:
    """Return what makes a bucket, as an operator does before an application starts."""
    import boto3

    def make() -> str:
        name = f"bucket-{uuid4().hex[:12]}"
        boto3.client("s3vectors").create_vector_bucket(vectorBucketName=name)
        return name

    return make


@pytest.fixture(scope="module")
def bucket(new_bucket: Callable[[], str]) -> str:
    """Return a bucket of this module's own."""
    return new_bucket()


@pytest.fixture
def index_name() -> str:
    """Return a name that no index has."""
    return f"index-{uuid4().hex[:12]}"
