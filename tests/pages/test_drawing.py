"""What pages draw with: words, HTML and figures, all pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from core.transfer import Progress
from pages.shared import charts
from pages.shared.importing import progress_text
from pages.shared.markup import escaped, is_code, text_block
from pages.shared.nothing import examples
from pages.shared.rail import value_label
from pages.shared.theme import tokens
from pages.shared.words import age, bytes_text, exact, plural, share

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("count", "word", "said"),
    [(1, "memory", "1 memory"), (1204, "memory", "1,204 memories"), (2, "day", "2 days"), (0, "row", "0 rows")],
)
def test_plural(count, word, said):
    assert plural(count, word) == said


@pytest.mark.parametrize(
    ("gap", "said"),
    [
        (timedelta(seconds=5), "just now"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(hours=30), "30 hours ago"),
        (timedelta(days=13), "13 days ago"),
        (timedelta(days=60), "8 weeks ago"),
        (timedelta(days=365), "11 months ago"),
        (timedelta(days=1500), "4 years ago"),
        (-timedelta(hours=3), "in 3 hours"),
    ],
)
def test_age(gap, said):
    assert age(NOW - gap, now=NOW) == said


def test_times_without_a_value():
    assert age(None, now=NOW) == "unknown time"
    assert exact(None) == "unknown"
    assert exact(NOW) == "1 Mar 2026, 12:00:00 UTC"


@pytest.mark.parametrize(
    ("size", "said"), [(0, "0 B"), (1023, "1,023 B"), (1536, "1.5 KB"), (40960, "40.0 KB"), (3 << 30, "3.0 GB")]
)
def test_bytes(size, said):
    assert bytes_text(size) == said


@pytest.mark.parametrize(
    ("part", "whole", "said"), [(0, 9, "0 %"), (1, 10**6, "<0.1 %"), (1, 30, "3.3 %"), (1, 2, "50 %"), (1, 0, "0 %")]
)
def test_share(part, whole, said):
    assert share(part, whole) == said


@pytest.mark.parametrize(
    ("done", "seconds", "said"),
    [
        pytest.param(Progress(512, 2048, 10, 0), 5.0, "10 rows · 512 B of 2.0 KB · about 15 seconds left", id="under way"),
        pytest.param(Progress(512, 2048, 10, 2), 0.5, "10 rows · 512 B of 2.0 KB · 2 failed", id="too early to tell"),
        pytest.param(Progress(2048, 2048, 40, 0), 9.0, "40 rows · 2.0 KB of 2.0 KB", id="read"),
        pytest.param(Progress(512, None, 1, 0), 9.0, "1 row", id="unknown size"),
    ],
)
def test_import_progress(done, seconds, said):
    assert progress_text(done, seconds=seconds) == said


@pytest.mark.parametrize(
    ("text", "code"),
    [
        pytest.param('{"a": [1, 2]}', True, id="json"),
        pytest.param("[see the note]", False, id="brackets in prose"),
        pytest.param("def f():\n    return 1", True, id="python"),
        pytest.param("The class of 2026 met on Friday.", False, id="prose"),
        pytest.param("", False, id="empty"),
    ],
)
def test_code_is_recognised(text, code):
    assert is_code(text) is code


def test_text_is_escaped_and_clamped():
    assert escaped("<b>&\"'\u202e") == "&lt;b&gt;&amp;&quot;&#x27;"
    block = text_block("word " * 500, clamp=True)
    assert "2,500 characters in all" in block
    assert len(block) < 1200
    assert "only white space" in text_block("  \n ", clamp=False)


def test_chart_labels_are_escaped():
    assert charts.plot_text("<b>x</b>\n<a href='y'>") == "&lt;b&gt;x&lt;/b&gt; &lt;a href='y'&gt;"
    figure = charts.facet_bars([("<i>", 3)], tokens(), colours={}, dots={"<i>": "#123456"}, selected=[], labels={})
    assert figure.layout.yaxis.ticktext[0].endswith("&lt;i&gt;")


def test_growth_has_a_trace_for_each_type_known_ones_first():
    frame = pd.DataFrame(
        {
            "start": pd.to_datetime(["2026-02-01", "2026-02-01", "2026-02-02"], utc=True),
            "value": pd.array([None, "procedural", "episodic"], dtype="str"),
            "count": [1, 2, 3],
        }
    )
    figure = charts.growth_bars(frame, tokens(), unit="day")
    assert [trace.name for trace in figure.data] == ["Episodic", "Procedural", "Unknown type"]
    first, last = figure.layout.xaxis.range
    assert last - first >= timedelta(days=20)


def test_example_questions_are_short_and_different():
    texts = [
        "The invoice of March was wrong, so we sent another.",
        "Ok.",
        '{"a": 1}',
        "The invoice of March was wrong; again.",
    ]
    frame = pd.DataFrame({"content": texts, "created_at": [NOW] * 4, "task_id": ["a"] * 4, "agent_id": ["b"] * 4})
    assert examples(frame) == ["The invoice of March was wrong"]


def test_a_label_says_unknown_for_what_is_missing():
    assert value_label("unknown") == "Unknown"
    assert value_label("a\nb") == "a b"
