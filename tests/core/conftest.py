"""What several files share: the command line over a store of its own, an engine, a remote service, a clock."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.vectors.embedded import EmbeddedClient
from tests.core.builders import make_client
from tests.core.commandline import CommandLine, rows_file
from tests.core.sdk_models import share_models
from tests.core.snapshot_builders import Clock, Service

share_models()


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedClient]:
    client = make_client(tmp_path_factory.mktemp("store"))
    yield client
    client.close()


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    made = Service(tmp_path / "service")
    yield made
    made.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> CommandLine:
    return CommandLine(tmp_path, monkeypatch, capfd)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return rows_file(tmp_path)


@pytest.fixture
def filled(run: CommandLine, file: Path) -> CommandLine:
    assert run("import", str(file), "--index", "team").code == 0
    return run
