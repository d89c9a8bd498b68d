"""Ranking goes by the decay rules that were saved for the index, and no recall fails or waits for want of them."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.access import LOCAL_ADMIN, Actor, Role
from core.curation.corpus import corpus_of
from core.curation.decay import DEFAULT_DECAY, DecayRules
from core.curation.desk import open_desk
from core.curation.in_force import InForce, RulesInForce, decay_in_force
from core.curation.journal import Document, Documents
from core.curation.lifecycle import DEFAULT_LIFECYCLE, Lifecycle, save_lifecycle
from core.curation.simulation import as_it_is
from core.errors import NotAllowedError, UnavailableError
from core.recall import Mode, RecallResult, recall
from core.scope import Scope
from core.store import MemoryStore
from tests.core.memory_builders import DAY, NOW, make_catalog, make_memory, make_store
from tests.core.test_simulation import same, simulated

QUICK = DecayRules({"semantic": 10.0}, floor=0.0)
STREAM = "b/agents"


class Told:
    """Documents that give what they are told to, and count how often they were asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.fault: Exception | None = None
        self.value: Any = replace(DEFAULT_LIFECYCLE, decay=QUICK).to_json()
        self.open = threading.Event()
        self.open.set()

    def get(self, stream: str, kind: str, name: str) -> Document | None:
        assert (stream, kind, name) == (STREAM, "policies", "lifecycle")
        self.asked += 1
        self.open.wait()
        if self.fault is not None:
            raise self.fault
        return None if self.value is None else Document(name, self.value, "1")

    def documents(self) -> Documents:
        return self  # type: ignore[return-value]


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def sure_store(directory: Path) -> MemoryStore:
    made = NOW - 20 * DAY
    return make_store(directory, make_memory("k", "The report is due.", confidence=0.8, created_at=made))


def confidence_in(found: RecallResult) -> tuple[float, str]:
    (part,) = (part for part in found.hits[0].parts if part.name == "confidence")
    return part.value, part.explanation


def test_a_recall_ranks_by_the_rules_that_were_saved(tmp_path: Path) -> None:
    store = sure_store(tmp_path)
    usual, said = confidence_in(recall(store, "report", actor=LOCAL_ADMIN, now=NOW))
    assert "a half-life of 180 days" in said
    save_lifecycle(store, open_desk(store).ledger.documents, Lifecycle(decay=QUICK), actor=LOCAL_ADMIN)
    value, said = confidence_in(recall(store, "report", actor=LOCAL_ADMIN, now=NOW))
    assert (value, usual) == (pytest.approx(0.2), pytest.approx(0.7444, abs=1e-4))
    assert said == "Stated 0.80, 20 days without reinforcement at a half-life of 10 days: 0.20."
    assert decay_in_force(make_catalog(tmp_path).open("agents", actor=LOCAL_ADMIN)).decay == QUICK


def test_a_simulated_recall_goes_by_the_same_rules(tmp_path: Path) -> None:
    store = sure_store(tmp_path)
    save_lifecycle(store, open_desk(store).ledger.documents, Lifecycle(decay=QUICK), actor=LOCAL_ADMIN)
    _, corpus = corpus_of(store, snapshot=None, now=NOW, actor=LOCAL_ADMIN)
    real = recall(store, "report", actor=LOCAL_ADMIN, now=NOW)
    asked: Any = (store, "report", Mode.HYBRID, Scope(), 10)
    same(real, simulated(as_it_is(corpus, rules=decay_in_force(store)), *asked))
    assert simulated(as_it_is(corpus), *asked).hits[0].score > real.hits[0].score + 1e-3


def test_rules_that_were_refused_rank_nothing(tmp_path: Path) -> None:
    store = sure_store(tmp_path)
    with pytest.raises(NotAllowedError):
        save_lifecycle(store, open_desk(store).ledger.documents, Lifecycle(decay=QUICK), actor=Actor("rita", Role.REVIEWER))
    assert decay_in_force(store) == InForce()


def test_rules_that_cannot_be_read_are_a_note(tmp_path: Path) -> None:
    store = sure_store(tmp_path)
    documents = open_desk(store).ledger.documents
    documents.put(store.stream, "policies", "lifecycle", {"format": 99})
    found = recall(store, "report", actor=LOCAL_ADMIN, now=NOW)
    assert [hit.memory.key for hit in found.hits] == ["k"]
    assert any("cannot be read" in note and "the usual ones" in note for note in found.notes)


def test_the_rules_are_read_once_in_half_a_minute() -> None:
    told, clock = Told(), Clock()
    rules = RulesInForce(told.documents, clock=clock)
    assert [rules.of(STREAM).decay for _ in range(3)] == [QUICK] * 3
    clock.now = 29.9
    assert (rules.of(STREAM).decay, told.asked) == (QUICK, 1)
    told.value, clock.now = None, 30.1
    assert (rules.of(STREAM).decay, told.asked) == (DEFAULT_DECAY, 2)


def test_rules_that_cannot_be_renewed_stay_with_a_note() -> None:
    told, clock = Told(), Clock()
    rules = RulesInForce(told.documents, clock=clock)
    assert rules.of(STREAM) == InForce(QUICK)
    told.fault, clock.now = UnavailableError("the bucket is away"), 31.0
    found = rules.of(STREAM)
    assert found.decay == QUICK
    (note,) = found.notes
    assert "the bucket is away" in note
    assert "those read before" in note
    assert rules.of(STREAM) == found
    assert told.asked == 2
    told.fault, clock.now = None, 62.0
    assert rules.of(STREAM) == InForce(QUICK)


def test_a_recall_does_not_wait_for_a_bucket_that_does_not_answer() -> None:
    told = Told()
    told.open.clear()
    rules = RulesInForce(told.documents, clock=Clock(), wait=0.0)
    first, second = rules.of(STREAM), rules.of(STREAM)
    assert (first.decay, second) == (DEFAULT_DECAY, first)
    assert "not there in time" in first.notes[0]
    rules.renew(STREAM, QUICK)  # saved meanwhile: what is read late is older
    told.value = None
    (reader,) = (thread for thread in threading.enumerate() if thread.name == "rules")
    told.open.set()
    reader.join(30)
    assert (rules.of(STREAM), told.asked) == (InForce(QUICK), 1)
