"""`journal list`, `show` and `verify` as a person or a schedule runs them."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import pytest

from core.curation.journal import Kind, Ledger
from core.curation.ledgers import open_ledger
from tests.core.commandline import CommandLine
from tests.core.curation.ledger_builders import STREAM, draft, make_image, write_plan
from tests.core.curation.ledger_places import S3


@pytest.fixture
def journalled(run: CommandLine) -> CommandLine:
    """A store with two indexes, one of a tenant, whose journals have a plan each."""
    assert run("index", "create", "team").code == 0
    assert run("index", "create", "user-memory-acme").code == 0
    with closing(open_ledger(run.store)) as ledger:
        write_plan(ledger.journal, [make_image("a"), make_image("b")])
        write_plan(ledger.journal, [make_image("c")], "p-acme", stream="mnemoscope/user-memory-acme")
    return run


def ledger_of(run: CommandLine) -> closing[Ledger]:
    return closing(open_ledger(run.store))


def test_list_says_what_was_done(journalled: CommandLine) -> None:
    ran = journalled("journal", "list", "--index", "team")
    assert ran.code == 0
    heading, line = ran.out.splitlines()
    assert heading.split()[:2] == ["when", "(UTC)"]
    assert line.split() == ["2026-03-01", "12:00:00", "team", "ann", "Delete", "2", "applied", "2", "2", "–", "p1"]
    told: dict[str, Any] = journalled("journal", "list", "--json").json
    assert told["plans"] == 2
    assert {(deed["index"], deed["plan_id"], deed["done"]) for deed in told["deeds"]} == {
        ("team", "p1", 2),
        ("user-memory-acme", "p-acme", 1),
    }


def test_list_is_bounded_and_has_the_latest_first(journalled: CommandLine) -> None:
    with ledger_of(journalled) as ledger:
        for number in range(3):
            write_plan(ledger.journal, [make_image("z")], f"later-{number}")
    ran = journalled("journal", "list", "--index", "team", "--limit", "2")
    assert [line.split()[-1] for line in ran.out.splitlines()[1:3]] == ["later-2", "later-1"]
    assert ran.out.splitlines()[-1] == "… and 2 earlier: --limit 4 shows them."


def test_show_has_every_entry_of_a_plan(journalled: CommandLine) -> None:
    ran = journalled("journal", "show", "p1")
    assert ran.code == 0
    assert ran.out.splitlines()[0] == "Plan p1 on index team"
    assert "prepared  by ann: because; batch 0, 2 changes" in ran.out
    assert "retire  a  old" in ran.out
    assert "batch 0, 2 done, 0 failed" in ran.out
    told = journalled("journal", "show", "p1", "--index", "team", "--json").json
    assert [entry["kind"] for entry in told["entries"]] == ["begun", "prepared", "applied", "ended"]
    assert "What a said" not in ran.out


def test_show_cleans_what_a_plan_says(journalled: CommandLine) -> None:
    with ledger_of(journalled) as ledger:
        journal = ledger.journal
        evil = "\x1b[2Jgone\u202e"
        journal.append(STREAM, draft(Kind.BEGUN, evil, title=evil, changes=evil, policy=evil, acknowledged=evil))
        change = {"key": evil, "action": evil, "reason": evil, "image": None}
        journal.append(STREAM, draft(Kind.PREPARED, evil, batch=evil, changes=[change] * 30 + [7]))
        failed = [{"key": evil, "reason": evil}, 7]
        journal.append(STREAM, draft(Kind.APPLIED, evil, batch=evil, done=7, failed=failed))
        journal.append(STREAM, draft(Kind.ENDED, evil, state=evil, why=evil))
        journal.append(STREAM, draft(Kind.PURGED, evil, keys=None, images=evil))
    ran = journalled("journal", "show", evil, "--index", "team")
    assert ran.code == 0
    assert "\x1b" not in ran.out
    assert "\u202e" not in ran.out
    assert "… and 10 more" in ran.out


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        pytest.param(("show", "p9"), "No plan 'p9' was applied here", id="no-plan"),
        pytest.param(("show", "p1", "--index", "user-memory-acme"), "No plan 'p1'", id="another-index"),
        pytest.param(("list", "--index", "nope"), "no index 'nope'", id="no-index"),
    ],
)
def test_what_is_not_there_is_refused(journalled: CommandLine, argv: tuple[str, ...], said: str) -> None:
    ran = journalled("journal", *argv)
    assert ran.code == 2
    assert said in ran.err


def test_verify_prints_the_head_and_takes_it_back(journalled: CommandLine) -> None:
    ran = journalled("journal", "verify", "--index", "team")
    assert ran.code == 0
    assert ran.out.splitlines()[0] == "team: 4 entries and 2 images were checked, all as they were written."
    head = ran.out.split()[-1]
    told = journalled("journal", "verify", "--index", "team", "--expect", head, "--json")
    assert (told.code, told.json["sound"]) == (0, True)
    assert told.json["streams"][0]["head"] == {"number": 4, "hash": head}
    wrong = journalled("journal", "verify", "--index", "team", "--expect", "0" * 64)
    assert wrong.code == 1
    assert "entry 5: no entry has the hash" in wrong.out


def test_verify_takes_every_index(journalled: CommandLine) -> None:
    ran = journalled("journal", "verify")
    assert ran.code == 0
    assert [line.split(":")[0] for line in ran.out.splitlines()[::2]] == ["team", "user-memory-acme"]


def test_verify_fails_where_something_was_changed(journalled: CommandLine) -> None:
    with closing(apsw.Connection(str(journalled.store / "journal.sqlite"))) as connection:
        connection.execute("UPDATE entry SET body = CAST(replace(body, 'because', 'becoz') AS BLOB) WHERE number = 3")
    ran = journalled("journal", "verify")
    assert ran.code == 1
    assert "something is wrong" in ran.out
    assert "entry 3: it was changed after it was written" in ran.out
    assert journalled("journal", "verify", "--json").json["sound"] is False


def test_verify_says_where_an_erasure_was_cut_off(journalled: CommandLine) -> None:
    with ledger_of(journalled) as ledger:
        ledger.journal.append(STREAM, draft(Kind.PURGED, keys=["a"], images=1))
    ran = journalled("journal", "verify", "--index", "team")
    assert ran.code == 1
    assert "entry 5: images that it says were erased are still there: 'a'; apply its plan again" in ran.out


def test_a_journal_that_is_gone_shows_to_who_remembers_it(run: CommandLine) -> None:
    assert run("index", "create", "team").code == 0
    assert run("journal", "list").out == "Nothing was done yet.\n"
    assert run("journal", "verify").out == "There is no journal here yet.\n"
    ran = run("journal", "verify", "--expect", "f" * 64)
    assert ran.code == 1
    assert "cut off after entry 0" in ran.out
    assert not (run.store / "journal.sqlite").exists()


@pytest.mark.parametrize("action", ["list", "verify"])
def test_a_tenant_sees_their_own_journal_only(journalled: CommandLine, monkeypatch: pytest.MonkeyPatch, action: str) -> None:
    monkeypatch.setenv("MNEMOSCOPE_ACTOR", "eve:viewer:globex")
    ran = journalled("journal", action)
    assert ran.code == 0
    assert "team" in ran.out
    assert "acme" not in ran.out
    refused = journalled("journal", action, "--index", "user-memory-acme")
    assert refused.code == 2
    assert "another tenant's" in refused.err
    assert journalled("journal", "show", "p-acme").code == 2


def test_the_journal_of_an_index_that_was_removed_stays(journalled: CommandLine) -> None:
    assert journalled("index", "delete", "team", "--yes").code == 0
    assert "Delete 2" in journalled("journal", "list").out
    assert journalled("journal", "verify", "--index", "team").code == 0


def test_a_journal_in_s3(run: CommandLine, s3: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNEMOSCOPE_EMBEDDER", "hashing")
    monkeypatch.setenv("MNEMOSCOPE_JOURNAL", s3.where)
    assert run("index", "create", "team").code == 0
    write_plan(s3.ledger.journal, [make_image("a")])
    ran = run("journal", "verify", "--index", "team", "--json")
    assert (ran.code, ran.json["journal"]) == (0, f"s3://{s3.bucket}/journal")
    assert ran.json["streams"][0]["entries"] == 4


def test_help_has_an_example(run: CommandLine, tmp_path: Path) -> None:
    for argv in (("journal",), ("journal", "list"), ("journal", "show"), ("journal", "verify")):
        ran = run(*argv, "--help")
        assert ran.code == 0
        assert "python -m core journal verify" in ran.out
