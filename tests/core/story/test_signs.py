"""Signs of trouble, artefacts, work done twice and runs compared."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.analysis.story import like_pairs, story, words_of
from tests.core.story.tellers import START, frame_of, tagged, told

RESULT = {"memory_type": "tool_result"}
CODE = "```python\nprint(4)\n```"
SHARED = Path(__file__).parents[4] / "shared" / "data" / "whowhen_captainagent"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param(
            (("a", "run it"), ("sh", "exitcode: 1", RESULT)), [("error", 1, 2)], id="an-error-belongs-to-its-cause"
        ),
        pytest.param((("a", "Traceback (most recent call last)"),), [("error", 1, None)], id="an-error-alone"),
        pytest.param((("a", "go"), ("sh", "x", RESULT | {"exit_code": 2})), [("error", 1, 2)], id="an-exit-code"),
        pytest.param((("a", "go"), ("sh", "x", RESULT | {"exit_code": 0})), [], id="exit-code-0"),
        pytest.param((("a", "go"), ("sh", "HTTP 404 Client Error", RESULT)), [("error", 1, 2)], id="http"),
        pytest.param((("a", "The talks failed."),), [], id="a-weak-word-in-a-message"),
        pytest.param((("a", "We simulate the numbers for now."),), [("invented", 1, None)], id="made-up"),
        pytest.param((("a", "Most likely it is blue."),), [("guess", 1, None)], id="guess"),
        pytest.param((("a", "I was unable to find it."),), [("nothing", 1, None)], id="not-found"),
        pytest.param((("a", "x", tagged("handoff", to_agent="b")),), [("unanswered", 1, None)], id="unanswered"),
        pytest.param((("a", "x", tagged("handoff", to_agent="b")), ("b", "ok")), [], id="answered"),
        pytest.param((("a", "Cannot go on.", tagged("blocked")),), [("blocked", 1, None)], id="blocked"),
        pytest.param((("a", "x", {"contradicts": ["k9"]}),), [("conflict", 1, None)], id="conflict"),
        pytest.param((("a", "x"), ("b", "y", {"conflicts_with": "k0000"})), [("conflict", 2, 1)], id="conflict-with-a-step"),
        pytest.param((("a", "You are given: this"), ("b", "So be it.")), [("course", 2, 1)], id="course"),
        pytest.param(
            (
                ("a", "The answer is 4."),
                ("a", "```python\nprint(4)\n```"),
                ("sh", "exitcode: 0", RESULT),
                ("a", "Therefore 4."),
            ),
            [("unbacked", 1, None)],
            id="a-result-before-any-tool",
        ),
        pytest.param((("a", "go"), ("sh", "ok", RESULT), ("a", CODE)), [("not_run", 3, None)], id="code-not-run"),
        pytest.param(
            (("a", "one two three four five six"), ("a", "one two three four five six!")), [("repeat", 2, 1)], id="repeat"
        ),
    ],
)
def test_signs(lines, expected):
    assert [(sign.kind.value, sign.step, sign.other) for sign in told(*lines).signs] == expected


def test_a_long_silence_is_one_against_the_usual_pause():
    late = {"created_at": START.replace(hour=20)}
    signs = told(*[("a", f"note {n}") for n in range(6)], ("a", "back", late)).signs
    assert [(sign.kind.value, sign.step, sign.words) for sign in signs] == [
        ("silence", 7, "nothing was written for 11 hours")
    ]


def test_the_step_with_the_most_signs_is_the_first_suspect():
    read = told(
        ("a", "Probably."), ("a", "Let's assume placeholder data."), ("sh", "exitcode: 1", RESULT), ("a", "I think so.")
    )
    assert read.suspects == (2, 1, 4)


def test_artefacts_say_who_named_them_first_and_who_used_them():
    read = told(
        ("a", "See /tmp/report.csv and https://example.org/x?y=1."),
        ("b", "report.csv is not /tmp/report.csv. Ticket OPS-12, ZFAO04", tagged(files=["notes.md"])),
        ("c", "OPS-12 again, and version 3.10"),
    )
    found = {one.name: (one.kind, one.by, one.steps, one.users) for one in read.artefacts}
    assert found == {
        "/tmp/report.csv": ("file", "a", (1, 2), ("b",)),
        "https://example.org/x?y=1": ("address", "a", (1,), ()),
        "report.csv": ("file", "b", (2,), ()),
        "notes.md": ("file", "b", (2,), ()),
        "OPS-12": ("id", "b", (2, 3), ("c",)),
    }


SAID = "The export of March holds 3,604 invoices and every one of them was checked by hand"


@pytest.mark.parametrize(
    ("other", "fields", "cosine", "twice"),
    [
        pytest.param(SAID + " today", {}, 0.99, True, id="twice"),
        pytest.param(SAID + " today", {}, None, True, id="without-vectors"),
        pytest.param(SAID + " today", {}, 0.2, False, id="another-direction"),
        pytest.param(SAID.replace("3,604", "3,605"), {}, 0.99, False, id="another-number"),
        pytest.param(SAID.replace("was checked", "was not checked"), {}, 0.99, False, id="a-negation"),
        pytest.param(SAID, RESULT, 0.99, False, id="printed-by-a-tool"),
        pytest.param(" ".join(reversed(SAID.split())), {}, 0.99, False, id="another-order"),
    ],
)
def test_work_done_twice(other, fields, cosine, twice):
    vectors = {"k0000": np.array([1, 0], np.float32)}
    if cosine is not None:
        vectors["k0001"] = np.array([cosine, (1 - cosine**2) ** 0.5], np.float32)
    asked = []
    read = told(("ann", SAID), ("bob", other, fields), vectors=lambda keys: asked.extend(keys) or vectors)
    assert [(one.first, one.second) for one in read.doubled] == ([(1, 2)] if twice else [])
    if twice:
        assert read.doubled[0].tokens == (len(other) + 3) // 4
        assert read.doubled[0].after.total_seconds() == 60
        assert asked == ["k0000", "k0001"]


@given(st.lists(st.lists(st.sampled_from("abcdefgh"), max_size=8).map(" ".join), max_size=12))
def test_like_pairs_are_all_of_them_and_no_other(texts):
    known = [words_of(text) for text in texts]
    wanted = {
        (one, other)
        for other in range(len(known))
        for one in range(other)
        if min(len(known[one].words), len(known[other].words)) >= 3
        and len(known[one].words & known[other].words) >= 0.7 * len(known[one].words | known[other].words)
    }
    assert {(pair.first, pair.second) for pair in like_pairs(known, at_least=0.7, fewest=3)} == wanted


def trial(number, *deeds):
    return [
        (agent, text, {"session_id": f"s{number}", "trial": number, "memory_type": kind, "tool": tool})
        for agent, text, kind, tool in deeds
    ]


def test_runs_part_where_another_tool_is_called():
    ask, look, book = ("user", "Hi", "message", None), ("desk", "l", "action", "look"), ("desk", "b", "action", "book")
    read = told(*trial(0, ask, look, book), *trial(1, ask, look), *trial(2, ask, book))
    assert read.attempts
    assert [(run.session, len(run.steps), run.agents) for run in read.runs] == [
        ("s0", 3, ("user", "desk")),
        ("s1", 2, ("user", "desk")),
        ("s2", 2, ("user", "desk")),
    ]
    partings = [run.parting for run in read.runs]
    assert [(p.step, p.number, p.companion) for p in partings] == [(3, 3, "s1"), (3, None, "s0"), (2, 7, "s0")]
    assert (partings[2].does, partings[2].others) == ("desk: tool call book", "desk: tool call look")


def test_sessions_of_different_agents_are_no_attempts():
    lines = (("ann", "x", {"session_id": "run1"}), ("bob", "y", {"session_id": "run2"}))
    assert not told(*lines).attempts


def test_two_thousand_long_steps_are_read_hostile_ones_too():
    words = [f"word{n}" for n in range(997)]
    texts = (" ".join(words[(n * 7 + k * (n % 13 + 1)) % 997] for k in range(60)) for n in range(2000))
    lines = [(f"agent{n % 200}", f"{text} step {n}") for n, text in enumerate(texts)]
    frame, _ = frame_of(*lines)
    hostile = ["-a" * 6000, "a." * 6000, "\n" * 12000, "A" * 12000, "FAILED " * 1700, "assume " * 1700, "/a" * 6000]
    frame["content"] = pd.Series([*hostile, *frame["content"][len(hostile) :]], dtype="str")
    # What is quadratic in a text takes a minute here.
    read = story(frame, ("red", "t"))
    assert (len(read.steps), read.compared) == (2000, 2000)


def lines_of(path):
    return [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data are not there")
def test_annotated_failures_are_among_the_first_suspects():
    rows, failures = (lines_of(SHARED / f"{name}.jsonl.gz") for name in ("memories", "failures"))
    hits = 0
    for failure in failures[1::4]:  # of the half that nothing was tuned on
        own = [row for row in rows if row["task_id"] == failure["task_id"]]
        fields = ({"key": r["key"], "memory_type": r["memory_type"], "session_id": "s", "step": r["step"]} for r in own)
        read = told(*[(row["agent_id"], row["content"], each) for row, each in zip(own, fields, strict=True)])
        number = next(step.number for step in read.steps if step.key == failure["mistake_key"])
        assert number <= 100  # on the first page of its story
        hits += number in read.suspects[:3]
    assert hits >= 14
