"""Whatever is written, purged and kept in whatever order, a ledger holds what a dictionary would."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.curation.journal import Image, Kind
from core.curation.verification import verify
from core.errors import ChangedMeanwhileError
from tests.core.curation.ledger_builders import draft, make_image, write_plan
from tests.core.curation.ledger_places import Place

KEYS = ("a", "b", "c/d", "é")
some_keys = st.lists(st.sampled_from(KEYS), min_size=1, unique=True)
STEPS = st.lists(
    st.tuples(st.just("plan"), some_keys)
    | st.tuples(st.just("erase"), some_keys)
    | st.tuples(st.just("reopen"), st.none())
    | st.tuples(st.just("save"), st.tuples(st.sampled_from(KEYS), st.sampled_from(["any", "new", "same", "old"])))
    | st.tuples(st.just("remove"), st.sampled_from(KEYS)),
    max_size=12,
)


class Walk:
    """A ledger and what it must hold."""

    def __init__(self, place: Place) -> None:
        self.place, self.ledger = place, place.ledger
        self.stream = f"mnemoscope/{uuid4().hex}"
        self.images: dict[int, dict[str, Image]] = {}
        self.entries = 0
        self.saved: dict[str, tuple[str, int]] = {}
        self.versions: dict[str, str] = {}

    def plan(self, keys: list[str]) -> None:
        images = [make_image(key, f"{key} at {self.entries}") for key in keys]
        write_plan(self.ledger.journal, images, f"p{self.entries}", stream=self.stream)
        self.images[self.entries + 2] = {image.key: image for image in images}
        self.entries += 4

    def erase(self, keys: list[str]) -> None:
        plan = f"p{self.entries}"
        self.ledger.journal.append(self.stream, draft(Kind.BEGUN, plan))
        self.ledger.journal.append(self.stream, draft(Kind.PURGED, plan, keys=keys, images=0))
        self.entries += 2
        gone = sum(held.pop(key, None) is not None for held in self.images.values() for key in keys)
        assert self.ledger.journal.purge(self.stream, keys) == gone

    def reopen(self, _: None) -> None:
        self.ledger = self.place.open()

    def save(self, what: tuple[str, str]) -> None:
        name, sort = what
        version = self.saved[name][0] if name in self.saved else None
        expected = {"any": "*", "new": None, "same": version, "old": self.versions.get(name, '"0"')}[sort]
        put = self.ledger.documents.put
        if expected not in ("*", version):
            with pytest.raises(ChangedMeanwhileError):
                put(self.stream, "plan", name, 0, expected=expected)
            return
        found = put(self.stream, "plan", name, self.entries, expected=expected)
        if version:
            self.versions[name] = version
        self.saved[name] = (found.version, self.entries)

    def remove(self, name: str) -> None:
        assert self.ledger.documents.remove(self.stream, "plan", name) == (name in self.saved)
        if name in self.saved:
            self.versions[name] = self.saved.pop(name)[0]

    def check(self) -> None:
        journal = self.ledger.journal
        assert [entry.number for entry in journal.entries(self.stream)] == list(range(1, self.entries + 1))
        found = verify(journal, self.stream)
        assert (found.broken, found.unpurged) == ((), ())
        assert {number: journal.images(self.stream, number) for number in self.images} == self.images
        holding = {key: [number for number, held in self.images.items() if key in held] for key in KEYS}
        assert journal.holding(self.stream, KEYS) == {key: numbers for key, numbers in holding.items() if numbers}
        documents = self.ledger.documents.every(self.stream, "plan")
        assert [(each.name, each.version, each.value) for each in documents] == [
            (name, *self.saved[name]) for name in sorted(self.saved)
        ]


def walk(place: Place, steps: list[tuple[str, Any]]) -> None:
    way = Walk(place)
    for step, what in steps:
        getattr(way, step)(what)
    way.check()


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(steps=STEPS)
def test_sqlite_holds_what_a_dictionary_would(place: Place, steps: list[tuple[str, Any]]) -> None:
    walk(place, steps)


@pytest.mark.parametrize("place", ["s3-versioned"], indirect=True)
@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(steps=STEPS)
def test_s3_holds_what_a_dictionary_would(place: Place, steps: list[tuple[str, Any]]) -> None:
    walk(place, steps)
