"""Texts as sentences: several languages, what stays whole, and nothing lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.curation.consolidation.sentences import sentences_in, stays_whole

CODE = "```py\nx = 1.\n\nprint(x)\n```"
LIST = "- first. It has two.\n- second\n  goes on"
JSON = '{"a": [1,\n 2.5], "b": "x. Y"}'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("It is done. It works!", ["It is done.", "It works!"], id="plain"),
        pytest.param(
            "Dr. Smith paid 3.5 m. He left at 5 p.m. Then he came.",
            ["Dr. Smith paid 3.5 m.", "He left at 5 p.m.", "Then he came."],
            id="titles-decimals-hours",
        ),
        pytest.param(
            "See v2.3.1 in core/a.py. J. K. Rowling wrote No. 5 here.",
            ["See v2.3.1 in core/a.py.", "J. K. Rowling wrote No. 5 here."],
            id="versions-initials",
        ),
        pytest.param(
            'Really?! Yes... and no. "Go." he said', ["Really?!", "Yes... and no.", '"Go."', "he said"], id="marks-quotes"
        ),
        pytest.param("i went home. then i slept", ["i went home.", "then i slept"], id="small-letters"),
        pytest.param(
            "Das war am 3. Mai. Siehe z. B. hier, bzw. dort.",
            ["Das war am 3. Mai.", "Siehe z. B. hier, bzw. dort."],
            id="german",
        ),
        pytest.param("¿Qué? Fue el Sr. Pérez. ¡Sí!", ["¿Qué?", "Fue el Sr. Pérez.", "¡Sí!"], id="spanish"),
        pytest.param("今日は雨です。明日は晴れ！行く", ["今日は雨です。", "明日は晴れ！", "行く"], id="japanese"),
        pytest.param("यह है। वह है।", ["यह है।", "वह है।"], id="hindi"),
        pytest.param("هل هذا صحيح؟ نعم.", ["هل هذا صحيح؟", "نعم."], id="arabic"),
        pytest.param("status: open\nowner: kim", ["status: open", "owner: kim"], id="a-line-a-statement"),
        pytest.param(
            "This is a line of prose that was wrapped by someone at\nseventy columns. More",
            ["This is a line of prose that was wrapped by someone at\nseventy columns.", "More"],
            id="wrapped",
        ),
        pytest.param(
            f"Run it:\n{CODE}\nIt prints. Well.", [f"Run it:\n{CODE}", "It prints.", "Well."], id="code-with-its-lead"
        ),
        pytest.param(f"Before.\n{LIST}\nAfter.", ["Before.", LIST, "After."], id="list"),
        pytest.param(JSON, [JSON], id="json"),
        pytest.param("| a | b |\n|---|---|\n| 1. x | 2 |", ["| a | b |\n|---|---|\n| 1. x | 2 |"], id="table"),
        pytest.param("[14:02] Deployed. All well.", ["[14:02] Deployed.", "All well."], id="a-bracket-is-no-json"),
        pytest.param("```\nnever closed. Really.", ["```\nnever closed. Really."], id="open-fence"),
        pytest.param(" \n\t", [], id="blank"),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert list(sentences_in(text)) == expected


@given(st.text(st.sampled_from("aB1.!?。 \n\t`-{}[]\"'|:,~"), max_size=200) | st.text(max_size=80))
def test_nothing_but_white_space_is_lost(text: str) -> None:
    found = sentences_in(text)
    assert "".join("".join(found).split()) == "".join(text.split())
    assert all(sentence.strip() for sentence in found)


@pytest.mark.parametrize("unit", ["{", "[\n", "a.", "- x\n", "```\n", '"', "\n  x"])
def test_long_hostile_texts_are_read(unit: str) -> None:
    text = unit * (12_000 // len(unit))
    assert "".join("".join(sentences_in(text)).split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("text", "whole"),
    [(CODE, True), (LIST, True), (JSON, True), ("[1, 2]", True), ("- one item", False), ("It is.", False), ("a\nb", False)],
)
def test_what_stays_whole(text: str, whole: bool) -> None:
    assert stays_whole(text) is whole
