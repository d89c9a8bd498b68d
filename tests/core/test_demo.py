"""The demo world: what it must contain, that its ground truth is true, and that loading it is safe to repeat."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.access import LOCAL_ADMIN, Actor, Role
from core.config import open_catalog
from core.demo import DemoWorld, build, load
from core.demo.vectors import PackagedVectors, write_vectors
from core.errors import ConfigError, NotAllowedError
from core.memory import Memory, to_metadata
from core.models.embedding import HashingEmbedder, MiniLM

NOW = datetime(2026, 3, 10, 15, 20, 30, tzinfo=UTC)
WORLD = build(NOW)
BY_KEY = {memory.key: memory for memory in WORLD.memories()}
moments = st.datetimes(datetime(2001, 1, 1), datetime(2099, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


class NoModel:
    """Has MiniLM's name and fails when asked to embed: what it is given must come from the packaged file."""

    model_id, dimension, version = MiniLM.model_id, MiniLM.dimension, MiniLM.version

    def embed(self, texts):
        raise AssertionError(f"{len(texts)} texts were embedded, the first is {texts[0]!r}: run `make demo-vectors`.")


@pytest.fixture
def catalog(tmp_path):
    catalog = open_catalog(tmp_path / "store", embedder_factory=lambda: HashingEmbedder(dimension=64))
    yield catalog
    catalog.close()


def contents(catalog) -> dict[str, Memory]:
    stores = (catalog.open(info.name, actor=LOCAL_ADMIN) for info in catalog.indexes(actor=LOCAL_ADMIN))
    return {memory.key: memory for store in stores for memory in store.memories(actor=LOCAL_ADMIN)}


@pytest.mark.parametrize(
    ("what", "least", "counted"),
    [
        pytest.param("memories", 600, len(BY_KEY), id="memories"),
        pytest.param("agents", 9, len({m.agent_id for m in BY_KEY.values()}), id="agents"),
        pytest.param("tasks", 14, len({m.task_id for m in BY_KEY.values()} - {None}), id="tasks"),
        pytest.param("teams", 3, len({m.team_id for m in BY_KEY.values()}), id="teams"),
        pytest.param("tenants", 4, len(WORLD.tenants), id="tenants"),
        pytest.param("days", 60, (NOW - min(m.created_at for m in BY_KEY.values())).days, id="days"),
        pytest.param("episodic", 60, sum(m.memory_type == "episodic" for m in BY_KEY.values()), id="episodic"),
        pytest.param("semantic", 60, sum(m.memory_type == "semantic" for m in BY_KEY.values()), id="semantic"),
        pytest.param("procedural", 60, sum(m.memory_type == "procedural" for m in BY_KEY.values()), id="procedural"),
        pytest.param("contradictions", 12, len(WORLD.contradictions), id="contradictions"),
        pytest.param("exact repeats", 3, sum(group.exact for group in WORLD.duplicates), id="exact-repeats"),
        pytest.param("paraphrases", 8, sum(not group.exact for group in WORLD.duplicates), id="paraphrases"),
        pytest.param("handoffs", 20, len(WORLD.handoffs), id="handoffs"),
        pytest.param("expired", 40, sum(m.is_expired(NOW) for m in BY_KEY.values()), id="expired"),
        pytest.param(
            "expiring within a week",
            20,
            sum(m.expires_at is not None and NOW < m.expires_at <= NOW + timedelta(days=7) for m in BY_KEY.values()),
            id="expiring",
        ),
        pytest.param(
            "unsure", 10, sum(m.confidence is not None and m.confidence < 0.5 for m in BY_KEY.values()), id="unsure"
        ),
        pytest.param("unstated", 5, sum(m.confidence is None for m in BY_KEY.values()), id="confidence-unstated"),
        pytest.param("decayed", 8, sum("initial_confidence" in m.extra for m in BY_KEY.values()), id="decayed"),
        pytest.param("reinforced", 60, sum(m.recall_count > 0 for m in BY_KEY.values()), id="reinforced"),
        pytest.param("questions", 30, len(WORLD.questions), id="questions"),
    ],
)
def test_the_world_is_large_enough(what, least, counted):
    assert counted >= least, f"{counted} {what}"


def test_memories_are_written_not_generated():
    """Repeats are in the ground truth; no other text occurs twice, and few texts begin alike."""
    repeated = {key for group in WORLD.duplicates if group.exact for key in group.keys}
    texts = [memory.content for key, memory in BY_KEY.items() if key not in repeated]
    assert [text for text, count in Counter(texts).items() if count > 1] == []
    prose = [text for text in texts if not text.startswith("{")]  # results of tools are alike, as they are in life
    openings = Counter(" ".join(text.split()[:4]) for text in prose)
    assert max(openings.values()) <= 10, openings.most_common(3)


def test_every_memory_fits_the_service():
    for memory in BY_KEY.values():
        assert to_metadata(memory)["content"] == memory.content


def test_texts_name_no_year():
    """The story is relative to now, so a text with a year would be wrong the year after."""
    assert [m.content for m in BY_KEY.values() if re.search(r"\b(19|20)\d\d\b", m.content)] == []


def test_the_same_moment_gives_the_same_world():
    assert build(NOW) == build(NOW)
    assert build(NOW) == build(NOW.astimezone(timezone(timedelta(hours=9))))


@given(moments)
def test_any_moment_gives_the_same_story(now):
    world = build(now)
    memories = {memory.key: memory for memory in world.memories()}
    assert {key: memory.content for key, memory in memories.items()} == {k: m.content for k, m in BY_KEY.items()}
    assert (world.contradictions, world.duplicates, world.questions) == (
        WORLD.contradictions,
        WORLD.duplicates,
        WORLD.questions,
    )
    for memory in memories.values():
        assert now - timedelta(days=80) < memory.created_at <= now
        assert memory.expires_at is None or memory.expires_at > memory.created_at
        assert memory.last_recalled_at is None or memory.created_at <= memory.last_recalled_at <= now
        assert all(memories[source].created_at < memory.created_at for source in memory.derived_from), memory.content


def test_a_day_later_everything_is_a_day_later():
    later = {memory.key: memory for memory in build(NOW + timedelta(days=1)).memories()}
    assert all(later[key].created_at - memory.created_at == timedelta(days=1) for key, memory in BY_KEY.items())


def test_ground_truth_names_memories_of_its_index():
    keys = {index: {memory.key for memory in memories} for index, memories in WORLD.indexes.items()}
    for pair in WORLD.contradictions:
        assert {pair.older, pair.newer} <= keys[pair.index]
    for group in WORLD.duplicates:
        assert set(group.keys) <= keys[group.index]
    for handoff in WORLD.handoffs:
        assert handoff.key in keys[handoff.index]
    for question in WORLD.questions:
        assert set(question.keys) <= keys[question.index], question.text
    assert set(WORLD.poisoned) <= BY_KEY.keys()


def cosine(one: str, other: str) -> float:
    first, second = PackagedVectors(NoModel()).embed([BY_KEY[one].content, BY_KEY[other].content])
    return float(first @ second)


@pytest.mark.parametrize("pair", [pytest.param(pair, id=pair.about.replace(" ", "-")) for pair in WORLD.contradictions])
def test_contradictions_contradict(pair):
    """Both are about one thing, near enough to be found by meaning, and the later one differs in a fact."""
    older, newer = BY_KEY[pair.older], BY_KEY[pair.newer]
    assert older.created_at < newer.created_at
    assert older.team_id == newer.team_id
    assert cosine(pair.older, pair.newer) >= 0.5
    assert re.findall(r"\w+", older.content) != re.findall(r"\w+", newer.content)


@pytest.mark.parametrize("group", [pytest.param(group, id=group.name) for group in WORLD.duplicates])
def test_duplicates_say_the_same(group):
    texts = {BY_KEY[key].content for key in group.keys}
    assert len(group.keys) >= 2
    assert len(texts) == (1 if group.exact else len(group.keys))
    assert all(cosine(group.keys[0], key) >= 0.6 for key in group.keys[1:])


def test_handoffs_go_from_one_known_agent_to_another():
    agents = {memory.agent_id for memory in BY_KEY.values()}
    for handoff in WORLD.handoffs:
        assert handoff.from_agent != handoff.to_agent
        assert {handoff.from_agent, handoff.to_agent} <= agents
        assert BY_KEY[handoff.key].extra["to_agent"] == handoff.to_agent


def test_the_resumed_task_rests_for_a_month_and_goes_on():
    times = sorted(memory.created_at for memory in BY_KEY.values() if memory.task_id == WORLD.resumed_task)
    gaps = [after - before for before, after in pairwise(times)]
    assert max(gaps) > timedelta(days=30)
    assert len(times) > 10


def test_one_memory_is_poisoned_and_it_looks_trustworthy():
    (key,) = WORLD.poisoned
    poison = BY_KEY[key]
    assert "ignore previous instructions" in poison.content
    assert poison.confidence > 0.9
    assert poison.recall_count > 0


def test_no_memory_leaves_its_tenant():
    names = {"larkspur": "Larkspur", "brightwater": "Brightwater", "orchard": "Orchard", "meridian": "Meridian"}
    for index, tenant in WORLD.tenants.items():
        foreign = [name for other, name in names.items() if other != tenant]
        assert not [m.content for m in WORLD.indexes[index] if any(name in m.content for name in foreign)]


def test_packaged_vectors_are_complete():
    assert PackagedVectors(NoModel()).embed([memory.content for memory in BY_KEY.values()]).shape == (len(BY_KEY), 384)
    assert PackagedVectors(NoModel()).embed([]).shape == (0, 384)


def test_packaged_vectors_are_the_models():
    texts = [memory.content for memory in BY_KEY.values()][::7]
    packaged, fresh = PackagedVectors(NoModel()).embed(texts), MiniLM().embed(texts)
    assert np.abs(np.linalg.norm(packaged, axis=1) - 1).max() < 1e-5
    assert (packaged * fresh).sum(axis=1).min() > 0.999


def test_texts_without_a_packaged_vector_are_embedded():
    model = HashingEmbedder(dimension=64)
    texts = ["something that the story does not say", WORLD.indexes["coordination"][0].content]
    assert np.array_equal(PackagedVectors(model).embed(texts), model.embed(texts))


def test_writing_vectors_again_gives_the_same_file(tmp_path):
    texts = ["b", "a", "b"]
    for name in ("one.npz", "two.npz"):
        assert write_vectors(texts, HashingEmbedder(dimension=64), tmp_path / name) == 2
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()


def test_load_writes_the_world_and_nothing_else(catalog):
    seen = []
    report = load(catalog, actor=LOCAL_ADMIN, now=NOW, progress=seen.append)
    assert contents(catalog) == BY_KEY
    assert (report.written, report.unchanged, report.memories, report.failed) == (len(BY_KEY), 0, len(BY_KEY), ())
    assert set(report.created) == WORLD.indexes.keys()
    assert seen == sorted(seen)
    assert seen[-1] == len(BY_KEY)
    tenants = {info.name: info.tenant for info in catalog.indexes(actor=LOCAL_ADMIN) if info.tenant}
    assert tenants == WORLD.tenants


def test_load_with_the_default_model_embeds_nothing(tmp_path):
    catalog = open_catalog(tmp_path, embedder_factory=NoModel)
    assert load(catalog, actor=LOCAL_ADMIN, now=NOW).written == len(BY_KEY)
    catalog.close()


def test_load_again_changes_nothing(catalog):
    load(catalog, actor=LOCAL_ADMIN, now=NOW)
    report = load(catalog, actor=LOCAL_ADMIN, now=NOW)
    assert (report.written, report.unchanged, report.created) == (0, len(BY_KEY), ())


def test_load_again_restores_and_leaves_others_alone(catalog):
    load(catalog, actor=LOCAL_ADMIN, now=NOW)
    store = catalog.open("team-knowledge", actor=LOCAL_ADMIN)
    mine = Memory(key="mine", content="The coffee machine is on the second floor.", created_at=NOW)
    first, second, *_ = (memory.key for memory in WORLD.indexes["team-knowledge"])
    store.write([mine, Memory(key=first, content="overwritten")], actor=LOCAL_ADMIN)
    store.records.delete([second], actor=LOCAL_ADMIN)
    assert load(catalog, actor=LOCAL_ADMIN, now=NOW).written == 2
    assert contents(catalog) == {**BY_KEY, "mine": mine}


def test_load_later_moves_the_dates(catalog):
    load(catalog, actor=LOCAL_ADMIN, now=NOW)
    later = NOW + timedelta(days=30, hours=3)
    assert load(catalog, actor=LOCAL_ADMIN, now=later).written == len(BY_KEY)
    assert contents(catalog) == {memory.key: memory for memory in build(later).memories()}


def test_load_refuses_to_mix_with_somebodys_memories(catalog):
    store = catalog.create("user-memory-orchard", actor=LOCAL_ADMIN)
    store.write([Memory(key="mine", content="Real.", created_at=NOW)], actor=LOCAL_ADMIN)
    with pytest.raises(ConfigError, match=r"'user-memory-orchard' in .+ holds 1 memories that are not the demo's"):
        load(catalog, actor=LOCAL_ADMIN, now=NOW)
    assert contents(catalog).keys() == {"mine"}


def test_load_goes_on_in_an_empty_index(catalog):
    catalog.create("coordination", actor=LOCAL_ADMIN)
    assert load(catalog, actor=LOCAL_ADMIN, now=NOW).written == len(BY_KEY)


@pytest.mark.parametrize(
    "actor",
    [
        pytest.param(Actor("vera", Role.VIEWER), id="viewer"),
        pytest.param(Actor("rolf", Role.REVIEWER), id="reviewer"),
        pytest.param(Actor("tess", Role.ADMIN, tenants=frozenset({"larkspur"})), id="admin-of-one-tenant"),
    ],
)
def test_load_needs_an_admin_of_all(catalog, actor):
    with pytest.raises(NotAllowedError):
        load(catalog, actor=actor, now=NOW)
    assert contents(catalog) == {}


def test_worlds_are_values():
    assert isinstance(WORLD, DemoWorld)
    assert list(WORLD.indexes) == sorted(WORLD.indexes)
    for memories in WORLD.indexes.values():
        assert [m.created_at for m in memories] == sorted(m.created_at for m in memories)


def logged(catalog):
    stores = [catalog.open(info.name, actor=LOCAL_ADMIN) for info in catalog.indexes(actor=LOCAL_ADMIN)]
    for store in stores:
        store.archive.recalls.flush()
    return [recall for store in stores for recall in store.archive.recalls.between(store.stream, newest_first=False)]


def test_agents_asked_before_they_wrote():
    """Each asks its own index, of what was there; most write something within the hour."""
    assert 30 <= len(WORLD.recalls) <= 60
    assert list(WORLD.recalls) == sorted(WORLD.recalls, key=lambda each: (each.at, each.agent))
    wrote = [
        any(m.agent_id == each.agent and timedelta(0) < m.created_at - each.at < timedelta(hours=1) for m in BY_KEY.values())
        for each in WORLD.recalls
    ]
    assert sum(wrote) > 0.9 * len(wrote)
    assert len({(each.agent, each.at.time(), each.k) for each in WORLD.recalls}) == len(WORLD.recalls)


def test_load_logs_what_agents_were_given_once(catalog):
    load(catalog, actor=LOCAL_ADMIN, now=NOW)
    first = logged(catalog)
    assert [(r.actor, r.at, r.query) for r in sorted(first, key=lambda r: (r.at, r.actor))] == [
        (each.agent, each.at, each.text) for each in WORLD.recalls
    ]
    for recall in first:
        assert recall.channel == "agent"
        assert recall.context_keys == recall.keys[: len(recall.context_keys)]
        assert all(BY_KEY[key].created_at <= recall.at for key in recall.keys)
    load(catalog, actor=LOCAL_ADMIN, now=NOW)
    assert logged(catalog) == first
    load(catalog, actor=LOCAL_ADMIN, now=NOW + timedelta(days=3))
    assert [(r.actor, r.at, r.hits) for r in logged(catalog)] == [(r.actor, r.at + timedelta(days=3), r.hits) for r in first]


def test_agents_were_given_what_the_story_corrects_later(tmp_path):
    catalog = open_catalog(tmp_path, embedder_factory=NoModel)
    load(catalog, actor=LOCAL_ADMIN, now=NOW)
    corrected = {pair.older: BY_KEY[pair.newer].created_at for pair in WORLD.contradictions}
    misled = [r for r in logged(catalog) if any(key in corrected and corrected[key] > r.at for key in r.context_keys)]
    assert len(misled) >= 8
    assert {"writer", "billing", "engineer"} <= {recall.actor for recall in misled}
    stated = [m for m in BY_KEY.values() if "contradicts" in m.extra]
    assert {(key, m.key) for m in stated for key in m.extra["contradicts"]} < {
        (pair.older, pair.newer) for pair in WORLD.contradictions
    }
    assert len(stated) >= 8
    catalog.close()
