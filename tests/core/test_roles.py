"""The roles of our policies, held by an endpoint that refuses everything else: every command that a role is for works."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from core.access import LOCAL_ADMIN
from core.analysis.snapshot import Snapshots
from core.config import open_catalog
from core.errors import AccessDeniedError
from core.models.embedding import HashingEmbedder
from core.operate.policies import actions
from core.vectors.embedded import EmbeddedClient
from core.vectors.server import RunningServer
from tests.core.commandline import CommandLine, rows_file
from tests.core.endpoints import KEY_ID, SECRET, as_somebody
from tests.core.memory_builders import make_memory


class Guarded:
    """A client that allows some operations, as AWS does: a filter, data or metadata need GetVectors too."""

    def __init__(self, client: EmbeddedClient, allowed: frozenset[str]) -> None:
        self._client, self._allowed = client, allowed
        self.asked: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        operation = "".join(part.title() for part in name.split("_"))
        if name in ("scan", "revision", "close"):
            return getattr(self._client, name)

        def call(**arguments: Any) -> Any:
            needed = {operation}
            if operation in ("QueryVectors", "ListVectors"):
                more = ("filter", "returnMetadata", "returnData")
                needed |= {"GetVectors"} if any(arguments.get(option) for option in more) else set()
            if operation == "CreateIndex" and arguments.get("tags"):
                needed.add("TagResource")
            self.asked |= needed
            if missing := needed - self._allowed:
                raise AccessDeniedError(f"not authorized to perform: s3vectors:{min(missing)}")
            return getattr(self._client, name)(**arguments)

        return call


READING = (
    ["stats"],
    ["stats", "--index", "team"],
    ["index", "list"],
    ["export", "--index", "team"],
    ["export", "--index", "team", "--vectors", "--agent", "planner"],
    ["recall", "report", "--index", "team"],
    ["recall", "report", "--index", "team", "--mode", "text", "--agent", "planner", "--since", "2020-01-01"],
    ["recall", "report", "--index", "team", "--mode", "vector", "--include-expired"],
    ["context", "report"],
)
CURATING = (
    ["remember", "Friday", "--index", "team", "--key", "new"],
    ["remember", "Monday", "--index", "team", "--key", "new", "--replace"],
    ["import", "FILE", "--index", "team"],
    ["forget", "new", "--index", "team", "--yes"],
)
AGENT = (
    ["remember", "Friday", "--index", "team", "--key", "new"],
    ["recall", "report", "--index", "team"],
    ["recall", "report", "--index", "team", "--team", "help", "--mode", "hybrid"],
    ["context", "report", "--index", "team", "--budget", "100"],
)
MANAGING = (
    ["index", "create", "fresh", "--tenant", "acme", "--scope", "short-term"],
    ["index", "delete", "fresh", "--yes"],
    ["import", "FILE", "--index", "another"],
)


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EmbeddedClient]:
    """Return an engine with one bucket, and in it the index `team` with one memory."""
    as_somebody(monkeypatch)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with closing(EmbeddedClient(tmp_path / "served")) as client:
        with RunningServer(client, access_keys={KEY_ID: SECRET}) as server:
            catalog = open_catalog(uri(server), embedder_factory=HashingEmbedder)
            memory = make_memory("a", content="The report is late.", agent_id="planner")
            catalog.create("team", actor=LOCAL_ADMIN).write([memory], actor=LOCAL_ADMIN)
            catalog.close()
        yield client


def uri(server: RunningServer) -> str:
    return f"s3vectors://my-bucket?endpoint_url={server.url}"


@pytest.mark.parametrize(
    ("role", "manage", "commands"),
    [
        pytest.param("read-only", False, READING, id="read-only"),
        pytest.param("curator", False, READING + CURATING, id="curator"),
        pytest.param("agent", False, AGENT, id="agent"),
        pytest.param("curator", True, MANAGING, id="curator-that-manages"),
    ],
)
def test_every_command_of_a_role_works_with_its_rights(
    engine: EmbeddedClient,
    run: CommandLine,
    tmp_path: Path,
    role: str,
    manage: bool,
    commands: tuple[list[str], ...],
) -> None:
    guarded = Guarded(engine, actions(role, manage_indexes=manage))
    file = str(rows_file(tmp_path))
    with RunningServer(guarded, access_keys={KEY_ID: SECRET}) as server:  # type: ignore[arg-type]
        for command in commands:
            ran = run(*(file if part == "FILE" else part for part in command), "--store", uri(server))
            assert ran.code == 0, (command, ran.err)
    assert len(guarded.asked) >= 5


def test_pages_look_at_a_snapshot_with_the_rights_to_read(engine: EmbeddedClient, tmp_path: Path) -> None:
    guarded = Guarded(engine, actions("read-only"))
    with (
        RunningServer(guarded, access_keys={KEY_ID: SECRET}) as server,  # type: ignore[arg-type]
        closing(open_catalog(uri(server), embedder_factory=HashingEmbedder)) as catalog,
    ):
        assert [bucket.name for bucket in catalog.buckets(actor=LOCAL_ADMIN)] == ["my-bucket"]
        store = catalog.open("team", actor=LOCAL_ADMIN)
        look = Snapshots(tmp_path / "snapshots").look(store, actor=LOCAL_ADMIN, wait_s=30, vectors=True)
        assert look.error is None
        assert look.snapshot is not None
        assert look.snapshot.frame["key"].tolist() == ["a"]


@pytest.mark.parametrize(
    ("role", "command", "right"),
    [
        ("read-only", ["remember", "x", "--index", "team"], "PutVectors"),
        ("read-only", ["forget", "a", "--index", "team", "--yes"], "DeleteVectors"),
        ("read-only", ["index", "create", "fresh"], "CreateIndex"),
        ("curator", ["index", "delete", "team", "--yes"], None),
        ("agent", ["export", "--index", "team"], "ListVectors"),
        ("agent", ["forget", "a", "--index", "team", "--yes", "--no-preflight", "tried"], "DeleteVectors"),
    ],
)
def test_what_a_role_may_not_ends_with_the_right_that_is_missing(
    engine: EmbeddedClient, run: CommandLine, role: str, command: list[str], right: str | None
) -> None:
    with RunningServer(Guarded(engine, actions(role)), access_keys={KEY_ID: SECRET}) as server:  # type: ignore[arg-type]
        ran = run(*command, "--store", uri(server))
    assert (ran.code, ran.out) == (2, "")
    assert f"s3vectors:{right}" in ran.err if right else "holds 1 memory" in ran.err
    assert "Traceback" not in ran.err
