"""Planner and researcher write through the endpoint at once, a third goes on the next day, and people see all of it."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from core.access import LOCAL_ADMIN
from core.agents import AgentMemory
from core.analysis.story import to_link
from core.config import open_catalog
from core.models.embedding import HashingEmbedder
from core.models.judges.cues import CuesJudge
from core.vectors.server import RunningServer
from tests.core.agents.builders import Hands
from tests.core.aws_environment import KEY, SECRET, isolate_aws
from tests.core.forked import in_process
from tests.core.memory_builders import make_catalog
from tests.pages.app import NOW, open_app, texts

TODAY = NOW - timedelta(days=1)
PARTS = ["collect the numbers", "write the summary", "check the sources", "send the report"]
FACTS = {
    "planner": "The quarterly report is due on Friday.",
    "researcher": "The quarterly report is not due on Friday.",
}

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # the app keeps its connections until the process ends


def agent_of(catalog, name: str, clock: Hands) -> AgentMemory:
    return AgentMemory(
        catalog,
        agent=name,
        actor=LOCAL_ADMIN,
        team="reports",
        index="team",
        session=f"{name} of {clock.now:%d}",
        judge=CuesJudge(),
        clock=clock,
    )


def work(uri: str, name: str, minute: int, out: Path) -> None:
    """Work on the task as one agent does: write what it knows, take parts until none is free, recall what all wrote."""
    clock = Hands(TODAY + timedelta(minutes=minute))
    with closing(open_catalog(uri, embedder_factory=HashingEmbedder)) as catalog:
        agent = agent_of(catalog, name, clock)
        agent.remember(FACTS[name], kind="semantic", task="q3-report", confidence=0.8)
        task, done = agent.task("q3-report"), []
        while len(done) < 2 and (claim := task.claim_next()) is not None:
            if claim.subtask == PARTS[3]:
                task.release(claim.subtask, "the numbers are not final")
                break
            task.finish(claim.subtask, f"{name} did it")
            done.append(claim.subtask)
        found = [hit.memory.agent_id for hit in agent.recall("when is the quarterly report due?").hits]
    out.write_text(json.dumps({"done": done, "found": found}), encoding="utf-8")


def go_on(uri: str, out: Path) -> None:
    """Go on the next day as an agent that has not been there."""
    clock = Hands(TODAY + timedelta(days=1))
    with closing(open_catalog(uri, embedder_factory=HashingEmbedder)) as catalog:
        agent = agent_of(catalog, "writer", clock)
        found = agent.resume("q3-report", about="when is the quarterly report due?")
        task = agent.task("q3-report")
        claim = task.claim_next()
        assert claim is not None
        task.finish(claim.subtask, "sent to everybody")
    told = {"done": [part.name for part in found.board.done], "open": [part.name for part in found.board.open]}
    told |= {"team": sorted({hit.memory.agent_id for hit in found.team}), "text": found.text, "took": claim.subtask}
    out.write_text(json.dumps(told), encoding="utf-8")


def test_two_agents_work_at_once_and_a_third_goes_on_the_next_day(tmp_path, monkeypatch):
    isolate_aws(monkeypatch, tmp_path)
    directory = tmp_path / "store"
    monkeypatch.setenv("MNEMOSCOPE_JOURNAL", str(directory))  # one inbox for the agents and for people
    with closing(make_catalog(directory)) as catalog:
        catalog.create("team", actor=LOCAL_ADMIN)
        agent_of(catalog, "lead", Hands(TODAY)).task("q3-report").add(*PARTS)
    with RunningServer(directory, access_keys={KEY: SECRET}) as server:
        uri = f"s3vectors://mnemoscope?region=us-east-1&endpoint_url={server.url}"
        both = [in_process(work, uri, name, minute, tmp_path / name) for minute, name in enumerate(FACTS, start=1)]
        for process in both:
            process.join(120)
        assert [process.exitcode for process in both] == [0, 0]
        third = in_process(go_on, uri, tmp_path / "third")
        third.join(120)
        assert third.exitcode == 0
    said = [json.loads((tmp_path / name).read_text(encoding="utf-8")) for name in FACTS]
    assert sorted(part for each in said for part in each["done"]) == sorted(PARTS[:3]), "each part was done once"
    assert {name for each in said for name in each["found"]} >= set(FACTS)
    next_day = json.loads((tmp_path / "third").read_text(encoding="utf-8"))
    assert (sorted(next_day["done"]), next_day["open"]) == (sorted(PARTS[:3]), [PARTS[3]])
    assert next_day["took"] == PARTS[3]
    assert set(FACTS) <= set(next_day["team"])
    assert "Possible conflict, not settled" in next_day["text"]
    people_see_it(monkeypatch, directory)


def people_see_it(monkeypatch, directory):
    timeline, task = "pages/explore/timeline.py", to_link(("reports", "q3-report"))
    at = open_app(monkeypatch, directory, page=timeline, index="team", view="task", story=task)
    assert not at.exception
    shown = "\n".join(element.value for element in at.html)
    for part in PARTS:
        assert part in shown
    assert "4 agents" in shown
    at = open_app(monkeypatch, directory, page="pages/curate/conflicts.py", index="team")
    assert not at.exception
    assert "Friday" in texts(at)
