"""Who may do what, by core and by command: a viewer previews, a reviewer retires and takes back, an admin erases."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from core.access import LOCAL_ADMIN, Actor, Role
from core.candidates import Mode
from core.config import open_catalog
from core.curation.deletion import plan_deletion
from core.curation.desk import Desk, open_desk
from core.curation.golden import GoldenQuery, golden_of
from core.curation.plan import Plan
from core.errors import NotAllowedError
from core.models.embedding import HashingEmbedder
from core.scope import Scope
from tests.core.commandline import CommandLine
from tests.core.curation.desks import ADA, ANN, BOB, VERA, make_catalog, make_plan, make_records, put
from tests.core.memory_builders import NOW, make_memory

# An admin, but of another tenant than the index's.
EVE = Actor("eve", Role.ADMIN, tenants=frozenset({"globex"}))
ACTORS = {"viewer": VERA, "reviewer": ANN, "another reviewer": BOB, "admin": ADA, "admin of another tenant": EVE}


@dataclass(frozen=True)
class Scene:
    """An index of a tenant from which ann retired k0; and an erasure of k1."""

    desk: Desk
    retiring: Plan
    erasing: Plan


@pytest.fixture
def scene(tmp_path: Path) -> Any:
    with closing(make_catalog(tmp_path)) as catalog:
        store = catalog.create("team", actor=LOCAL_ADMIN, tenant="acme")
        store.records.put(make_records(4), actor=LOCAL_ADMIN)
        desk = open_desk(store)
        desk.apply(deletion(desk, "k0", ANN, plan_id="anns"), actor=ANN, measured=False)
        desk.keep(deletion(desk, "k3", ANN, plan_id="kept"), actor=ANN)
        yield Scene(desk, deletion(desk, "k2", ADA), deletion(desk, "k1", ADA, plan_id="erase", erase=True))


def deletion(desk: Desk, key: str, actor: Actor, *, plan_id: str = "mine", erase: bool = False) -> Plan:
    return plan_deletion(desk.store, [key], actor=actor, now=NOW, plan_id=plan_id, erase=erase)


def applied(scene: Scene, plan: Plan, actor: Actor) -> None:
    report = scene.desk.apply(plan, actor=actor, measured=False, confirmation=scene.desk.confirmation_for(plan))
    assert report.complete


DEEDS: dict[str, tuple[Callable[[Scene, Actor], Any], set[str]]] = {
    "plan": (lambda s, a: deletion(s.desk, "k2", a), {"viewer", "reviewer", "another reviewer", "admin"}),
    "preflight": (lambda s, a: s.desk.preflight(s.retiring, actor=a), {"viewer", "reviewer", "another reviewer", "admin"}),
    "history": (lambda s, a: s.desk.history(actor=a), {"viewer", "reviewer", "another reviewer", "admin"}),
    "changes": (lambda s, a: s.desk.changes_of("anns", actor=a), {"viewer", "reviewer", "another reviewer", "admin"}),
    "plan an undo": (lambda s, a: s.desk.undo_plan("anns", actor=a), {"viewer", "reviewer", "another reviewer", "admin"}),
    "plan a restore": (
        lambda s, a: s.desk.restore_plan(NOW, actor=a, scope=Scope()),
        {"viewer", "reviewer", "another reviewer", "admin"},
    ),
    "keep": (lambda s, a: s.desk.keep(s.retiring, actor=a), {"reviewer", "another reviewer", "admin"}),
    "discard": (lambda s, a: s.desk.discard("kept", actor=a), {"reviewer", "admin"}),
    "put": (
        lambda s, a: applied(s, make_plan(s.desk, put("new", make_records(1)["k0"])), a),
        {"reviewer", "another reviewer", "admin"},
    ),
    "retire": (lambda s, a: applied(s, s.retiring, a), {"reviewer", "another reviewer", "admin"}),
    "undo": (lambda s, a: applied(s, s.desk.undo_plan("anns", actor=ANN), a), {"reviewer", "admin"}),
    "erase": (lambda s, a: applied(s, s.erasing, a), {"admin"}),
    "approve": (lambda s, a: s.desk.approve(s.erasing, actor=a), {"admin"}),
    "recover": (lambda s, a: s.desk.recover(actor=a), {"reviewer", "another reviewer", "admin"}),
}


@pytest.mark.parametrize("who", ACTORS)
@pytest.mark.parametrize("deed", DEEDS)
def test_core_lets_each_role_do_its_own(scene: Scene, deed: str, who: str) -> None:
    act, allowed = DEEDS[deed]
    before = set(scene.desk.store.records.get(["k0", "k1", "k2", "k3", "new"], actor=LOCAL_ADMIN))
    if who in allowed:
        act(scene, ACTORS[who])
        return
    with pytest.raises(NotAllowedError, match=ACTORS[who].name):
        act(scene, ACTORS[who])
    assert set(scene.desk.store.records.get(["k0", "k1", "k2", "k3", "new"], actor=LOCAL_ADMIN)) == before


ANYBODY = {"vera:viewer", "ann:reviewer", "bob:reviewer", "ada:admin"}
REVIEWERS = ANYBODY - {"vera:viewer"}
# She does not see the index, and is told of nothing in it.
STRANGER = "eve:admin:globex"
COMMANDS: dict[str, tuple[list[str], set[str]]] = {
    "recall": (["recall", "report"], ANYBODY),
    "context": (["context", "report"], ANYBODY),
    "stats": (["stats", "--index", "team"], ANYBODY),
    "export": (["export", "--index", "team"], ANYBODY),
    "plan": (["plan", "delete", "a2"], ANYBODY),
    "plan --keep": (["plan", "delete", "a2", "--keep"], REVIEWERS),
    "preflight": (["preflight", "kept"], ANYBODY),
    "golden list": (["golden", "list"], ANYBODY),
    "golden run": (["golden", "run"], ANYBODY),
    "golden add": (["golden", "add", "report", "--expect", "a2"], REVIEWERS),
    "golden remove": (["golden", "remove", "late"], REVIEWERS),
    "sweep --dry-run": (["sweep", "--dry-run"], ANYBODY),
    "sweep": (["sweep", "--yes"], ANYBODY),  # nothing is due, so nothing is refused
    "approve": (["approve", "kept"], {"ada:admin"}),
    "apply": (["apply", "kept", "--yes"], REVIEWERS),
    "restore --dry-run": (["restore", "--as-of", "2020-01-01", "--dry-run"], ANYBODY),
    "restore": (["restore", "--as-of", "2020-01-01", "--yes"], {"ann:reviewer", "ada:admin"}),
    "undo --dry-run": (["undo", "anns", "--dry-run"], ANYBODY),
    "journal list": (["journal", "list"], ANYBODY | {STRANGER}),
    "journal verify": (["journal", "verify"], ANYBODY | {STRANGER}),
    "import --dry-run": (["import", "FILE", "--index", "team", "--dry-run"], ANYBODY | {STRANGER}),
    "remember": (["remember", "Tuesday."], REVIEWERS),
    "import": (["import", "FILE", "--index", "team"], REVIEWERS),
    "forget": (["forget", "a2", "--yes"], REVIEWERS),
    "undo": (["undo", "anns", "--yes"], {"ann:reviewer", "ada:admin"}),
    "forget --erase": (["forget", "a2", "--erase", "--confirm", "erase 1 memory"], {"ada:admin"}),
    "index create": (["index", "create", "fresh"], {"ada:admin"}),
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the directory of a tenant's store from which ann retired a1."""
    directory = tmp_path_factory.mktemp("roles") / "store"
    with closing(open_catalog(directory, embedder_factory=HashingEmbedder)) as catalog:
        store = catalog.create("team", actor=LOCAL_ADMIN, tenant="acme")
        store.write([make_memory(key, "The report is late.") for key in ("a1", "a2")], actor=LOCAL_ADMIN)
        open_desk(store).apply(deletion(open_desk(store), "a1", ANN, plan_id="anns"), actor=ANN, measured=False)
        open_desk(store).keep(deletion(open_desk(store), "a2", ADA, plan_id="kept"), actor=ADA)
        golden_of(store, actor=ADA).save(GoldenQuery("late", "zebra", forbidden=("a9",), mode=Mode.TEXT))
    return directory


@pytest.mark.parametrize("who", [*sorted(ANYBODY), STRANGER])
@pytest.mark.parametrize("command", COMMANDS)
def test_commands_let_each_role_do_its_own(
    run: CommandLine, file: Path, built: Path, monkeypatch: pytest.MonkeyPatch, command: str, who: str
) -> None:
    shutil.copytree(built, run.store)
    monkeypatch.setenv("MNEMOSCOPE_ACTOR", who)
    given, allowed = COMMANDS[command]
    ran = run(*(str(file) if part == "FILE" else part for part in given))
    assert ran.code == (0 if who in allowed else 2), ran
    assert who != STRANGER or "report is late" not in ran.out + ran.err
    if who not in allowed:
        with closing(open_catalog(run.store)) as catalog:
            store = catalog.open("team", actor=LOCAL_ADMIN)
            assert [memory.key for memory in store.memories(actor=LOCAL_ADMIN)] == ["a2"]
            assert len(open_desk(store).history(actor=LOCAL_ADMIN)) == 1


def test_an_actor_that_is_none_is_refused_at_once(filled: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNEMOSCOPE_ACTOR", "ann:owner")
    ran = filled("recall", "report")
    assert (ran.code, "NAME:ROLE" in ran.err) == (2, True)
