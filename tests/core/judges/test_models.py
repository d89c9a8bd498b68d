"""Judges that are models, and several as one: files, labels, orders, long texts, what is shown, and which one is asked."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from core.errors import ConfigError, ModelError
from core.models.judge import ConflictVerdict, Judge, JudgedPair, Judgement, Side
from core.models.judges.choice import JUDGE_VARIABLE, judge_of
from core.models.judges.crossencoder import CrossEncoder
from core.models.judges.cues import CuesJudge
from core.models.judges.ensemble import EnsembleJudge
from core.models.judges.joint import MODEL_SIGNS, JointJudge
from core.models.judges.onnx import OnnxJudge
from core.models.judges.signs import SIGNS
from tests.core.judges.tiny_model import written

A, B = "the gate is open .", "the gate is closed ."
LABELS = {"0": "entailment", "1": "NEUTRAL", "2": "contradiction"}


def labelled(path: Path, **said: object) -> CrossEncoder:
    path.with_suffix(".json").write_text(json.dumps({"labels": ["contradiction", "entailment", "neutral"]} | said))
    return CrossEncoder(path)


def pair(a: str, b: str, *, cosine: float = 0.8) -> JudgedPair:
    return JudgedPair(Side(a), Side(b), cosine)


def test_logits_are_the_mean_of_both_orders_in_the_order_of_the_labels(tmp_path: Path) -> None:
    path = written(tmp_path, (1.0, 2.0, 3.0))
    (tmp_path / "config.json").write_text(json.dumps({"id2label": LABELS}))
    (found,) = CrossEncoder(path).logits([(A, B)])
    mean = np.mean([2, 4, 5, 6, 7, 9, 3, 4, 5, 6, 8, 9])
    assert found == pytest.approx([3 * mean, mean, 2 * mean], rel=1e-4)
    # Of many pairs each has its own, whatever shares its batch.
    many = CrossEncoder(tmp_path).logits([(A, B), ("open", "open"), (B, A)] * 20)
    assert many[0] == pytest.approx(many[57])
    assert many[0] == pytest.approx(many[2])


def test_a_long_pair_is_cut_to_what_the_model_reads(tmp_path: Path) -> None:
    model = labelled(written(tmp_path, (1.0, 0.0, 0.0)), max_length=16)
    found = model.logits([("the gate is open . " * 400, "the gate is closed ."), (A, B)])
    assert np.isfinite(found).all()


def test_a_judge_tells_what_the_model_reads(tmp_path: Path) -> None:
    judge = OnnxJudge(labelled(written(tmp_path, (2.0, 0.0, 0.0)), threshold=0.7))
    (found,) = judge.judge([pair(A, B)])
    assert judge.threshold == 0.7
    assert judge.tag.startswith("onnx:tiny/")
    assert found.verdict is ConflictVerdict.CONTRADICTION
    assert found.cue == "model"
    assert sum(found.probabilities.values()) == pytest.approx(1)
    assert [text[slice(*side[0])] for text, side in zip((A, B), found.spans, strict=True)] == ["open", "closed"]
    assert judge.judge([]) == []


def test_what_is_said_later_with_a_word_of_change_is_superseded_rather(tmp_path: Path) -> None:
    judge = OnnxJudge(labelled(written(tmp_path, (2.0, 0.0, 0.0))))
    times = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)
    later = JudgedPair(Side(A, times[0]), Side(f"now {B}", times[1]), 0.8)
    (found,) = judge.judge([later])
    assert found.verdict is ConflictVerdict.SUPERSEDED


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        pytest.param(None, "no labels beside it", id="none"),
        pytest.param("[1]", "is no JSON object", id="a-list"),
        pytest.param("{", "cannot be read as JSON", id="not-json"),
        pytest.param('{"labels": ["entailment", "not_entailment"]}', "needs contradiction", id="two-labels"),
        pytest.param('{"labels": ["contradiction", "entailment", "neutral"], "sha256": "00"}', "not the file", id="altered"),
    ],
)
def test_a_model_with_wrong_files_is_refused_with_what_to_do(tmp_path: Path, labels: str | None, said: str) -> None:
    path = written(tmp_path, (1.0, 0.0, 0.0))
    if labels is not None:
        path.with_suffix(".json").write_text(labels)
    with pytest.raises(ModelError, match=said):
        CrossEncoder(path).logits([(A, B)])


@pytest.mark.parametrize(
    ("weights", "inputs", "said"),
    [
        pytest.param((1.0, 2.0), ("input_ids",), "not three logits a pair", id="two-logits"),
        pytest.param((1.0, 2.0, 3.0), ("pixels",), "wants the inputs pixels", id="other-inputs"),
    ],
)
def test_a_model_of_another_kind_is_refused(
    tmp_path: Path, weights: tuple[float, ...], inputs: tuple[str, ...], said: str
) -> None:
    with pytest.raises(ModelError, match=said):
        labelled(written(tmp_path, weights, inputs=inputs)).logits([(A, B)])


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="There is no model at"):
        assert OnnxJudge(CrossEncoder(tmp_path / "none.onnx")).tag
    path = tmp_path / "text.onnx"
    path.write_text("text")
    with pytest.raises(ModelError, match="no model that onnxruntime reads"):
        labelled(path).logits([(A, B)])


def test_the_file_that_is_stated_is_taken(tmp_path: Path) -> None:
    path = written(tmp_path, (1.0, 0.0, 0.0))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert labelled(path, sha256=digest).digest == digest


class _Fixed:
    """A judge that says one thing."""

    def __init__(self, tag: str, clash: float, threshold: float, cue: str = "") -> None:
        self.tag, self.threshold = tag, threshold
        self._clash, self._cue = clash, cue

    def judge(self, pairs: object) -> list[Judgement]:
        found = {
            ConflictVerdict.CONTRADICTION: self._clash,
            ConflictVerdict.UNRELATED: 1 - self._clash,
        }
        spans = (((0, 3),), ((0, 3),)) if self._cue else ((), ())
        return [Judgement(found, self._cue, f"{self.tag} says so", self.tag, spans)]


@pytest.mark.parametrize(
    ("judges", "clash"),
    [
        pytest.param([_Fixed("a/1", 0.8, 0.8), _Fixed("b/1", 0.3, 0.3)], 0.5, id="each-at-its-threshold"),
        pytest.param([_Fixed("a/1", 0.9, 0.5), _Fixed("b/1", 0.9, 0.5)], 0.9, id="both-sure"),
        pytest.param([_Fixed("a/1", 0.9, 0.5), _Fixed("b/1", 0.1, 0.5)], 0.5, id="one-against-the-other"),
    ],
)
def test_an_ensemble_is_the_mean_of_log_odds_from_the_thresholds(judges: list[Judge], clash: float) -> None:
    (found,) = EnsembleJudge(judges).judge([pair(A, B)])
    assert found.clash == pytest.approx(clash)
    assert sum(found.probabilities.values()) == pytest.approx(1)
    assert found.judge == "a/1+b/1"


def test_an_ensemble_shows_what_one_of_its_judges_shows() -> None:
    judges: list[Judge] = [_Fixed("a/1", 0.99, 0.5, "model"), _Fixed("b/1", 0.7, 0.5, "number")]
    (found,) = EnsembleJudge(judges).judge([pair(A, B)])
    assert found.spans == (((0, 3),), ((0, 3),))
    assert found.rationale == "a: a/1 says so; b: b/1 says so"
    with pytest.raises(ConfigError, match="An ensemble of 1"):
        EnsembleJudge(judges[:1])


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        pytest.param("", CuesJudge, id="none"),
        pytest.param("cues", CuesJudge, id="cues"),
        pytest.param("onnx:/models/a+b/nli.onnx", OnnxJudge, id="a-path-with-a-plus"),
        pytest.param("joint:/models/nli.onnx", JointJudge, id="joint"),
        pytest.param("cues+onnx:/models/nli.onnx", EnsembleJudge, id="two"),
    ],
)
def test_a_judge_is_made_by_its_name(monkeypatch: pytest.MonkeyPatch, name: str, kind: type) -> None:
    monkeypatch.setenv(JUDGE_VARIABLE, name)
    assert isinstance(judge_of(), kind)
    assert isinstance(judge_of(name), kind)


@pytest.mark.parametrize("name", ["oracle", "onnx:", "bedrock:", "cues+", "cues+oracle"])
def test_an_unknown_judge_is_refused_with_the_choices(name: str) -> None:
    with pytest.raises(ConfigError, match="choose cues, onnx:PATH, bedrock:MODEL"):
        judge_of(name)


# One tree: what the model gives a margin of more than 1 clashes.
JOINT = {
    "signs": [*SIGNS, *MODEL_SIGNS],
    "least": 0.0,
    "threshold": 0.6,
    "version": "1",
    "trees": f"0.0\n{len(SIGNS) + 3}:1.0 {'0:9e9 ' * 6}-3 -3 -3 -3 3 3 3 3",
}


@pytest.mark.parametrize(
    ("weights", "clash"), [pytest.param((2.0, 0.0, 0.0), 0.953, id="clash"), pytest.param((0.0, 2.0, 0.0), 0.047, id="none")]
)
def test_cues_and_a_model_are_one_score(tmp_path: Path, weights: tuple[float, ...], clash: float) -> None:
    judge = JointJudge(labelled(written(tmp_path, weights), joint=JOINT))
    (found,) = judge.judge([pair(A, B)])
    assert found.clash == pytest.approx(clash, abs=0.001)
    assert (judge.threshold, found.judge) == (0.6, judge.tag)
    assert found.cue in ("status", "antonym")
    assert judge.judge([]) == []


def test_where_the_cues_see_no_clash_the_model_is_not_asked(tmp_path: Path) -> None:
    judge = JointJudge(labelled(written(tmp_path, (1.0, 2.0)), joint=JOINT | {"least": 1.0}))
    assert judge.judge([pair(A, B)])[0].clash == CuesJudge().judge([pair(A, B)])[0].clash


def test_a_model_without_what_joins_it_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"fit it again .* or for the model alone as onnx:PATH"):
        assert JointJudge(labelled(written(tmp_path, (1.0, 0.0, 0.0)), joint=JOINT | {"signs": ["cosine"]})).threshold
