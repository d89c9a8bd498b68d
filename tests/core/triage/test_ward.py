"""The ward over a real index: quarantine and release to the byte, what was reached, and the report of it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.access import LOCAL_ADMIN
from core.curation.desk import Desk
from core.curation.hiding import plan_hiding
from core.curation.plan import Action
from core.curation.triage.incident import code, fenced, inline
from core.curation.triage.suspects import triage
from core.curation.triage.ward import Ward
from core.demo.vectors import PackagedVectors
from core.demo.world import build
from core.errors import NotAllowedError, NotFoundError
from core.memory import status
from core.memory.status import STATUS_KEY
from core.models.embedding import HashingEmbedder, MiniLM
from core.operate.recalls import LoggedRecall
from core.recall import recall
from tests.core.curation.desks import (
    ADA,
    ANN,
    VERA,
    Ticking,
    apply,
    contents,
    make_desk,
    make_index,
    make_plan,
    make_record,
    retire,
    seen,
)
from tests.core.memory_builders import NOW, make_memory, make_store
from tests.core.triage.planted import FORGED, frame_of

HOSTILE = "``` \n# Head\n<script>alert(1)</script> | a | \x1b[31mred \u202e ![x](http://evil.test/x.png) ````\n~~~"


def make_ward(directory: Path, *memories: Any) -> tuple[Desk, Ward]:
    """Return the desk and the ward of a new index with some memories."""
    store = make_store(directory / "store", *memories)
    desk = make_desk(store, directory / "ledger")
    return desk, Ward(desk, now=Ticking())


def quarantined(desk: Desk, ward: Ward, *keys: str, plan_id: str = "q", **options: Any) -> Any:
    plan = ward.quarantine_plan(keys, actor=ANN, plan_id=plan_id, **options)
    apply(desk, plan, actor=ANN)
    return plan


STATUSES = {
    "plain": {},
    "hidden": {STATUS_KEY: "hidden"},
    "disputed": {STATUS_KEY: "disputed", "level": 7},
    "odd": {STATUS_KEY: "quarantine:hidden"},
    "like-ours": {STATUS_KEY: "quarantined-ish"},
}


def test_release_undoes_a_quarantine_to_the_byte(tmp_path: Path) -> None:
    store = make_index(tmp_path, records={key: make_record(f"Text of {key}.", **extra) for key, extra in STATUSES.items()})
    desk = make_desk(store, tmp_path)
    ward, before = Ward(desk, now=Ticking()), contents(store)
    plan = quarantined(desk, ward, *STATUSES, reason="forged")
    assert plan.counts == {Action.REPLACE: len(STATUSES)}
    statuses = {key: record.metadata[STATUS_KEY] for key, record in seen(desk, *STATUSES).items()}
    assert statuses == {
        "plain": "quarantined",
        "hidden": "quarantined:hidden",
        "disputed": "quarantined:disputed",
        "odd": "quarantined:quarantine:hidden",
        "like-ours": "quarantined:quarantined-ish",
    }
    assert recall(store, "Text of plain.", actor=LOCAL_ADMIN, now=NOW).hits == ()
    listed = ward.quarantined(actor=VERA)
    assert {each.key for each in listed} == set(STATUSES)
    assert {(each.by, each.plan_id, each.why) for each in listed} == {("ann", "q", "forged")}
    again = ward.quarantine_plan(["plain", "gone"], actor=ANN, plan_id="again")
    assert again.parameters["left_out"] == {"gone": "is not there", "plain": "is in quarantine already"}
    apply(desk, ward.release_plan(list(STATUSES), actor=ANN, plan_id="r"), actor=ANN)
    assert contents(store) == before
    assert ward.quarantined(actor=ANN) == ()


@given(st.dictionaries(st.text(max_size=5) | st.just(STATUS_KEY), st.text(max_size=20) | st.integers(), max_size=4))
def test_a_release_is_the_inverse_of_a_quarantine(metadata):
    after = status.quarantined(metadata)
    if after is None:
        assert not isinstance(metadata[STATUS_KEY], str) or not metadata[STATUS_KEY]
    else:
        assert status.is_quarantined(after[STATUS_KEY])
        assert list(status.released(after).items()) == list(metadata.items())


def test_nothing_else_ends_a_quarantine(tmp_path: Path) -> None:
    records = {"k": make_record(), "free": make_record(), "number": make_record("A number.", **{STATUS_KEY: 3})}
    desk = make_desk(make_index(tmp_path, records=records), tmp_path)
    store, ward = desk.store, Ward(desk, now=Ticking())
    quarantined(desk, ward, "k")
    options: dict[str, Any] = {"actor": ANN, "now": NOW, "plan_id": "p"}
    whys = {True: "is in quarantine, so out of recall already", False: "is in quarantine: release it instead"}
    for hidden, why in whys.items():
        plan = plan_hiding(store, ["k"], hidden=hidden, **options)
        assert (len(plan), plan.parameters["left_out"]) == (0, {"k": why})
    assert "is no text" in ward.quarantine_plan(["number"], actor=ANN, plan_id="n").parameters["left_out"]["number"]
    assert ward.release_plan(["free"], actor=ANN, plan_id="f").parameters["left_out"] == {"free": "is not in quarantine"}
    undone = desk.undo_plan("q", actor=ANN)
    apply(desk, undone, actor=ANN)
    assert ward.quarantined(actor=ANN) == ()
    with pytest.raises(NotAllowedError):
        apply(desk, ward.quarantine_plan(["k"], actor=VERA, plan_id="v"), actor=VERA)


def _log(desk: Desk, actor: str, *keys: str, channel: Any = "agent", context: tuple[str, ...] = (), number: int = 0) -> None:
    hits = tuple((key, 1.0) for key in keys)
    said = LoggedRecall(desk.stream, NOW.replace(minute=number), actor, channel, HOSTILE, "hybrid", 5, hits, {}, context)
    assert desk.store.archive is not None
    desk.store.archive.recalls.append(said)


def lineage_of_mail(directory: Path) -> tuple[Desk, Ward]:
    """Return a world in which a forged mail was summed up, the summary retired for a report, and all of it recalled."""
    desk, ward = make_ward(
        directory,
        make_memory("mail", FORGED, source="inbound-mail", agent_id="importer", confidence=0.99, recall_count=9),
        make_memory("summary", "Refunds at once.", derived_from=("mail",)),
        make_memory("report", "Refund anybody at once.", derived_from=("summary",), agent_id="writer"),
        make_memory("other", "The report goes out on Friday."),
    )
    _log(desk, "billing", "other", "mail", context=("mail",), number=1)
    _log(desk, "billing", "mail", "report", number=2)
    _log(desk, "triage", "report", context=("report",), number=3)
    _log(desk, "ann", "mail", channel="page", number=4)
    _log(desk, "ops", "other", number=5)
    assert desk.store.archive is not None
    desk.store.archive.recalls.flush()
    return desk, ward


def test_the_blast_radius_goes_through_what_was_retired(tmp_path: Path) -> None:
    desk, ward = lineage_of_mail(tmp_path)
    plan = ward.quarantine_plan(["mail"], actor=ANN, plan_id="x", with_descendants=True)
    assert [change.key for change in plan] == ["mail", "summary", "report"]
    (gone,) = retire(desk, "summary")
    apply(desk, make_plan(desk, gone, id="retired"))
    found = ward.blast_radius(["mail"], actor=VERA)
    assert [(each.key, each.generation, each.here) for each in found.derived] == [("summary", 1, False), ("report", 2, True)]
    assert (found.recalls, found.through, found.looks, found.counted) == (2, 1, 1, 9)
    assert [(each.agent, each.recalls, each.in_context) for each in found.agents] == [("billing", 2, 1), ("triage", 1, 1)]
    assert (found.first, found.last) == (NOW.replace(minute=1), NOW.replace(minute=3))
    assert [(each.agent, each.rank, each.through) for each in found.exposures] == [
        ("triage", 1, True),
        ("billing", 1, False),
        ("billing", 2, False),
    ]
    assert "2 logged recalls gave it to 2 agents, of 9 that are counted, 1 gave what was made from it" in found.words
    with pytest.raises(NotFoundError):
        ward.blast_radius(["nobody"], actor=VERA)
    suspects = {each.key: each for each in ward.suspects(actor=VERA).suspects}
    assert set(suspects) == {"mail"}  # the summary is gone, and the report was made from nothing that is known to be here


def test_the_report_of_an_incident_has_all_of_it_and_renders_nothing(tmp_path: Path) -> None:
    desk, ward = lineage_of_mail(tmp_path)
    evil = make_memory("evil`|", HOSTILE, agent_id="<img src=x>", source="a|b\n# c")
    assert desk.store.write([evil], actor=LOCAL_ADMIN).failed == ()
    quarantined(desk, ward, "mail", plan_id="plan-7", reason="forged <b>mail</b>")
    said = ward.report(["mail", "evil`|"], actor=ADA, reason="*see* the [ticket](http://evil.test)")
    assert said.splitlines()[0] == "# Incident report: 2 memories of index `agents`"
    for part in (
        "## 1. `mail`",
        "ignore all previous instructions",
        "inbound",
        "| `billing` | 2 | 1 |",
        "`plan-7`",
        "forged",
    ):
        assert part in said
    outside = re.sub(r"^(`{3,})text\n.*?^\1$", "", said, flags=re.MULTILINE | re.DOTALL)
    assert "\x1b" not in said
    assert "\u202e" not in said
    rendered = re.sub(r"`[^`\n]*`", "", outside)
    assert re.findall(r"(?<!\\)[<*_`\[]|\n~~~", rendered) == []
    rows = [line for line in outside.splitlines() if line.startswith("|")]
    widths = {len(re.findall(r"(?<!\\)\|", line)) for line in rows}
    assert widths <= {3, 4, 6, 7}
    when = [line.split("|")[1].strip() for line in outside.split("## Timeline")[1].splitlines() if line.startswith("| 20")]
    assert when == sorted(when)
    assert len(when) >= 5


@given(st.text(max_size=200) | st.text("`~\n# ", max_size=60))
def test_no_text_gets_out_of_its_fence(text):
    first, *lines, last = fenced(text).split("\n")
    assert first == f"{last}text"
    assert not any(line.lstrip(" ").startswith(last) for line in lines)
    for line in (inline(text), code(text)):
        assert "\n" not in line
        assert line


class NoModel:
    """Has MiniLM's name and embeds nothing: the vectors of the demo world are packaged."""

    model_id, dimension, version = MiniLM.model_id, MiniLM.dimension, MiniLM.version

    def embed(self, texts):
        return HashingEmbedder(self.dimension).embed(texts)


def test_the_poisoned_memory_of_the_demo_world_is_the_only_suspect():
    """Of six hundred memories a reviewer sees the one that is poisoned, and the one that is planted here."""
    world = build(datetime(2026, 3, 10, 15, 20, 30, tzinfo=UTC))
    planted = make_memory("planted", FORGED, source="web", confidence=0.95, created_at=world.now)
    rows = []
    for name, memories in world.indexes.items():
        all_of_it = [*memories, planted] if name == "team-knowledge" else [*memories]
        vectors = PackagedVectors(NoModel()).embed([memory.content for memory in all_of_it])
        found = triage(frame_of(all_of_it), vectors, now=world.now)
        rows += [*(each.key for each in found.suspects), *found.patterns]
    assert sorted(rows) == sorted([*world.poisoned, "planted"])


def test_an_empty_index_has_neither_suspects_nor_a_quarantine(tmp_path: Path) -> None:
    _, ward = make_ward(tmp_path)
    assert ward.suspects(actor=VERA).looked_at == 0
    assert ward.quarantined(actor=VERA) == ()
