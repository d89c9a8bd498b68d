"""The laws of the machine over random histories: on the embedded engine, and through HTTP as with S3 Vectors itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import settings

from core.vectors.embedded import EmbeddedClient
from tests.core.curation.machine import CurationMachine
from tests.core.curation.stepping import Workbench
from tests.core.endpoints import aws_client


class _Shared:
    """A client that several benches have: closing one of them leaves it open."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def close(self) -> None:
        return None


class OnTheEngine(CurationMachine):
    def make_benches(self, directory: Path) -> list[Workbench]:
        return [Workbench(EmbeddedClient(directory), directory, ids=name) for name in ("ann", "bob")]


class OverHttp(CurationMachine):
    def make_benches(self, directory: Path) -> list[Workbench]:
        self.client = aws_client(directory / "service")
        shared: Any = _Shared(self.client)
        return [Workbench(shared, directory, uri="s3vectors://memories", ids=name) for name in ("ann", "bob")]

    def release(self) -> None:
        self.client.close()


TestOnTheEngine = OnTheEngine.TestCase
TestOnTheEngine.settings = settings(max_examples=60, stateful_step_count=20)
TestOverHttp = OverHttp.TestCase
TestOverHttp.settings = settings(max_examples=6, stateful_step_count=15)
