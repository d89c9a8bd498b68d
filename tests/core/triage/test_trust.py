"""Trust: the worth of sources, and the least over a lineage, whatever it looks like."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.curation.triage.descendants import descendants
from core.curation.triage.trust import DEFAULT_TRUST, TrustRules, lineage_trust, source_worth
from tests.core.memory_builders import make_memory
from tests.core.triage.planted import frame_of


@pytest.mark.parametrize(
    ("source", "worth"),
    [
        pytest.param(None, DEFAULT_TRUST.none, id="none"),
        pytest.param("inbound-mail", DEFAULT_TRUST.outside, id="mail"),
        pytest.param("Web_Scraper/2", DEFAULT_TRUST.outside, id="web"),
        pytest.param("reviewed-forum", DEFAULT_TRUST.outside, id="outside-though-reviewed"),
        pytest.param("human review", DEFAULT_TRUST.checked, id="human"),
        pytest.param("webhooks", DEFAULT_TRUST.other, id="only-whole-words"),
        pytest.param("refund-tool", DEFAULT_TRUST.other, id="tool"),
        pytest.param("\ud800\x1b[31m", DEFAULT_TRUST.other, id="hostile"),
    ],
)
def test_what_sources_are_worth(source, worth):
    assert source_worth(source) == worth


def test_a_source_may_be_given_a_worth_by_name():
    rules = TrustRules(worth={"inbound-mail": 0.95}, unstated=0.5)
    memories = [make_memory("a", source="inbound-mail", confidence=1.0), make_memory("b", source="inbound-mail")]
    assert lineage_trust(frame_of(memories), rules).values.tolist() == pytest.approx([0.95, 0.475])


LINKS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 11)), max_size=25)


@settings(max_examples=40)
@given(st.lists(st.sampled_from([0.1, 0.3, 0.5, 0.9, None]), min_size=12, max_size=12), LINKS)
def test_trust_is_the_least_over_the_lineage(confidences, links):
    """Against a plain walk; places 10 and 11 are retired, links may go round in circles, one source is unknown."""
    sources = {place: {other for child, other in links if child == place} for place in range(12)}
    memories = [
        make_memory(f"m{n}", confidence=confidences[n], derived_from=(*(f"m{each}" for each in sources[n]), "unknown"))
        for n in range(12)
    ]
    found = lineage_trust(frame_of(memories[:10]), gone=memories[10:])
    own = lineage_trust(frame_of([make_memory(f"m{n}", confidence=confidences[n]) for n in range(12)])).values
    for place in range(10):
        reached, ahead = {place}, [place]
        while ahead:
            new = sources[ahead.pop()] - reached
            reached |= new
            ahead += new
        assert found.values[place] == pytest.approx(min(own[each] for each in reached))
        assert all(found.values[place] <= own[each] for each in reached)
        assert own[int(found.weakest[place][1:])] == found.values[place]


@settings(max_examples=40)
@given(LINKS)
def test_descendants_are_all_that_was_made_from_it(links):
    memories = [make_memory(f"m{n}", derived_from=tuple(f"m{to}" for at, to in links if at == n)) for n in range(10)]
    found = descendants(frame_of(memories), ["m3"], gone=[make_memory("out", derived_from=("m4",))], heirs={"m5": "m6"})
    edges = {(f"m{to}", f"m{at}") for at, to in links} | {("m4", "out"), ("m5", "m6")}
    reached, generation = {"m3": 0}, 0
    while new := {child for parent, child in edges if parent in reached and child not in reached}:
        generation += 1
        reached |= dict.fromkeys(new, generation)
    assert {each.key: each.generation for each in found} == {key: g for key, g in reached.items() if g}
    assert all(each.here == (each.key != "out") for each in found)


def test_a_long_chain_is_no_recursion():
    memories = [make_memory(f"m{n}", confidence=0.2 if n == 0 else 0.9, derived_from=(f"m{n - 1}",)) for n in range(3_000)]
    assert lineage_trust(frame_of(memories)).weakest[-1] == "m0"
