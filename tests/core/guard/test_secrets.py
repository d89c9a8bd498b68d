"""The table of secrets, what it finds, what it leaves alone, and that its time is bounded by the form of its expressions."""

from __future__ import annotations

import json
import re
from pathlib import Path
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.eval.guard import figures, read_examples
from core.guard import Guard, Rule
from core.guard.injection import SIGNS
from core.guard.secrets import PATTERNS, secrets_in, without_secrets
from core.memory import Memory

CORPUS = Path(__file__).resolve().parents[3] / "benchmarks/guard/corpus.jsonl"
EXAMPLES = read_examples(CORPUS)
SECRETS = [each for each in EXAMPLES if each.rule is Rule.SECRETS]


def test_the_table_is_documented():
    ids = [each.id for each in PATTERNS]
    assert len(ids) == len(set(ids)) >= 45
    for each in PATTERNS:
        assert re.fullmatch(r"[a-z0-9-]+", each.id), each.id
        assert each.what
        assert len(each.source) > 4, each.id
        assert each.hints, each.id
        assert all(hint == hint.lower() and hint for hint in each.hints), each.id


def test_every_pattern_has_an_example_that_names_it():
    assert {each.id for each in PATTERNS} - {each.what for each in SECRETS} <= {"putty-key"}


def test_the_file_of_examples_holds_no_secret_itself():
    """A scanner of repositories must find nothing: what stands in braces is drawn when it is read."""
    found = [each.id for line in CORPUS.read_text(encoding="utf-8").splitlines() for each in secrets_in(line)]
    assert found == []


@pytest.mark.parametrize("example", [pytest.param(each, id=f"{each.line}-{each.what}") for each in SECRETS])
def test_a_secret_is_named_and_cut_out(example):
    found = secrets_in(example.text)
    assert example.what in {each.id for each in found}
    for each in found:
        assert 0 <= each.start < each.end <= len(example.text)
    clean = without_secrets(example.text)
    assert secrets_in(clean) == ()
    assert all(example.text[each.start : each.end] not in clean for each in found)
    assert "[redacted:" in clean


@pytest.mark.parametrize(("rule", "recall", "precision"), [(Rule.SECRETS, 0.98, 0.99), (Rule.INJECTION, 0.88, 0.99)])
def test_few_are_missed_and_hardly_any_is_a_false_alarm(rule, recall, precision):
    verdicts = Guard().look(Memory("k", each.text) for each in EXAMPLES)
    found = figures(EXAMPLES, verdicts, rule)
    print(f"{rule}: precision {found.precision:.3f}, recall {found.recall:.3f}")
    assert len([each for each in EXAMPLES if each.rule]) >= 150
    assert len([each for each in EXAMPLES if each.rule is None]) >= 150
    assert found.recall >= recall
    assert found.precision >= precision


@pytest.mark.parametrize(
    "said", [pytest.param("The token:\n{}\nis old.", id="line"), pytest.param('The password is "{}" now.', id="quote")]
)
@pytest.mark.parametrize("layers", [1, 2, 3])
def test_a_secret_within_json_is_cut_out(said, layers):
    secret = "ghp_" + "A1b2C3d4E5f6" * 3
    text = said.format(secret)
    for _ in range(layers):
        text = json.dumps({"quote": text})
    clean = without_secrets(text)
    assert secret not in clean
    for _ in range(layers):
        clean = json.loads(clean)["quote"]
    assert clean == said.format("[redacted:github-token]")


def test_json_stays_json_when_a_password_is_cut_out_of_it():
    clean = without_secrets(json.dumps({"quote": 'He said "password: Kx9!mmQ2z" today.'}))
    assert json.loads(clean) == {"quote": 'He said "password: [redacted:password]" today.'}


parts = st.sampled_from([each.text for each in SECRETS])
words = st.text(st.characters(codec="utf-8"), max_size=60)


@settings(max_examples=60)
@given(st.lists(parts | words, max_size=4), st.sampled_from(["\n", " ", "; "]))
def test_what_was_cut_out_leaves_nothing_to_cut(texts, between):
    clean = without_secrets(between.join(texts))
    assert without_secrets(clean) == clean
    assert secrets_in(clean) == ()


@settings(max_examples=80)
@given(words)
def test_a_text_without_a_secret_stays_as_it_is(text):
    assert without_secrets(text) == text or secrets_in(text)


def freedom(expression: str) -> int:
    """Return how many ways an expression may be tried at one place: the product over repeats that give something back."""

    def ways(tree, inside: bool) -> int:
        total = 1
        for code, value in tree:
            if code in (codes.MAX_REPEAT, codes.MIN_REPEAT):
                least, most, inner = value
                assert most is not codes.MAXREPEAT, f"{expression} has a repeat without a bound"
                varies = most > least
                assert not (inside and varies and most > 12), f"{expression} has a long repeat in a repeat"
                total *= (most - least + 1) * ways(inner, inside or (varies and most > 1))
            elif code is codes.POSSESSIVE_REPEAT:
                assert value[1] is not codes.MAXREPEAT, f"{expression} has a repeat without a bound"
            elif code is codes.SUBPATTERN:
                total *= ways(value[3], inside)
            elif code is codes.BRANCH:
                total *= max(ways(each, inside) for each in value[1])
            elif code in (codes.ASSERT, codes.ASSERT_NOT):
                total *= ways(value[1], inside)
        return total

    return ways(parser.parse(expression), False)


@pytest.mark.parametrize("each", [pytest.param(each, id=each.id) for each in (*PATTERNS, *SIGNS)])
def test_every_repeat_is_bounded_so_that_the_time_is_linear(each):
    """At one place an expression has a bounded number of ways to go: none grows with the text."""
    assert freedom(each.expression) <= 2**25
    assert parser.parse(each.expression).getwidth()[1] < 50_000


HOSTILE = [
    pytest.param("a" * 12_000, id="one-letter"),
    pytest.param("password=" * 1_400, id="names-without-values"),
    pytest.param("-----BEGIN PRIVATE KEY-----" * 450, id="headings"),
    pytest.param("eyJ" * 4_000, id="beginnings-of-tokens"),
    pytest.param("://a:b" * 2_000, id="addresses"),
    pytest.param("ignore all previous " * 600, id="orders-without-an-end"),
    pytest.param("QUJDREVG" * 1_500, id="one-run-of-base64"),
    pytest.param("aGVsbG8gd29ybGQgYWdhaW4= " * 480, id="many-runs-of-base64"),
    pytest.param("<" * 6_000 + ">" * 6_000, id="brackets"),
    pytest.param("![" * 6_000, id="images"),
    pytest.param("![](http://a?/=" * 800, id="addresses-of-images"),
    pytest.param("send via at http to " * 600, id="orders-to-send"),
    pytest.param("\u200b" * 12_000, id="unseen"),
    pytest.param("\"'“`" * 3_000, id="quotes"),
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_are_looked_at_a_bounded_number_of_times(text, monkeypatch):
    """Counted, not timed: proofs are asked for candidates that do not overlap, and no run of code twice."""
    from core.guard import decoding
    from core.guard.secrets import pattern

    asked, taken = [], []
    proofs = {name: (lambda text, own=own: asked.append(len(text)) or own(text)) for name, own in pattern.PROOFS.items()}
    monkeypatch.setattr(pattern, "PROOFS", proofs)
    plain = decoding._plain
    monkeypatch.setattr(decoding, "_plain", lambda raw: taken.append(len(raw)) or plain(raw))
    Guard().look([Memory("k", text)])
    assert sum(asked) <= 12 * len(text)
    assert sum(taken) <= 3 * len(text)
