"""`--as-of` of recall and stats, and `journal since`, as a person runs them."""

from __future__ import annotations

import argparse
import shlex
from datetime import UTC, datetime, timedelta

import pytest

from core.access import LOCAL_ADMIN
from core.calls import cli_call
from core.candidates import Mode
from core.commands import recall
from core.past.moment import Clock, Moment
from core.scope import Scope
from tests.core.commandline import CommandLine
from tests.core.memory_builders import make_catalog


def test_a_past_is_asked_counted_and_compared(filled: CommandLine):
    """The memories of the file have no times: what the journal recorded stands in."""
    there = datetime.now(UTC).isoformat()
    long_ago = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    assert filled("forget", "a2", "--index", "team", "--reason", "\x1b[31mred", "--yes").code == 0

    then = filled("recall", "refunds need a manager", "--index", "team", "--as-of", there, "--json").json
    assert then["hits"][0]["memory"]["key"] == "a2"
    assert (then["as_of"], then["clock"]) == (there.replace("+00:00", "Z"), "created")
    now = filled("recall", "refunds need a manager", "--index", "team", "--json").json
    assert "a2" not in {hit["memory"]["key"] for hit in now["hits"]}
    said = filled("recall", "refunds", "--index", "team", "--as-of", there, "--clock", "recorded").out
    assert said.splitlines()[0].endswith("UTC: 3 memories, in the store by then.")

    assert filled("stats", "--as-of", there, "--json").json["memories"] == 3
    told = filled("stats", "--index", "team", "--as-of", long_ago).out
    assert "0 memories, made by then." in told.splitlines()[0]

    since = filled("journal", "since", there, "--index", "team")
    assert "Since then 1 was retired." in since.out
    assert "\x1b" not in since.out
    (change,) = filled("journal", "since", there, "--index", "team", "--json").json["changes"]
    assert (change["key"], change["what"], change["policy"]) == ("a2", "retired", "delete")
    many = filled("journal", "since", long_ago, "--index", "team", "--limit", "1").out
    assert many.splitlines()[-1].startswith("… and 1 more")


@pytest.mark.parametrize("bad", [("--as-of", "soon"), ("--as-of", "1h", "--clock", "wall")])
def test_what_is_no_moment_is_refused(filled: CommandLine, bad):
    assert filled("recall", "report", "--index", "team", *bad).code == 2


def test_the_call_of_a_page_asks_the_same(tmp_path):
    store = make_catalog(tmp_path).create("agents", actor=LOCAL_ADMIN)
    as_of = Moment.parse("2026-11-14T10:32:05.000001Z", Clock.RECORDED)
    words = shlex.split(cli_call(store, "who", mode=Mode.TEXT, k=3, scope=Scope(), as_of=as_of))
    parser = argparse.ArgumentParser()
    recall.add_arguments(parser)
    args = parser.parse_args(words[4:])
    assert Moment(args.as_of, Clock(args.clock)) == as_of
    assert "--clock" not in cli_call(store, "who", mode=Mode.TEXT, k=3, scope=Scope(), as_of=Moment(as_of.at))
