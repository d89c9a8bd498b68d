"""Maps of a server with its real worker: shared, kept, placed, laid out anew, stopped, killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from core.access import LOCAL_ADMIN, Actor, Role
from core.errors import ConfigError, NotAllowedError
from core.maps import DEFAULT, MapParameters, Maps, MapState, maps_directory
from core.maps.forgetting import forget_memories
from core.maps.keeping import KeptMaps
from core.maps.memory import MEMORY_VARIABLE
from core.maps.process import WORKER_VARIABLE
from core.snapshots.keeping import key_of
from tests.core.maps.builders import NOW, WAIT_S, make_kept, make_snapshot, make_store, make_vectors

ROOT = Path(__file__).resolve().parents[3]
# So many that their neighbours are not found at once.
MANY = 12_000


@pytest.fixture
def store(tmp_path):
    return make_store(tmp_path)


@pytest.fixture(scope="module")
def maps():
    """Maps whose worker is started when it is needed, and again when a test killed it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(WORKER_VARIABLE, "asked")
        made = Maps()
        yield made
        made.close()


def finished(maps: Maps, store, snapshot, **options) -> MapState:
    return maps.look(store, snapshot, actor=LOCAL_ADMIN, wait_s=WAIT_S, **options)


def at_work(maps: Maps, store, snapshot) -> int:
    """Begin a map that takes long and return the process that is at it."""
    state = maps.look(
        store, snapshot, actor=LOCAL_ADMIN, wait_s=WAIT_S, until=lambda state: state.stage in ("neighbours", "failed")
    )
    assert state.stage == "neighbours", state
    pid = maps.pid
    assert pid is not None
    return pid


def gone(pid: int) -> bool:
    """Say whether a process is no more, or only waits to be asked how it ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def wait_until_gone(pid: int) -> bool:
    pause = threading.Event()
    return any(gone(pid) or pause.wait(0.02) for _ in range(1_500))


def test_a_map_from_its_first_picture_to_a_restart(store, maps, tmp_path):
    """The one real fit: it parts the groups, is shared, kept, placed upon, and laid out anew near where it was."""
    vectors = make_vectors(400)
    snapshot = make_snapshot(vectors)
    first = maps.look(store, snapshot, actor=LOCAL_ADMIN, wait_s=WAIT_S, until=lambda state: state.coords is not None)
    assert (first.method, first.final, first.running) == ("pca", False, True)
    found: list[MapState] = []
    sessions = [threading.Thread(target=lambda: found.append(finished(maps, store, snapshot))) for _ in range(2)]
    for session in sessions:
        session.start()
    for session in sessions:
        session.join()
    assert found[0].coords is found[1].coords
    assert maps.orders == 1
    state = found[0]
    assert (state.stage, state.method, state.final, state.progress, state.problem) == ("done", "umap", True, 1.0, "")
    assert state.coords.shape == (400, 2)
    assert (state.coords.min(), state.coords.max()) == (0.0, 1.0)
    assert not state.coords.flags.writeable
    assert state.quality.trustworthiness > 0.9
    groups = np.stack([state.coords[group::4].mean(axis=0) for group in range(4)])
    nearest = np.linalg.norm(state.coords[:, None] - groups, axis=2).argmin(axis=1)
    assert (nearest == np.arange(400) % 4).mean() > 0.98
    assert [len(view.infos) for view in state.clusters.values()] == [view.clusters.count for view in state.clusters.values()]
    assert not list((tmp_path / ".cache" / "maps" / "work").glob("*/")), "what the worker was given is still there"

    restarted = Maps(start=lambda: pytest.fail("a kept map needs no worker"))
    again = finished(restarted, store, snapshot)
    assert np.array_equal(again.coords, state.coords)
    assert (again.stage, again.quality, restarted.orders) == ("done", state.quality, 0)
    restarted.close()
    elsewhere = finished(maps, make_store(tmp_path / "other"), snapshot)
    assert np.array_equal(elsewhere.coords, state.coords), "the same memories have another map elsewhere"

    more = make_snapshot(np.concatenate([vectors, vectors[:12] + 0.01]), revision="2")
    placed = finished(maps, store, more)
    assert (placed.placed, placed.final, len(placed.neighbours)) == (12, True, 412)
    assert np.array_equal(placed.coords[:400], state.coords)
    assert np.median(np.linalg.norm(placed.coords[400:] - state.coords[:12], axis=1)) < 0.02

    many = make_snapshot(np.concatenate([vectors, make_vectors(24, seed=5)]), revision="3")
    between = maps.look(store, many, actor=LOCAL_ADMIN, wait_s=WAIT_S, until=lambda state: state.coords is not None)
    assert (between.method, between.final, between.placed) == ("umap", False, 24)
    anew = finished(maps, store, many)
    assert (anew.placed, anew.final) == (0, True)
    assert np.median(np.linalg.norm(anew.coords[:400] - state.coords, axis=1)) <= 0.05


@pytest.mark.parametrize("count", [pytest.param(count, id=f"{count} memories") for count in (0, 1, 2, 5)])
def test_few_memories_have_a_map_too(store, maps, count):
    state = finished(maps, store, make_snapshot(make_vectors(count)))
    assert (state.stage, state.final, state.coords.shape) == ("done", True, (count, 2)), state.problem
    assert np.isfinite(state.coords).all()


def test_an_erased_memory_is_in_no_map_from_then_on(store, maps, tmp_path):
    vectors = make_vectors(4)
    finished(maps, store, make_snapshot(vectors))
    (file,) = tmp_path.rglob("*.map")
    before = file.read_bytes()
    forget_memories(tmp_path / ".cache" / "maps", store.info.arn, ["m000003"])
    assert len(file.read_bytes()) < len(before)


def test_a_worker_that_is_killed_says_so_and_can_be_started_again(store, maps):
    snapshot = make_snapshot(make_vectors(MANY, dimension=64))
    os.kill(at_work(maps, store, snapshot), signal.SIGKILL)
    state = finished(maps, store, snapshot)
    assert state.stage == "failed"
    assert "ended by signal 9" in state.problem
    assert "start it again" in state.problem
    assert state.coords is not None, "the first picture stays"
    assert finished(maps, store, snapshot).stage == "failed", "nothing is begun again by looking"
    maps.refit(store, snapshot, actor=LOCAL_ADMIN)
    pid = at_work(maps, store, snapshot)
    assert not gone(pid)

    maps.cancel(store, actor=LOCAL_ADMIN)
    stopped = finished(maps, store, snapshot)
    assert (stopped.stage, stopped.problem) == ("cancelled", "")
    assert wait_until_gone(pid)
    assert finished(maps, store, make_snapshot(snapshot.vectors(), revision="2")).stage == "cancelled"


def test_a_worker_that_died_idle_costs_nobody_a_map(store, maps):
    small = make_snapshot(make_vectors(2))
    assert finished(maps, store, small, parameters=MapParameters(dims=3)).stage == "done"
    os.kill(maps.pid, signal.SIGKILL)
    other = make_snapshot(make_vectors(2, seed=3), revision="2")
    assert finished(maps, store, other, parameters=MapParameters(dims=3)).stage == "done"


def test_a_server_imports_nothing_of_the_optional_part_and_its_worker_ends_with_it(tmp_path):
    program = (
        "import sys\nfrom tests.core.maps.builders import *\nfrom core.maps import MapParameters, Maps\n"
        f"maps, store = Maps(), make_store(Path({str(tmp_path)!r}))\n"
        "solid, small = MapParameters(dims=3), make_snapshot(make_vectors(4))\n"
        "print(maps.look(store, small, solid, actor=LOCAL_ADMIN, wait_s=WAIT_S).stage)\n"
        f"snapshot = make_snapshot(make_vectors({MANY}, dimension=64))\n"
        "maps.look(store, snapshot, actor=LOCAL_ADMIN, wait_s=WAIT_S, until=lambda state: state.stage == 'neighbours')\n"
        "print(*sorted({'umap', 'numba', 'sklearn', 'hdbscan', 'scipy', 'pynndescent'} & set(sys.modules)))\n"
        "print(maps.pid, flush=True)\nsys.stdin.read()\n"
    )
    server = subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=os.environ | {WORKER_VARIABLE: "asked"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with server:
        assert [server.stdout.readline().strip() for _ in range(2)] == ["done", ""]
        pid = int(server.stdout.readline())
        assert not gone(pid)
        server.kill()
        server.wait()
    assert wait_until_gone(pid)
    work = tmp_path / ".cache" / "maps" / "work"
    assert {file.name for file in work.glob("*/*")} <= {"held"}, "memories lie there after a kill"


def test_a_worker_that_takes_too_much_memory_is_ended(store, monkeypatch):
    monkeypatch.setenv(WORKER_VARIABLE, "asked")
    monkeypatch.setenv(MEMORY_VARIABLE, "60")
    maps = Maps()
    state = finished(maps, store, make_snapshot(make_vectors(MANY, dimension=64)))
    maps.close()
    assert state.stage == "failed"
    assert f"allow more with {MEMORY_VARIABLE}" in state.problem


def test_a_session_with_older_memories_does_not_take_the_map_back_to_them(store, tmp_path):
    vectors = make_vectors(40)
    older = make_snapshot(vectors)
    keys = older.frame["key"].tolist()
    newer = replace(make_snapshot(vectors[::-1], keys=keys[::-1], revision="2"), taken_at=NOW + timedelta(seconds=1))
    KeptMaps(maps_directory(store)).save(key_of(store), DEFAULT, make_kept(vectors), erasures=0)
    maps = Maps(start=lambda: pytest.fail("a kept map needs no worker"))
    first, second = finished(maps, store, older), finished(maps, store, newer)
    assert np.array_equal(second.coords, first.coords[::-1])
    again = finished(maps, store, older)
    assert again.coords is first.coords
    assert again.serial != first.serial, "its page is not told that there is something new"
    assert finished(maps, store, newer).coords is second.coords
    maps.close()


def test_who_may_not_read_an_index_sees_no_map_of_it(tmp_path, maps):
    secret = make_store(tmp_path, name="user-memory-acme")
    stranger = Actor("mallory", Role.VIEWER, tenants=frozenset({"globex"}))
    snapshot = make_snapshot(make_vectors(3))
    before = maps.orders
    for call in (
        lambda: maps.look(secret, snapshot, actor=stranger),
        lambda: maps.cancel(secret, actor=stranger),
        lambda: maps.refit(secret, snapshot, actor=stranger),
    ):
        with pytest.raises(NotAllowedError):
            call()
    assert maps.orders == before


def test_without_a_worker_there_is_a_first_picture_and_the_reason(store, monkeypatch):
    monkeypatch.setenv(WORKER_VARIABLE, "off")
    maps = Maps()
    maps.warm()
    assert maps.pid is None
    state = finished(maps, store, make_snapshot(make_vectors(30)))
    maps.close()
    assert (state.stage, state.method, state.missing) == ("failed", "pca", False)
    assert "MNEMOSCOPE_MAP_WORKER=off" in state.problem
    monkeypatch.setenv(WORKER_VARIABLE, "sometimes")
    assert "use one of" in finished(Maps(), store, make_snapshot(make_vectors(30))).problem


def test_a_snapshot_without_vectors_is_refused(store, maps):
    bare = make_snapshot(make_vectors(3))
    object.__setattr__(bare, "matrix", None)
    with pytest.raises(ConfigError, match="without vectors"):
        maps.look(store, bare, actor=LOCAL_ADMIN)
