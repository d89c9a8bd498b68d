"""A scope says the same to the service, to a frame, to one memory, and in a link."""

from __future__ import annotations

import tempfile
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.access import LOCAL_ADMIN
from core.errors import ConfigError
from core.memory import Memory
from core.memory.status import HIDDEN, STATUS_KEY
from core.scope import FILTERS, UNKNOWN, Scope
from core.store import Mode
from core.vectors.filters import parse_filter
from tests.core.memory_builders import DAY, NOW, make_memory, make_store

NAMES = st.sampled_from(["a", "b", "c"])
CHOSEN = st.lists(st.sampled_from(["a", "b", UNKNOWN]), max_size=2).map(tuple)
MOMENTS = st.integers(-3, 3).map(lambda days: NOW + days * DAY)

drawn_memories = st.lists(
    st.builds(
        lambda **fields: make_memory("", "text", **fields),
        memory_type=st.none() | NAMES,
        agent_id=st.none() | NAMES,
        team_id=st.none() | NAMES,
        task_id=st.none() | NAMES,
        session_id=st.none() | NAMES,
        source=st.none() | NAMES | st.just(UNKNOWN),
        tags=st.lists(NAMES, max_size=3).map(tuple),
        created_at=st.none() | MOMENTS,
        expires_at=st.none() | MOMENTS,
        confidence=st.none() | st.sampled_from([0, 0.25, 0.5, 1]),
        extra=st.just({}) | st.sampled_from([HIDDEN, "", 1, ["a"], None]).map(lambda status: {STATUS_KEY: status}),
    ),
    max_size=8,
)
scopes = st.builds(
    Scope,
    teams=CHOSEN,
    agents=CHOSEN,
    tasks=CHOSEN,
    sessions=CHOSEN,
    types=CHOSEN,
    sources=CHOSEN,
    tags=CHOSEN,
    created_from=st.none() | MOMENTS,
    created_to=st.none() | MOMENTS,
    min_confidence=st.none() | st.sampled_from([0.0, 0.25, 0.5]),
    include_expired=st.booleans(),
    include_hidden=st.booleans(),
)


@settings(max_examples=60)
@given(drawn_memories, st.lists(scopes, min_size=1, max_size=8))
def test_engine_frame_and_memory_agree(drawn: list[Memory], chosen: list[Scope]) -> None:
    memories = [make_memory(f"k{place}", **_fields(memory)) for place, memory in enumerate(drawn)]
    with tempfile.TemporaryDirectory() as directory:
        store = make_store(Path(directory), *memories)
        frame = store.frame(actor=LOCAL_ADMIN)
        for scope in chosen:
            found = store.query(text="text", mode=Mode.VECTOR, k=50, scope=scope, now=NOW, actor=LOCAL_ADMIN)
            engine = {hit.memory.key for hit in found}
            assert engine == set(frame["key"][scope.mask(frame, now=NOW)])
            assert engine == {memory.key for memory in memories if scope.admits(memory, now=NOW)}


def _fields(memory: Memory) -> dict[str, object]:
    fields = {row: getattr(memory, row) for row in Memory.__dataclass_fields__ if row not in ("key", "as_written")}
    # What the service cannot store goes beside it and cannot be filtered there: a recall leaves it out afterwards.
    return fields | {"extra": {name: value for name, value in memory.extra.items() if value not in ("", None)}}


@given(scopes)
def test_the_filter_is_valid(scope: Scope) -> None:
    condition = scope.to_filter(now=NOW)
    if condition is not None:
        parse_filter(condition, non_filterable=())


@given(scopes)
def test_a_link_brings_the_scope_back(scope: Scope) -> None:
    again = Scope.from_params({**scope.to_params(), "page": "search"})
    assert again.to_filter(now=NOW) == scope.to_filter(now=NOW)
    assert again.to_params() == scope.to_params()


def test_an_empty_link_is_the_default() -> None:
    assert Scope.from_params({}) == Scope()
    assert Scope.from_params({"team": "a", "agent": [""], "from": ""}) == Scope(teams=("a",))
    assert Scope().to_params() == {}


@pytest.mark.parametrize(
    ("params", "said"),
    [
        pytest.param({"from": "soon"}, "from 'soon' must be an ISO 8601 time", id="time"),
        pytest.param({"min_confidence": "1.5"}, "min_confidence '1.5' must be a number from 0 to 1", id="share"),
        pytest.param({"min_confidence": "nan"}, "from 0 to 1", id="nan"),
        pytest.param({"expired": "maybe"}, "expired 'maybe' must be 1 or 0", id="flag"),
    ],
)
def test_a_link_that_makes_no_sense_is_refused(params: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        Scope.from_params(params)


def test_the_filter_of_a_full_scope() -> None:
    scope = Scope(teams=("alpha", UNKNOWN), created_from=NOW - DAY, min_confidence=0.5)
    assert scope.to_filter(now=NOW) == {
        "$and": [
            {"$or": [{"team_id": {"$in": ["alpha", UNKNOWN]}}, {"team_id": {"$exists": False}}]},
            {"created_at_epoch": {"$gte": (NOW - DAY).timestamp()}},
            {"confidence": {"$gte": 0.5}},
            {"$or": [{"expires_at_epoch": {"$gt": NOW.timestamp()}}, {"expires_at_epoch": {"$exists": False}}]},
            {"mnemoscope_status": {"$exists": False}},
        ]
    }
    assert Scope(include_expired=True, include_hidden=True).to_filter(now=NOW) is None


def test_too_many_values_are_refused_before_the_service_does() -> None:
    Scope(agents=tuple(f"a{n}" for n in range(97))).to_filter(now=NOW)
    with pytest.raises(ConfigError, match="compares 101 values, the service takes 100"):
        Scope(agents=tuple(f"a{n}" for n in range(98))).to_filter(now=NOW)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ConfigError, match="created from 2026-03-01T00:00:00 has no time zone"):
        Scope(created_from=datetime(2026, 3, 1))  # noqa: DTZ001
    with pytest.raises(ConfigError, match="now 2026-03-01T00:00:00 has no time zone"):
        Scope().to_filter(now=datetime(2026, 3, 1))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("scope", "sentence"),
    [
        pytest.param(Scope(), "All memories without expired ones.", id="default"),
        pytest.param(
            Scope(teams=("a", "b"), agents=(UNKNOWN,), created_to=NOW + timedelta(minutes=5)),
            "All memories of team a or b, with no agent, created before 2026-03-01 12:05 UTC, without expired ones.",
            id="several",
        ),
        pytest.param(
            Scope(types=("semantic",), created_from=NOW.replace(hour=0), min_confidence=0.25, include_expired=True),
            "All memories of type semantic, created from 2026-03-01 UTC, "
            "with a confidence of at least 0.25, with expired ones.",
            id="day-and-confidence",
        ),
        pytest.param(Scope(include_hidden=True), "All memories without expired ones, with hidden ones.", id="hidden"),
    ],
)
def test_sentences(scope: Scope, sentence: str) -> None:
    assert scope.sentence() == sentence


def test_the_table_covers_the_scope() -> None:
    assert [row.key for row in FILTERS] == list(Scope.__dataclass_fields__)
    assert len({row.param for row in FILTERS}) == len(FILTERS)
