"""$MNEMOSCOPE_CACHE, the missing extra, and the command."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from core.__main__ import main
from core.access import LOCAL_ADMIN
from core.errors import ConfigError, MissingExtraError
from core.operate.cache import CacheSettings, cache_settings, open_cache, recall_through
from core.operate.cache.noticing import writes_noticed
from tests.core.cache.redis_server import RedisServer
from tests.core.memory_builders import NOW, make_memory, make_store


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        pytest.param("", None, id="none"),
        pytest.param("off", None, id="off"),
        pytest.param("memory", CacheSettings(), id="this process"),
        pytest.param("memory?ttl=60&distance=0", CacheSettings(ttl=60, distance=0), id="with options"),
        pytest.param("redis://h:1/2", CacheSettings("redis://h:1/2"), id="redis"),
        pytest.param("valkeys://u:p@h?cluster=1", CacheSettings("rediss://u:p@h", cluster=True), id="valkey, TLS, cluster"),
    ],
)
def test_one_line_says_where_answers_are_kept(text: str, settings: CacheSettings | None) -> None:
    assert cache_settings(text) == settings


@pytest.mark.parametrize(
    "text",
    [
        "http://h",
        "redis://",
        "memory?ttl=0",
        "memory?ttl=x",
        "memory?distance=2",
        "memory?ttl=1e9",
        "memory?size=3",
        "redis://h:x/",
    ],
)
def test_what_makes_no_sense_is_refused_with_the_way_out(text: str) -> None:
    with pytest.raises(ConfigError, match=r"MNEMOSCOPE_CACHE .*(write|only|from)"):
        cache_settings(text)


def test_a_password_is_nowhere_to_be_seen() -> None:
    settings = cache_settings("rediss://ann:hush@h:1/0")
    assert settings is not None
    assert settings.label == "h:1/0"
    for text in ("http://ann:hush@h", "redis://ann:hush@h:x", "redis://ann:hush@h?ttl=hush", "redis://ann:hush@h?hush=1"):
        with pytest.raises(ConfigError) as caught:
            cache_settings(text)
        assert "ann" not in str(caught.value)
        assert "hush@" not in str(caught.value)


def test_without_the_extra_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'mnemoscope\[redis\]'"):
        open_cache("redis://127.0.0.1:1/0")
    assert open_cache("memory") is not None


def test_only_a_server_is_told_of_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("", "off", "memory"):
        monkeypatch.setenv("MNEMOSCOPE_CACHE", name)
        assert writes_noticed() is None


def test_the_command_shows_and_clears(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server = RedisServer(tmp_path)
    try:
        monkeypatch.setenv("MNEMOSCOPE_CACHE", f"{server.url}?ttl=600")
        store, cache = make_store(tmp_path / "store", make_memory()), open_cache()
        assert cache is not None
        for query in ("report", "report", "reports", "refund"):
            recall_through(cache, store, query, actor=LOCAL_ADMIN, now=NOW)
        cache.close()
        command = ["--store", str(tmp_path / "store")]
        assert main(["cache", "show", *command]) == 0
        said = capsys.readouterr().out
        assert "4 recalls: 1 answered by the same words" in said
        assert "Hit rate: " in said
        monkeypatch.setenv("MNEMOSCOPE_ACTOR", "ann:viewer")
        assert main(["cache", "clear", "--yes", *command]) != 0
        monkeypatch.delenv("MNEMOSCOPE_ACTOR")
        capsys.readouterr()
        assert main(["cache", "clear", "--yes", "--json", *command]) == 0
        assert '"dropped": ' in capsys.readouterr().out
        assert main(["cache", "show", *command]) == 0
        assert "0 answers of 0 KiB" in capsys.readouterr().out
        server.stop()
        assert main(["cache", "show", *command]) == 1
        assert "does not answer" in capsys.readouterr().out
    finally:
        server.stop()
    monkeypatch.setenv("MNEMOSCOPE_CACHE", "memory")
    assert main(["cache", "show", *command]) != 0
    assert "names no server" in capsys.readouterr().err
