"""The map in a real browser: a box that becomes a plan, a text under the pointer, two maps with one selection."""

from __future__ import annotations

import os
import re
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import expect

from core.memory import Memory
from tests.core.maps.builders import make_vectors
from tests.e2e.map_page import at, box, rested, stage
from tests.e2e.map_store import filled
from tests.pages.app import NOW, seed
from tests.pages.curating import records
from tests.pages.mapped import keep_map

# So many that their map takes long.
MANY = 12_000
# Two groups of eight, at the left and at the right.
PLACES = [(0.1 + 0.8 * (i // 8) + 0.04 * (i % 3), 0.3 + 0.05 * (i % 8)) for i in range(16)]


@pytest.fixture(scope="module")
def server(start_server, tmp_path_factory):
    """A dashboard over sixteen memories of two agents, whose map is kept."""
    memories = [
        Memory(
            f"m{i:02d}",
            f"{('The harbour crane lifts container', 'The violin lesson is about scale')[i // 8]} {i}",
            "semantic",
            agent_id=("ann", "bob")[i % 2],
            created_at=NOW,
        )
        for i in range(16)
    ]
    directory = seed(tmp_path_factory.mktemp("map") / "s", memories)
    with filled(directory, [f"m{row:05}" for row in range(MANY)], make_vectors(MANY, dimension=256), index="many"):
        pass
    return start_server(keep_map(directory, places=PLACES, codes=[i // 8 for i in range(16)]))


def workers(server):
    """Return the processes in which a server computes maps."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == server.process.pid and b"core.maps.worker" in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
    return found


def only_worker(server, tab):
    """Return the process in which a server computes maps: the page says that it is asked for before it has begun."""
    until = time.monotonic() + 30
    while not workers(server) and time.monotonic() < until:
        tab.wait_for_timeout(50)
    (worker,) = workers(server)
    return worker


def stopped_in(tab, heading):
    """Wait until a tab says that the map was stopped, with the way on."""
    expect(tab.get_by_text(heading)).to_be_visible()
    expect(tab.get_by_role("button", name="Start again")).to_be_visible()
    expect(tab.get_by_role("button", name="Cancel")).to_have_count(0)


def test_a_text_is_under_the_pointer_a_click_opens_it_and_two_maps_have_one_selection(server, page):
    page.goto(f"{server.url}/map?index=team&beside=agent&q=violin")
    expect(page.get_by_text("16 memories · 2 clusters")).to_be_visible()
    expect(stage(page, "coloured by agent")).to_be_visible()
    expect(page.get_by_text(re.compile("What an agent would be given"))).to_be_visible()
    rested(page)
    page.mouse.move(*at(page, *PLACES[3], "coloured by agent"))
    expect(page.locator(".tip").get_by_text("The harbour crane lifts container 3")).to_be_visible()
    page.mouse.click(*at(page, *PLACES[3], "coloured by agent"))
    page.wait_for_url(re.compile(r"sel=m03"))
    expect(page.locator(".st-key-inspector").get_by_text("The harbour crane lifts container 3")).to_be_visible()

    page.locator(".st-key-map_legend_beside").get_by_role("button", name="ann").first.click()
    expect(page.get_by_text("8 selected")).to_be_visible()
    expect(page.locator("[class*='st-key-row_chosen_']")).to_have_count(8)
    page.locator(".st-key-bar_clear").get_by_role("button").first.click()
    expect(page.get_by_text("16 memories · 2 clusters")).to_be_visible()


def test_a_box_becomes_a_plan_of_just_what_was_in_it(server, page):
    page.goto(f"{server.url}/map?index=team")
    expect(stage(page)).to_be_visible()
    rested(page)
    box(page, 0.08, 0.28, 0.4, 0.7)
    expect(page.get_by_text("8 selected")).to_be_visible()
    page.wait_for_url(re.compile(r"area="))
    with page.expect_download() as download:
        page.locator(".st-key-map_chosen_jsonl").get_by_role("button").first.click()
    assert len(download.value.path().read_text().splitlines()) == 8

    link = page.url
    page.goto("about:blank")
    page.goto(link)
    expect(page.get_by_text("8 selected")).to_be_visible()
    before = records(server.store)
    page.locator(".st-key-bar_retire").get_by_role("button").first.click()
    expect(page.get_by_role("heading", name="What would this plan change?")).to_be_visible()
    page.get_by_role("button", name="Retire 8 memories").click()
    expect(page.get_by_text("8 memories retired.")).to_be_visible()
    assert records(server.store).keys() == {f"m{i:02d}" for i in range(8, 16)} < before.keys()
    page.get_by_role("link", name="Map").click()
    expect(page.get_by_text("8 memories · 1 cluster")).to_be_visible()


def test_two_tabs_share_a_worker_whose_end_is_said_in_both(server, context, page):
    tabs = [page, context.new_page()]
    tabs[0].goto(f"{server.url}/map?index=many")
    expect(tabs[0].get_by_text(re.compile("Finding the neighbours|Laying out the map"))).to_be_visible()
    first = only_worker(server, tabs[0])
    os.kill(first, signal.SIGSTOP)  # it takes nobody's time any more
    tabs[1].goto(f"{server.url}/map?index=many")
    expect(tabs[1].get_by_role("button", name="Cancel")).to_be_visible()
    assert workers(server) == [first]
    os.kill(first, signal.SIGKILL)
    for tab in tabs:
        stopped_in(tab, "The map could not be laid out")
        expect(tab.get_by_text(re.compile("ended by signal 9"))).to_be_visible()
        expect(stage(tab)).to_be_visible()  # the first picture stays

    tabs[0].get_by_role("button", name="Start again").click()
    expect(tabs[0].get_by_role("button", name="Cancel")).to_be_visible()
    tabs[1].reload()
    expect(tabs[1].get_by_role("button", name="Cancel")).to_be_visible()
    second = only_worker(server, tabs[1])
    assert second != first
    os.kill(second, signal.SIGSTOP)
    tabs[1].get_by_role("button", name="Cancel").click()
    for tab in tabs:
        stopped_in(tab, "Laying out the map was cancelled.")
    assert workers(server) == []
