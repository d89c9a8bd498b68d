"""Which embedder a store uses: the one that is asked for, else the one that an index was written with."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.access import LOCAL_ADMIN
from core.candidates import Mode
from core.config import open_catalog
from core.errors import EmbedderMismatchError
from core.models.choice import EmbedderChoice
from core.operate.prices import US_EAST_1
from core.operate.usage import UsageMeter
from tests.core.aws_environment import isolate_aws
from tests.core.bedrock_server import BedrockServer
from tests.core.commandline import CommandLine
from tests.core.memory_builders import make_memory

NOW = datetime(2026, 11, 1, tzinfo=UTC)
V4 = "cohere.embed-v4:0/256/1"


@pytest.fixture
def bedrock(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    isolate_aws(monkeypatch, tmp_path)
    with BedrockServer() as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", server.url)
        monkeypatch.setenv("AWS_REGION", "us-east-1")
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        yield server


def test_an_index_is_opened_with_the_embedder_that_wrote_it(bedrock: BedrockServer, tmp_path: Path) -> None:
    store = tmp_path / "store"
    meter = UsageMeter(prices=US_EAST_1)
    with closing(open_catalog(store, embedder="cohere-v4:256", tracer=meter)) as catalog:
        report = catalog.create("team", actor=LOCAL_ADMIN).write(
            [make_memory(key="a", content="The report is due."), make_memory(key="b", content="")], actor=LOCAL_ADMIN
        )
        assert report.written == 2
    with closing(open_catalog(store)) as catalog:
        opened = catalog.open("team", actor=LOCAL_ADMIN)
        assert opened.info.embedder == V4
        found = opened.query(text="report", mode=Mode.VECTOR, k=2, now=NOW, actor=LOCAL_ADMIN)
        assert {candidate.memory.key for candidate in found} == {"a", "b"}
    assert [asked["input_type"] for _, asked in bedrock.asked] == ["search_document", "search_query"]
    invoked = next(row for row in meter.snapshot().rows if row.operation == "InvokeModel")
    assert (invoked.calls, invoked.tokens) == (1, 5)
    assert invoked.cost == pytest.approx(5 * 0.12 / 1e6)


def test_an_embedder_that_is_named_is_used_or_refused(bedrock: BedrockServer, tmp_path: Path) -> None:
    with closing(open_catalog(tmp_path / "store", embedder="titan-v2:256")) as catalog:
        catalog.create("team", actor=LOCAL_ADMIN)
    with closing(open_catalog(tmp_path / "store", embedder="hashing")) as catalog:
        opened = catalog.open("team", actor=LOCAL_ADMIN)
        with pytest.raises(
            EmbedderMismatchError, match=r"written with amazon.titan-embed-text-v2:0/256/1, not with hashing"
        ):
            opened.embedder()
    assert bedrock.asked == []


def test_the_environment_names_the_embedder_of_new_indexes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNEMOSCOPE_EMBEDDER", "hashing:32")
    with closing(open_catalog(tmp_path / "store")) as catalog:
        catalog.create("small", actor=LOCAL_ADMIN)
    monkeypatch.setenv("MNEMOSCOPE_EMBEDDER", "hashing:64")
    with closing(open_catalog(tmp_path / "store")) as catalog:
        catalog.create("large", actor=LOCAL_ADMIN)
        assert catalog.open("small", actor=LOCAL_ADMIN).embedder().dimension == 32
        assert catalog.in_bucket(catalog.bucket).open("large", actor=LOCAL_ADMIN).embedder().dimension == 64


def test_each_embedder_is_made_once_and_an_unknown_tag_has_none() -> None:
    choice = EmbedderChoice("hashing")
    assert choice.chosen() is choice.chosen()
    assert choice.by_tag("hashing/32/1") is choice.by_tag("hashing/32/1")
    assert choice.by_tag("somebody/512/v9") is None


@pytest.mark.parametrize("command", [["stats"], ["recall", "q"], ["import", "-", "--index", "team"]])
def test_the_commands_take_the_names_and_say_which_there_are(run: CommandLine, command: list[str]) -> None:
    ran = run(*command, "--embedder", "word2vec")
    assert ran.code == 2
    assert "choose one of default, hashing, titan-v2" in ran.err


def test_a_command_writes_and_reads_with_bedrock(bedrock: BedrockServer, run: CommandLine, file: Path) -> None:
    assert run("import", str(file), "--index", "team", "--embedder", "titan-v2:512").code == 0
    ran = run("recall", "refunds", "--index", "team", "--json")
    assert ran.code == 0
    assert len(ran.json["hits"]) >= 1
    assert run("stats", "--index", "team", "--json").json["embedder"] == "amazon.titan-embed-text-v2:0/512/1"
    assert {asked["dimensions"] for _, asked in bedrock.asked} == {512}
