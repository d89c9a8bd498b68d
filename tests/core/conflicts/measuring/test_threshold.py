"""The threshold that an admin keeps for a judge, and the figures on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.access import LOCAL_ADMIN
from core.config import open_catalog
from core.curation.conflicts.measuring import load_thresholds, save_threshold, threshold_in_force
from core.errors import ChangedMeanwhileError, ConfigError, NotAllowedError
from tests.core.commandline import CommandLine
from tests.core.conflicts.measuring.decided import NOW, card
from tests.core.curation.desks import ADA, ANN, VERA, make_desk, make_index


def test_a_threshold_is_an_admins_of_one_judge_and_one_version(tmp_path: Path) -> None:
    store = make_index(tmp_path)
    documents = make_desk(store, tmp_path).ledger.documents
    assert load_thresholds(store, documents, actor=VERA).of("cues/1", 0.6) == 0.6
    common: dict[str, Any] = {"now": NOW, "why": "fewer cards"}
    with pytest.raises(NotAllowedError):
        save_threshold(store, documents, "cues/1", 0.8, actor=ANN, **common)
    first = save_threshold(store, documents, "cues/1", 0.8, actor=ADA, expected=None, **common)
    with pytest.raises(ChangedMeanwhileError):
        save_threshold(store, documents, "cues/1", 0.7, actor=ADA, expected=None, **common)
    save_threshold(store, documents, "onnx/2", 0.4, actor=ADA, expected=first.version, **common)
    assert [threshold_in_force(documents, store.stream, judge, 0.5) for judge in ("cues/1", "onnx/2", "cues/2")] == [
        0.8,
        0.4,
        0.5,
    ]
    kept = load_thresholds(store, documents, actor=VERA)
    assert (kept.chosen["cues/1"].by, kept.chosen["cues/1"].at, kept.chosen["cues/1"].why) == ("ada", NOW, "fewer cards")
    assert save_threshold(store, documents, "cues/1", None, actor=ADA, **common).of("cues/1", 0.6) == 0.6
    with pytest.raises(ConfigError):
        save_threshold(store, documents, "cues/1", 1.5, actor=ADA, **common)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param([], id="list"),
        pytest.param({"format": 9, "judges": {}}, id="later-format"),
        pytest.param({"format": 1, "judges": {"cues": {"value": 7, "by": "a", "at": "2026-01-01T00:00:00Z"}}}, id="beyond"),
        pytest.param({"format": 1, "judges": {"cues": {"value": 0.5, "by": "a", "at": "soon"}}}, id="no-time"),
    ],
)
def test_a_document_that_is_none_is_refused(tmp_path: Path, value: object) -> None:
    store = make_index(tmp_path)
    documents = make_desk(store, tmp_path).ledger.documents
    documents.put(store.stream, "conflicts", "threshold", value)
    with pytest.raises(ConfigError):
        load_thresholds(store, documents, actor=VERA)


def test_the_figures_of_an_index_on_the_command_line(filled: CommandLine) -> None:
    nothing = filled("conflicts", "measure", "--index", "team")
    assert "No card was found" in nothing.out
    assert filled("conflicts", "threshold", "0.7", "--index", "team").code == 2
    catalog = open_catalog(filled.store)
    store = catalog.open("team", actor=LOCAL_ADMIN)
    assert store.archive is not None
    cards = [card(f"c{n}", 0.05 * n, judge="\x1b[31mcues", cue="<b>") for n in range(20)]
    store.archive.ledger.register(store.stream).put_cards(cards, judge="\x1b[31mcues", checked={})
    catalog.close()
    told = filled("conflicts", "measure", "--index", "team")
    assert "20 cards" in told.out
    assert "too few decisions to say: 0 of 20" in told.out
    assert "\x1b" not in told.out
    figures = filled("conflicts", "measure", "--index", "team", "--json").json
    assert [each["cards"] for each in figures["outlooks"]][:2] == [19, 18]
    assert filled("conflicts", "threshold", "0.7", "--index", "team", "--why", "\x1b[1mfewer").out.endswith("fewer\n")
    shown = filled("conflicts", "threshold", "--index", "team", "--json").json
    assert [(tag, each["value"]) for tag, each in shown["thresholds"].items()] == [("\x1b[31mcues", 0.7)]
    assert filled("conflicts", "threshold", "0.7", "--reset", "--index", "team").code == 2
    assert "judge's own" in filled("conflicts", "threshold", "--reset", "--index", "team").out
