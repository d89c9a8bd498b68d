"""What people say of cards on the command line, and what merges leave alone because of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.access import ACTOR_VARIABLE, LOCAL_ADMIN
from core.curation.conflicts.inbox import Inbox, open_inbox
from core.curation.proposing import proposer
from tests.core.commandline import CommandLine
from tests.core.curation.conflict_builders import LONGER, TIMEOUT, cards, make_card, memories_of, take_in
from tests.core.curation.desks import ANN
from tests.core.memory_builders import NOW, make_catalog

CARD = make_card(number=7)
OTHER = cards(1)[0]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> CommandLine:
    """Return a command line over an index with two cards."""
    run = CommandLine(tmp_path, monkeypatch, capfd)
    with_inbox(run, create=True)
    return run


def with_inbox(run: CommandLine, *, create: bool = False) -> Inbox:
    catalog = make_catalog(run.store)
    if not create:
        return open_inbox(catalog.open("team", actor=LOCAL_ADMIN))
    store = catalog.create("team", actor=LOCAL_ADMIN)
    store.write(memories_of(CARD, OTHER), actor=LOCAL_ADMIN)
    inbox = open_inbox(store)
    take_in(inbox, CARD, OTHER)
    return inbox


def keys_of(run: CommandLine) -> set[str]:
    return {memory.key for memory in make_catalog(run.store).open("team", actor=LOCAL_ADMIN).memories(actor=LOCAL_ADMIN)}


def test_a_card_is_decided_and_taken_back(run: CommandLine) -> None:
    done = run("conflicts", "decide", "keep_newer", CARD.id, "--why", "it was raised", "--index", "team", "--json")
    assert (done.code, done.json["decided"], done.json["waiting"]) == (0, [CARD.id], 0)
    assert [(each["card"], each["settling"]) for each in done.json["settled"]] == [(CARD.id, "settled")]
    assert keys_of(run) == {"b7", "a0", "b0"}
    again = run("conflicts", "decide", "keep_left", CARD.id, "--index", "team")
    assert again.code == 2
    assert "decided it" in again.err
    back = run("conflicts", "undo", CARD.id, "--why", "not sure", "--index", "team")
    assert (back.code, "taken back" in back.out) == (0, True)
    assert keys_of(run) == {"a7", "b7", "a0", "b0"}
    assert run("conflicts", "settle", "--index", "team").out == "Nothing was left to be done.\n"


def test_several_cards_at_once_and_what_could_not_be(run: CommandLine) -> None:
    done = run("conflicts", "decide", "not_a_conflict", CARD.id, OTHER.id, "gone", "--index", "team", "--json")
    assert done.code == 1
    assert done.json["decided"] == [CARD.id, OTHER.id]
    assert done.json["refused"] == {"gone": "There is no such card any more."}
    both = run("conflicts", "decide", "merge", CARD.id, OTHER.id, "--merged", "x", "--index", "team")
    assert (both.code, "one merge" in both.err) == (2, True)


def test_a_card_is_given_to_somebody(run: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    given = run("conflicts", "assign", CARD.id, "bob", "--why", "he runs it", "--index", "team")
    assert given.out == "bob is to decide it.\n"
    monkeypatch.setenv(ACTOR_VARIABLE, "ann:reviewer")
    refused = run("conflicts", "decide", "keep_left", CARD.id, "--index", "team")
    assert (refused.code, "gave it to bob" in refused.err) == (2, True)
    monkeypatch.setenv(ACTOR_VARIABLE, "vera:viewer")
    refused = run("conflicts", "decide", "keep_left", OTHER.id, "--index", "team")
    assert (refused.code, "viewer" in refused.err) == (2, True)
    monkeypatch.delenv(ACTOR_VARIABLE)
    back = run("conflicts", "assign", CARD.id, "", "--why", "for all", "--index", "team", "--json")
    assert back.json["assigned_to"] is None


@pytest.mark.parametrize("redact", [False, True])
def test_the_labelled_set(run: CommandLine, tmp_path: Path, redact: bool) -> None:
    run("conflicts", "decide", "keep_newer", CARD.id, "--index", "team")
    path = tmp_path / "set.jsonl"
    done = run("conflicts", "export", str(path), "--index", "team", *(["--redact"] if redact else []))
    assert done.code == 0
    assert ("handle them like the index" in done.err) is not redact
    (row,) = map(json.loads, path.read_text().splitlines())
    assert (row["verdict"], row["label"], row["judge"], row["probability"]) == ("superseded", 1, "cues/1", 0.9)
    if redact:
        assert not any(text in path.read_text() for text in (TIMEOUT, LONGER, "planner", "local"))
    else:
        assert (row["text_a"], row["text_b"], row["agent_b"]) == (TIMEOUT, LONGER, "executor")
        assert run("eval", "pairs", "--pairs", str(path), "--task", "contradiction").code == 0


def test_merges_leave_disputed_memories_alone(run: CommandLine) -> None:
    made = run("plan", "consolidate", "a7", "b7", "--index", "team")
    assert json.loads(made.out)["parameters"]["left_out"]["a7"] == "is in a possible conflict with 'b7'"
    exact = with_inbox(run)
    exact.desk.store.write([memories_of(make_card(number=8))[0]], actor=LOCAL_ADMIN)  # the same text as a7
    made = run("plan", "duplicates", "--exact", "--index", "team")
    assert json.loads(made.out)["changes"] == []
    assert json.loads(made.out)["parameters"]["left_out"]["a7"] == "is in a possible conflict with 'b7'"
    propose = proposer(exact.desk, actor=LOCAL_ADMIN, now=NOW, kinds=("duplicates",))
    assert list(propose({})) == []
    exact.decide(CARD.id, "not_a_conflict", actor=ANN)  # type: ignore[arg-type]
    assert [sorted(change.key for change in each.changes) for each in propose({})] == [["a7", "a8"]]
