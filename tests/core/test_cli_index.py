"""`python -m core index`: made, listed and removed, as people and programs see it."""

from __future__ import annotations

import argparse
import io
import json
from pathlib import Path

import pytest

from core.access import LOCAL_ADMIN
from core.commands import index
from core.commands.console import Console
from core.config import open_catalog
from core.errors import ConfigError
from core.vectors.server import RunningServer
from tests.core.commandline import CommandLine, rows_file
from tests.core.endpoints import KEY_ID, SECRET, as_somebody
from tests.core.memory_builders import damage_index


@pytest.mark.parametrize(
    ("options", "said"),
    [
        pytest.param([], {"tenant": None, "scope": None, "metric": "cosine"}, id="shared"),
        pytest.param(["--tenant", "acme"], {"tenant": "acme", "scope": None}, id="tenant"),
        pytest.param(["--scope", "short-term"], {"tenant": None, "scope": "short-term"}, id="scope"),
        pytest.param(["--scope", "für später"], {"scope": "für später"}, id="any-word"),
        pytest.param(["--metric", "euclidean"], {"metric": "euclidean"}, id="metric"),
    ],
)
def test_create_says_what_was_made_and_it_is_so(run: CommandLine, options: list[str], said: dict[str, str | None]) -> None:
    made = run("index", "create", "agents", *options, "--json")
    assert made.code == 0
    assert {name: made.json[name] for name in said} == said
    (listed,) = run("index", "list", "--json").json["indexes"]
    assert listed == {name: value for name, value in made.json.items() if name != "store"}
    assert listed["dimension"] == 384
    assert listed["embedder"].startswith("hashing")


def test_people_read_a_line_and_a_table(run: CommandLine) -> None:
    nothing = run("index", "list")
    assert (nothing.code, "does not exist" in nothing.err) == (2, True)
    made = run("index", "create", "agents", "--tenant", "acme", "--scope", "long-term")
    assert made.out.startswith("Index agents was made: 384 dimensions, cosine.\nEmbedder  hashing")
    head, row = run("index", "list").out.splitlines()
    assert head.split() == ["index", "dimensions", "metric", "tenant", "scope", "embedder"]
    assert row.split()[:5] == ["agents", "384", "cosine", "acme", "long-term"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param(["B!"], "indexName", id="bad-name"),
        pytest.param(["taken"], "There is an index 'taken' in ", id="taken"),
        pytest.param(["fresh", "--scope", ""], "'' is no scope", id="empty-scope"),
        pytest.param(["fresh", "--scope", "a;b"], "'a;b' is no scope", id="scope-with-signs"),
        pytest.param(["fresh", "--scope", "x" * 257], "is no scope", id="long-scope"),
        pytest.param(["user-memory-acme", "--tenant", "globex"], "reserved for tenant 'acme'", id="reserved"),
    ],
)
def test_what_cannot_be_made(run: CommandLine, options: list[str], message: str) -> None:
    run("index", "create", "taken")
    ran = run("index", "create", *options)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err
    assert [each["index"] for each in run("index", "list", "--json").json["indexes"]] == ["taken"]


def test_stats_show_the_scope(run: CommandLine, tmp_path: Path) -> None:
    run("index", "create", "agents", "--scope", "short-term", "--tenant", "acme")
    run("import", str(rows_file(tmp_path)), "--index", "agents")
    one = run("stats").out
    assert "\nScope     short-term\n" in one
    assert "\nTenant    acme\n" in one
    assert run("stats", "--json").json["scope"] == "short-term"
    run("index", "create", "other")
    many = run("stats", "--json").json["indexes"]
    assert [(each["index"], each["scope"]) for each in many] == [("agents", "short-term"), ("other", None)]
    assert "short-term" in run("stats").out


def test_delete_takes_an_empty_index_and_a_yes(run: CommandLine, tmp_path: Path) -> None:
    run("index", "create", "empty")
    run("import", str(rows_file(tmp_path)), "--index", "full")
    unsure = run("index", "delete", "empty")
    assert (unsure.code, "add --yes" in unsure.err) == (2, True)
    full = run("index", "delete", "full", "--yes")
    assert (full.code, "holds 3 memories: export what is to stay" in full.err) == (2, True)
    missing = run("index", "delete", "nowhere", "--yes")
    assert (missing.code, "There is no index 'nowhere'" in missing.err) == (2, True)
    gone = run("index", "delete", "empty", "--yes", "--json")
    assert (gone.code, gone.json["deleted"]) == (0, "empty")
    run("index", "create", "alone", "--bucket", "another")
    run("index", "delete", "alone", "--bucket", "another", "--yes")
    assert run("index", "list", "--bucket", "another").out.startswith("There is no index in ")
    assert [each["index"] for each in run("index", "list", "--json").json["indexes"]] == ["full"]


class _Person(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("answer", "left"), [("y\n", []), ("no\n", ["agents"]), ("", ["agents"])])
def test_a_person_is_asked(run: CommandLine, answer: str, left: list[str]) -> None:
    run("index", "create", "agents")
    parser = argparse.ArgumentParser()
    index.add_arguments(parser)
    args = parser.parse_args(["delete", "agents"])
    console = Console(_Person(answer), io.StringIO(), _Person())
    if left:
        with pytest.raises(ConfigError, match=r"^Nothing was deleted\.$"):
            index.run(args, console)
    else:
        assert index.run(args, console) == 0
    assert "Delete index 'agents' of " in str(console.stderr.getvalue())  # type: ignore[attr-defined]
    assert [each["index"] for each in run("index", "list", "--json").json["indexes"]] == left


def test_an_index_that_cannot_be_read_is_listed_and_the_code_is_1(run: CommandLine) -> None:
    for name in ("broken", "good"):
        run("index", "create", name)
    damage_index(run.store, "broken")
    ran = run("index", "list", "--json")
    assert (ran.code, [each["index"] for each in ran.json["unreadable"]]) == (1, ["broken"])
    assert "cannot be read\n  " in run("index", "list").out


def test_it_works_through_an_endpoint(run: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    as_somebody(monkeypatch)
    with RunningServer(tmp_path / "served", access_keys={KEY_ID: SECRET}) as server:
        uri = f"s3vectors://my-bucket?endpoint_url={server.url}"
        assert run("index", "create", "agents", "--scope", "long-term", "--store", uri).code == 0
        assert run("index", "list", "--store", uri, "--json").json["indexes"][0]["scope"] == "long-term"
        catalog = open_catalog(uri)
        assert catalog.open("agents", actor=LOCAL_ADMIN).info.scope == "long-term"
        catalog.close()
        assert json.loads(run("index", "delete", "agents", "--yes", "--store", uri, "--json").out)["deleted"] == "agents"
