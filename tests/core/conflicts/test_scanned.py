"""A scan of an index into its inbox, again and again; one memory on its way in; the commands; the demo world."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from core.access import LOCAL_ADMIN, Actor, Role
from core.curation.conflicts.candidates import Bounds, candidates
from core.curation.conflicts.card import Resolution, Standing
from core.curation.conflicts.inbox import open_inbox
from core.curation.conflicts.measuring import save_threshold
from core.curation.conflicts.queue import CardFilter
from core.curation.conflicts.scanned import scan_index
from core.curation.conflicts.scanning import ScanOrder
from core.curation.conflicts.writing_check import conflicts_on_write
from core.curation.desk import open_desk
from core.demo.vectors import PackagedVectors
from core.demo.world import build
from core.errors import ConfigError, ModelError, NotAllowedError
from core.memory import Memory
from core.models.embedding import default_embedder
from core.models.judge import JudgedPair, Judgement
from core.store import MemoryStore
from tests.core.commandline import CommandLine
from tests.core.conflicts.frames import DigitJudge, Said, frame_of
from tests.core.memory_builders import DAY, NOW, make_catalog, make_memory, make_store

WIDE = Bounds(cosine=0.1, promise=0.1)
ORDER = ScanOrder(bounds=WIDE, samples=0)


def said(key: str, number: int, thing: str = "nightly import keeps {} backups", **more: object) -> Memory:
    return make_memory(key, f"The {thing.format(number)} on disk.", **({"agent_id": key} | more))


@pytest.fixture
def store(tmp_path: Path) -> MemoryStore:
    other = "invoice limit of the shop is {} euros"
    return make_store(tmp_path, said("a", 30), said("b", 14), said("c", 5, other), said("d", 6, other, team_id="beta"))


def found(store: MemoryStore, **more: object) -> tuple[int, int, int]:
    """Scan, and return how many pairs were judged, cards found and new."""
    report = scan_index(store, DigitJudge(), actor=LOCAL_ADMIN, now=NOW, order=ORDER, **more)  # type: ignore[arg-type]
    return report.judged, report.found, report.new


def standings(store: MemoryStore) -> list[Standing]:
    cards = open_inbox(store).queue(actor=LOCAL_ADMIN, only=CardFilter(standing=tuple(Standing)))
    return [entry.standing for entry in cards.entries]


def test_scans_follow_each_other(store: MemoryStore) -> None:
    assert found(store, dry_run=True)[1:] == (1, 0)
    judged, *cards = found(store)
    assert (judged > 0, cards, found(store)) == (True, [1, 1], (0, 0, 0))
    assert found(store, full=True) == (judged, 1, 0)
    store.write([said("d", 6, "invoice limit of the shop is {} euros")], actor=LOCAL_ADMIN)  # now of the same team
    assert found(store)[1:] == (1, 1)
    store.write([said("b", 30)], actor=LOCAL_ADMIN)  # now says the same as the other
    assert found(store)[1:] == (0, 0)
    assert sorted(standings(store)) == [Standing.CLOSED, Standing.OPEN]


def test_what_was_dismissed_is_not_asked_again(store: MemoryStore, tmp_path: Path) -> None:
    found(store)
    inbox = open_inbox(store)
    (entry,) = inbox.queue(actor=LOCAL_ADMIN).entries
    inbox.decide(entry.card.id, Resolution.NOT_A_CONFLICT, actor=LOCAL_ADMIN, why="two disks")
    again = make_catalog(tmp_path).open("agents", actor=LOCAL_ADMIN)  # as after a restart
    assert found(again, full=True)[1:] == (1, 0)
    again.write([said("other key", 30, agent_id="a")], actor=LOCAL_ADMIN)  # as after an import
    assert found(again)[2] == 0
    assert standings(again) == [Standing.DECIDED]
    again.write([said("b", 15)], actor=LOCAL_ADMIN)  # another text is another question
    assert found(again)[2] == 1


def test_only_who_may_write_fills_the_inbox(store: MemoryStore) -> None:
    viewer = Actor("eve", Role.VIEWER)
    with pytest.raises(NotAllowedError):
        scan_index(store, DigitJudge(), actor=viewer, now=NOW)
    assert scan_index(store, DigitJudge(), actor=viewer, now=NOW, order=ORDER, dry_run=True).found == 1
    with pytest.raises(ConfigError, match="at most 2 fit"):
        scan_index(store, DigitJudge(), actor=LOCAL_ADMIN, now=NOW, most=2)


class FailingJudge(DigitJudge):
    """A model elsewhere that answers so many times and then no more."""

    tag = "cues/1+bedrock:model/1"

    def __init__(self, answers: int) -> None:
        super().__init__()
        self.answers = answers

    def judge(self, pairs: Sequence[JudgedPair]) -> list[Judgement]:
        self.answers -= 1
        if self.answers < 0:
            raise ModelError("The model is busy.")
        return super().judge(pairs)


def test_what_a_judge_said_before_it_failed_is_kept(store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.curation.conflicts.scanning._BATCH", 1)
    with pytest.raises(ModelError):
        scan_index(store, FailingJudge(0), actor=LOCAL_ADMIN, now=NOW, order=ORDER)
    parts = [scan_index(store, FailingJudge(1), actor=LOCAL_ADMIN, now=NOW, order=ORDER) for _ in range(20)]
    whole = scan_index(store, FailingJudge(99), actor=LOCAL_ADMIN, now=NOW, order=ORDER, full=True, dry_run=True)
    assert parts[0].failed
    assert parts[0].stopped == "The model is busy. What was judged is kept: the next scan goes on with what is left."
    assert (parts[-1].stopped, parts[-1].left) == (None, 0)
    assert whole.judged > 1
    assert sum(each.judged for each in parts) == whole.judged, "each pair was asked about once"
    assert sum(each.new for each in parts) == whole.found == 1


def test_a_model_elsewhere_is_asked_for_who_may_write_alone(store: MemoryStore) -> None:
    viewer, memory = Actor("eve", Role.VIEWER), said("new", 7)
    vector, judge = store.embed(memory.content, actor=viewer), FailingJudge(0)
    with pytest.raises(NotAllowedError, match="bedrock:model"):
        scan_index(store, judge, actor=viewer, now=NOW, order=ORDER, dry_run=True)
    with pytest.raises(NotAllowedError, match="bedrock:model"):
        conflicts_on_write(store, memory, vector, judge=judge, actor=viewer, now=NOW, bounds=WIDE)


def test_ctrl_c_keeps_what_was_judged(filled: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in (30, 14, 7):
        text = f"The nightly import keeps {number} backups on disk."
        assert filled("remember", text, "--index", "team", "--agent", f"a{number}", "--team", "alpha").code == 0

    class Interrupting(DigitJudge):
        def judge(self, pairs: Sequence[JudgedPair]) -> list[Judgement]:
            os.kill(os.getpid(), signal.SIGINT)
            return super().judge(pairs)

    monkeypatch.setattr("core.curation.conflicts.scanning._BATCH", 1)
    monkeypatch.setattr("core.models.judges.choice.judge_of", lambda name: Interrupting())
    first = filled("conflicts", "scan", "--index", "team", "--threshold", "0.01", "--json")
    assert (first.code, first.json["judged"]) == (1, 1)
    assert first.json["stopped"] == "It was stopped: the next scan goes on with what is left."
    assert filled("conflicts", "scan", "--index", "team", "--threshold", "0.01", "--json").json["left"] < first.json["left"]


def test_the_threshold_that_was_chosen_holds(store: MemoryStore) -> None:
    """A pair of 30 and 14 clashes with 0.76 under this judge."""
    inbox, documents = open_inbox(store), open_desk(store).ledger.documents

    def choose(value: float | None) -> None:
        save_threshold(store, documents, DigitJudge.tag, value, actor=LOCAL_ADMIN, now=NOW)

    choose(0.9)
    memory = said("new", 7)
    near = {"judge": DigitJudge(), "actor": LOCAL_ADMIN, "now": NOW, "bounds": WIDE}
    vector = store.embed(memory.content, actor=LOCAL_ADMIN)
    assert (found(store)[1], conflicts_on_write(store, memory, vector, **near)) == (0, [])  # type: ignore[arg-type]
    choose(0.5)
    assert found(store)[1:] == (1, 1), "what was judged by a higher threshold is judged again"
    assert found(store)[0] == 0
    assert len(conflicts_on_write(store, memory, vector, **near)) == 2  # type: ignore[arg-type]
    choose(0.9)
    assert (inbox.queue(actor=LOCAL_ADMIN).total, inbox.disputed(actor=LOCAL_ADMIN)) == (0, {})
    assert standings(store) == [Standing.OPEN]
    assert found(store)[0] == 0
    choose(None)
    assert (inbox.queue(actor=LOCAL_ADMIN).total, len(inbox.disputed(actor=LOCAL_ADMIN))) == (1, 2)
    assert found(store)[0] == 0, "and what was judged by a lower one is not"


KEPT = (Resolution.KEEP_LEFT, Resolution.KEEP_RIGHT, Resolution.BOTH_VALID, Resolution.NOT_A_CONFLICT)


@pytest.mark.parametrize("resolution", KEPT)
def test_a_resolution_that_is_remembered_is_no_new_conflict(store: MemoryStore, resolution: Resolution) -> None:
    found(store)
    inbox = open_inbox(store, second_looks=0.0)
    (entry,) = inbox.queue(actor=LOCAL_ADMIN).entries
    inbox.decide(entry.card.id, resolution, actor=LOCAL_ADMIN, remember=True)
    assert [each.settling for each in inbox.settle(actor=LOCAL_ADMIN)] == ["settled"]
    (told,) = [memory for memory in store.memories(actor=LOCAL_ADMIN) if memory.source == "conflict"]
    judge, both = DigitJudge(), {entry.card.left.text, entry.card.right.text}
    scan_index(store, judge, actor=LOCAL_ADMIN, now=NOW, order=ORDER, full=True)
    vector = store.embed(told.content, actor=LOCAL_ADMIN)
    conflicts_on_write(store, told, vector, judge=judge, actor=LOCAL_ADMIN, now=NOW, bounds=WIDE)
    asked = [{pair.left.text, pair.right.text} for pair in judge.seen]
    assert [pair for pair in asked if told.content in pair and pair & both] == []
    assert any(told.content in pair for pair in asked), "with what others say it is compared"


def test_a_card_rests_while_a_side_is_out_of_recall(store: MemoryStore) -> None:
    found(store)
    store.write([said("b", 14, extra={"mnemoscope_status": "quarantined"})], actor=LOCAL_ADMIN)
    found(store)
    assert standings(store) == [Standing.CLOSED]
    store.write([said("b", 14)], actor=LOCAL_ADMIN)
    assert found(store)[1:] == (1, 0)
    assert standings(store) == [Standing.OPEN]


def test_time_that_is_over_is_said_and_the_next_scan_goes_on(store: MemoryStore) -> None:
    done = [0.0]  # at 0.4 the search has ended
    timed = {"seconds_left": lambda: 0.0 if done[-1] >= 0.4 else 9.0, "progress": done.append}
    report = scan_index(store, DigitJudge(), actor=LOCAL_ADMIN, now=NOW, order=ORDER, **timed)
    assert report.stopped is not None
    assert "the next scan goes on" in report.stopped
    assert report.found + found(store)[1] == 1


@pytest.mark.parametrize(
    ("memory", "others"),
    [
        pytest.param(said("new", 7), {"a", "b"}, id="another number"),
        pytest.param(said("new", 30), {"b"}, id="said already"),
        pytest.param(said("a", 7), {"b"}, id="in its own place"),
        pytest.param(said("new", 7, team_id="beta"), set(), id="another team"),
        pytest.param(said("new", 7, team_id=None), {"a", "b"}, id="nobody's"),
        pytest.param(make_memory("new", " "), set(), id="empty"),
        pytest.param(make_memory("new", "\ud800 7"), set(), id="a lone surrogate"),
    ],
)
def test_a_memory_is_checked_on_its_way_in(store: MemoryStore, memory: Memory, others: set[str]) -> None:
    try:
        vector = store.embed(memory.content, actor=LOCAL_ADMIN)
    except (UnicodeEncodeError, ConfigError):
        vector = np.full(store.info.dimension, 0.05, np.float32)
    cards = conflicts_on_write(store, memory, vector, judge=DigitJudge(), actor=LOCAL_ADMIN, now=NOW, bounds=WIDE)
    assert {key for card in cards for key in (card.left.key, card.right.key)} - {memory.key} == others
    if cards and memory.key == "new":
        store.write([memory], actor=LOCAL_ADMIN)
        scan_index(store, DigitJudge(), actor=LOCAL_ADMIN, now=NOW, order=ORDER)
        raised = {card.id: card for card in open_inbox(store).register.cards()}
        for card in cards:
            same = raised[card.id]
            assert (card.left, card.right, card.why, card.judgement) == (same.left, same.right, same.why, same.judgement)


def test_hidden_and_expired_memories_are_not_checked_against(tmp_path: Path) -> None:
    over = said("b", 14, expires_at=NOW - timedelta(hours=1), created_at=NOW - 2 * DAY)
    store = make_store(tmp_path, said("a", 30, extra={"mnemoscope_status": "hidden"}), over)
    memory = said("new", 7)
    vector = store.embed(memory.content, actor=LOCAL_ADMIN)
    assert conflicts_on_write(store, memory, vector, judge=DigitJudge(), actor=LOCAL_ADMIN, now=NOW, bounds=WIDE) == []


def test_the_commands(filled: CommandLine) -> None:
    for text in ("The nightly import keeps 30 backups on disk.", "The nightly import keeps 14 backups on disk."):
        assert filled("remember", text, "--index", "team", "--agent", text[25:27], "--team", "alpha").code == 0
    scanned = filled("conflicts", "scan", "--index", "team", "--threshold", "0.01", "--json")
    assert (scanned.code, scanned.json["found"] > 0, scanned.json["new"] > 0) == (0, True, True)
    assert filled("sweep", "--policy", "conflicts", "--index", "team", "--json").json["judged"] == 0
    listed = filled("conflicts", "list", "--index", "team", "--json").json
    assert listed["total"] >= scanned.json["found"]
    assert {"id", "verdict", "clash", "left", "right", "why"} <= listed["cards"][0].keys()
    assert "possible conflicts" in filled("conflicts", "scan", "--index", "team", "--full", "--dry-run").out
    assert "cards." in filled("conflicts", "list", "--index", "team").out


def test_every_contradiction_of_the_demo_world_is_looked_at() -> None:
    world, embedder = build(NOW), PackagedVectors(default_embedder())
    for name, tenant in {(each.index, world.tenants.get(each.index)) for each in world.contradictions}:
        kept = world.indexes[name]
        told = [Said(m.key, m.content, m.agent_id, m.team_id, m.task_id, m.session_id, m.created_at) for m in kept]
        frame, _ = frame_of(told, vectors=False)
        matrix = embedder.embed([memory.content for memory in kept])
        seen = candidates(frame, matrix, now=None, tenant=tenant is not None)
        keys = frame["key"].tolist()
        pairs = {frozenset((keys[one], keys[other])) for one, other in zip(seen.first, seen.second, strict=True)}
        assert {frozenset((each.older, each.newer)) for each in world.contradictions if each.index == name} <= pairs
