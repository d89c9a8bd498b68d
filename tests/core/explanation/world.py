"""Small stores of memories that differ in all that ranks them, with their vectors as the tests know them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from hypothesis import strategies as st

from core.access import LOCAL_ADMIN
from core.candidates import Mode
from core.explanation import Inquiry, Settings, inquire
from core.memory import Memory
from core.models.embedding import HashingEmbedder
from core.scope import Scope
from core.scoring import Weights
from core.store import MemoryStore
from tests.core.memory_builders import DAY, NOW, make_store

WORDS = (
    "refund",
    "report",
    "friday",
    "customer",
    "invoice",
    "launch",
    "backup",
    "team",
    "budget",
    "login",
    "slow",
    "promised",
)
QUESTIONS = ("when does the report go out", "customer refund", "planner invoice budget", "login")


def world(seed: int, size: int = 40) -> list[Memory]:
    """Return memories of a few agents and types, some expired, hidden or derived from others."""
    rng = random.Random(seed)
    found: list[Memory] = []
    for number in range(size):
        sources = tuple(each.key for each in rng.sample(found, 2)) if number > 4 and rng.random() < 0.15 else ()
        found.append(
            Memory(
                f"m{number:03d}",
                " ".join(rng.choices(WORDS, k=rng.randint(2, 30))),
                rng.choice(("episodic", "semantic", "procedural")),
                agent_id=rng.choice(("planner", "researcher", None)),
                team_id="alpha",
                created_at=NOW - rng.random() * 300 * DAY if rng.random() < 0.9 else None,
                expires_at=NOW - DAY if rng.random() < 0.08 else None,
                confidence=rng.choice((None, 0.2, 0.5, 0.9, 1.0)),
                recall_count=rng.choice((0, 0, 1, 7)),
                derived_from=sources,
                extra={"mnemoscope_status": rng.choice(("hidden", "quarantined"))} if rng.random() < 0.08 else {},
            )
        )
    return found


@contextmanager
def asked(directory: Path, seed: int, question: str, *, size: int = 40) -> Iterator[tuple[MemoryStore, Inquiry]]:
    """Open a store of such memories and a question to it."""
    store = make_store(directory, *world(seed, size))
    yield store, inquire(store, question, actor=LOCAL_ADMIN, now=NOW)


def vector_of(text: str) -> list[float]:
    """Return the vector of a text as the store's embedder makes it."""
    return [float(each) for each in HashingEmbedder().embed([text])[0]]


shares = st.integers(0, 40).map(lambda step: step / 40)
weights = st.builds(
    Weights,
    relevance=st.integers(1, 40).map(lambda step: step / 40),
    recency=shares,
    reinforcement=shares,
    confidence=shares,
    half_life_days=st.integers(1, 365).map(float),
    text_share=shares,
    author=shares,
    lineage=shares,
)
scopes = st.builds(
    Scope,
    agents=st.sampled_from([(), (), ("planner",), ("researcher", "unknown")]),
    types=st.sampled_from([(), (), ("semantic",)]),
    min_confidence=st.sampled_from([None, None, 0.5]),
    created_from=st.sampled_from([None, None, NOW - timedelta(days=90)]),
    include_expired=st.booleans(),
    include_hidden=st.booleans(),
)
settings_of = st.builds(
    Settings, st.sampled_from(list(Mode)), st.integers(1, 25), st.just(Scope()) | scopes, weights, st.integers(60, 600)
)
