"""Shared tasks: what a subtask may become, and that of any number of claims one wins, whatever the store can do."""

from __future__ import annotations

import threading
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.access import LOCAL_ADMIN
from core.agents import AgentMemory, Status
from core.agents.log import Event, log_key
from core.agents.subtasks import Word, board_of
from core.config import open_catalog
from core.errors import ClaimLostError, ConfigError
from core.memory import Memory
from core.models.embedding import HashingEmbedder
from core.vectors.server import RunningServer
from tests.core.agents.builders import Hands, Rounds, Unconditional, make_agent
from tests.core.aws_environment import KEY, SECRET, isolate_aws
from tests.core.forked import in_process
from tests.core.memory_builders import NOW, make_catalog


def test_a_subtask_goes_from_hand_to_hand(tmp_path):
    clock, catalog = Hands(), make_catalog(tmp_path)
    ann, bob = (make_agent(catalog, name, clock=clock).task("q3") for name in ("ann", "bob"))
    ann.add("parser", "report")
    assert ann.claim("parser").agent == "ann"
    assert bob.claim("parser") is None
    assert bob.claim_next().subtask == "report"
    assert ann.progress("parser", "half of it", share=0.5).status is Status.IN_PROGRESS
    with pytest.raises(ClaimLostError, match="'parser' is in progress, held by ann, and not bob's"):
        bob.finish("parser", "done by somebody else")
    assert ann.release("parser", "no time").status is Status.OPEN
    assert bob.claim("parser").agent == "bob"
    assert bob.finish("parser", "41 files").note == "41 files"
    board = ann.board()
    assert [part.name for part in board.done] == ["parser"]
    assert [part.name for part in board.in_progress] == ["report"]
    assert bob.claim("parser") is None, "what is done is done"
    opened = bob.reopen("parser", "a file was missing")
    assert (opened.status, opened.progress) == (Status.OPEN, None)
    for name in ("report", "raport"):
        with pytest.raises(ConfigError, match="neither done nor failed"):
            bob.reopen(name, "")
    assert [part.name for part in bob.board().subtasks] == ["parser", "report"], "a wrong name is no new part"


def test_a_lease_that_ends_gives_the_subtask_to_the_next(tmp_path):
    clock, catalog = Hands(), make_catalog(tmp_path)
    ann, bob = (make_agent(catalog, name, clock=clock).task("q3") for name in ("ann", "bob"))
    ann.claim("parser", lease=timedelta(minutes=5))
    clock.turn(minutes=4)
    assert ann.renew("parser", lease=timedelta(minutes=5)).until == clock.now + timedelta(minutes=5)
    clock.turn(minutes=4)
    assert bob.claim("parser") is None
    clock.turn(minutes=2)
    assert not ann.holds("parser")
    assert ann.board().named("parser").status is Status.OPEN
    assert ann.progress("parser", "late, but nobody took it").owner == "ann"
    clock.turn(hours=1)
    assert bob.claim("parser") is not None
    for late in (lambda: ann.finish("parser", "too late"), lambda: ann.renew("parser")):
        with pytest.raises(ClaimLostError):
            late()
    assert bob.holds("parser")


def test_two_processes_of_one_agent_are_two_holders_but_one_session_is_one(tmp_path):
    catalog = make_catalog(tmp_path)
    one, two = (make_agent(catalog, "ann").task("q3") for _ in range(2))
    assert one.claim("parser")
    assert two.claim("parser") is None
    three, four = (make_agent(catalog, "ann", session="s1").task("q3") for _ in range(2))
    assert three.claim("report")
    assert four.claim("report")


@pytest.mark.parametrize("name", ["", " ", "x" * 201], ids=["empty", "blank", "long"])
def test_names_that_make_no_sense_are_refused(tmp_path, name):
    agent = make_agent(make_catalog(tmp_path), "ann")
    with pytest.raises(ConfigError, match="needs 1 to 200 characters"):
        agent.task("q3").claim(name)


EVENTS = st.lists(
    st.tuples(st.sampled_from([*Word]), st.sampled_from("ab"), st.integers(0, 30), st.integers(1, 20)), max_size=30
)


@settings(max_examples=200)
@given(drawn=EVENTS)
def test_whatever_a_log_says_nobody_holds_what_another_held(drawn):
    """Anybody may have written anything into it: a second holder needs the first one's lease to end, or their word."""
    held: tuple[str, object] | None = None
    events: list[Event] = []
    clock = NOW
    for number, (word, who, later, lease) in enumerate(drawn, start=1):
        clock += timedelta(minutes=later)
        extra = {"event": str(word), "subtask": "s", "holder": who}
        extra["lease_until"] = (clock + timedelta(minutes=lease)).isoformat()
        events.append(Event(number, Memory(log_key(("task",), number), "", agent_id=who, created_at=clock, extra=extra)))
        part = board_of("t", events, now=clock).named("s")
        if part is None or not part.is_held(clock):
            held = None
            continue
        if held is not None and held[0] != part.holder:
            assert held[1] <= clock or word in (Word.RELEASED, Word.DONE, Word.FAILED)
        held = part.holder, part.until


def race(uri: str, agent: str, shares: list[str], out: Path) -> None:
    """Take whatever subtask is free until none is, and write down what was won."""
    with closing(open_catalog(uri, embedder_factory=HashingEmbedder)) as catalog:
        task = AgentMemory(catalog, agent=agent, actor=LOCAL_ADMIN, team="alpha", index="team").task("race")
        for name in shares:
            if task.claim(name) is not None:
                with out.open("a", encoding="utf-8") as file:
                    file.write(f"{name}\n")


def test_of_many_processes_one_starts_each_subtask(tmp_path, monkeypatch):
    """Half of them write to the directory, half of them to the endpoint over it."""
    isolate_aws(monkeypatch, tmp_path)
    names = [f"part {number}" for number in range(8)]
    with closing(make_catalog(tmp_path / "store")) as catalog:
        make_agent(catalog, "lead").task("race").add(*names)
    with RunningServer(tmp_path / "store", access_keys={KEY: SECRET}) as server:
        remote = f"s3vectors://mnemoscope?region=us-east-1&endpoint_url={server.url}"
        where = [str(tmp_path / "store"), remote] * 3
        processes = [
            in_process(race, uri, f"agent{place}", names, tmp_path / f"won{place}") for place, uri in enumerate(where)
        ]
        for process in processes:
            process.join(120)
    assert [process.exitcode for process in processes] == [0] * 6
    won = [line for path in tmp_path.glob("won*") for line in path.read_text(encoding="utf-8").splitlines()]
    assert sorted(won) == names


def test_without_a_conditional_put_the_earliest_bid_wins(tmp_path):
    catalog = make_catalog(tmp_path)
    names = ["one", "two", "three"]
    make_agent(catalog, "lead").task("race").add(*names)
    catalog._client = Unconditional(catalog._client)
    rounds, won = Rounds(5), []

    def work(number: int) -> None:
        try:
            agent = make_agent(catalog, f"agent{number}", sleep=rounds.sleep)
            won.extend(name for name in names if agent.task("race").claim(name) is not None)
        finally:
            rounds.done()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert sorted(won) == sorted(names)
    board = make_agent(catalog, "lead").task("race").board()
    assert [part.status for part in board.subtasks] == [Status.CLAIMED] * 3
    left = catalog.open("team", actor=LOCAL_ADMIN).memories(actor=LOCAL_ADMIN)
    assert all(memory.extra["log_confirmed"] for memory in left), "who lost took the bid back"


def test_what_the_service_cannot_tell_is_asked_once(tmp_path):
    catalog = make_catalog(tmp_path)
    store = make_agent(catalog, "ann").places.own
    note = Memory("k", "A note.")
    assert [store.write_new(note, actor=LOCAL_ADMIN), store.write_new(note, actor=LOCAL_ADMIN)] == [True, False]
