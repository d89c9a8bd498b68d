"""What a person does in a real browser: follow a link, read a result, download, import, watch another tab."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from core.access import LOCAL_ADMIN
from core.config import open_catalog
from core.memory import Memory
from tests.pages.app import seed, team_memories

CONTRAST = Path(__file__).with_name("contrast.js").read_text(encoding="utf-8")
IDLE = "[data-testid='stApp'][data-test-script-state='notRunning']"
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
LINK = "/search?q=Who+approves+refunds%3F&agent=ann&k=20"


@pytest.fixture(scope="module")
def server(start_server, tmp_path_factory):
    """A dashboard over the small team's memories."""
    return start_server(seed(tmp_path_factory.mktemp("store") / "s", team_memories()))


def test_a_cold_deep_link_is_the_first_thing_a_server_sees(server, page):
    page.goto(server.url + LINK)
    expect(page.get_by_role("heading", name="What would an agent recall?")).to_be_visible()
    expect(page.get_by_text("Refunds need the approval of the team lead.")).to_be_visible()
    expect(page.get_by_label("Question")).to_have_value("Who approves refunds?")
    expect(page.get_by_text("4 of 4 memories in scope")).to_be_visible()
    expect(page.get_by_text("ann · 4")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_result_opens_beside_the_list_and_back_closes_it(server, page):
    page.goto(server.url + LINK)
    card = page.locator("[class*='st-key-hit_']", has_text="approval of the team lead")
    card.get_by_role("button", name=re.compile("Open result")).click()
    inspector = page.locator(".st-key-inspector")
    expect(inspector.get_by_text("Refunds need the approval of the team lead.")).to_be_visible()
    page.wait_for_url(re.compile("sel=k2"))
    inspector.get_by_role("tab", name="Why").click()
    expect(inspector.get_by_text("The score is the sum of its parts")).to_be_visible()
    inspector.get_by_role("tab", name="Neighbours").click()
    expect(inspector.get_by_text("closest in meaning, whatever the filters")).to_be_visible()
    page.go_back()
    expect(inspector).to_have_count(0)
    expect(page.get_by_text("Refunds need the approval of the team lead.")).to_be_visible()


def test_downloads_hold_exactly_what_is_shown(server, page):
    page.goto(server.url + LINK)
    shown = page.locator("[class*='st-key-hit_']")
    expect(shown).to_have_count(4)
    with page.expect_download() as event:
        page.get_by_role("button", name="CSV").click()
    rows = list(csv.DictReader(event.value.path().read_text(encoding="utf-8").splitlines()))
    assert [row["rank"] for row in rows] == ["1", "2", "3", "4"]
    assert all(row["content"] in shown.nth(place).inner_text() for place, row in enumerate(rows))
    with page.expect_download() as event:
        page.get_by_role("button", name="JSONL").click()
    lines = [json.loads(line) for line in event.value.path().read_text(encoding="utf-8").splitlines()]
    assert [line["key"] for line in lines] == [row["key"] for row in rows]


def test_a_filter_chosen_in_the_rail_is_in_the_link(server, page):
    page.set_viewport_size({"width": 1440, "height": 1200})  # a list closes where its opening scrolls the rail
    page.goto(server.url + "/search?q=refund")
    expect(page.get_by_text("7 of 7 memories in scope")).to_be_visible()
    page.get_by_role("combobox", name="Agent").click()
    page.get_by_role("option", name="bob · 2").click()
    expect(page.get_by_text("2 of 2 memories in scope")).to_be_visible()
    page.wait_for_url(re.compile("agent=bob"))
    page.reload()
    expect(page.get_by_text("2 of 2 memories in scope")).to_be_visible()
    page.get_by_role("link", name="Overview").click()
    expect(page.get_by_text("Filtered: All memories of agent bob")).to_be_visible()
    page.wait_for_url(re.compile(r"/\?.*agent=bob"))


def test_a_click_on_a_bar_filters(server, page):
    page.goto(server.url)
    chart = page.locator("[class*='st-key-by_team_']")
    chart.locator(".point path").first.click(force=True)
    page.wait_for_url(re.compile("team=support"))
    expect(page.get_by_text("Filtered: All memories of team support")).to_be_visible()


def test_the_weights_show_their_values_and_go_into_the_link(server, page):
    page.goto(server.url + "/search?q=refund&weights=recency:0.5")
    expect(page.get_by_text("7 of 7 memories in scope")).to_be_visible()
    page.get_by_role("button", name="Ranking").click()
    expect(page.get_by_role("slider", name="Recency")).to_have_value("0.5")
    page.get_by_role("button", name="Back to the defaults").click()
    expect(page.get_by_role("slider", name="Recency")).not_to_have_value("0.5")


@pytest.mark.parametrize("path", ["/search", "/indexes"])
def test_nothing_scrolls_sideways_on_a_phone(path, server, page):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(server.url + path)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.wait_for_selector(IDLE)
    assert page.evaluate(SIDEWAYS) <= 1


def test_on_a_phone_the_inspector_is_a_sheet_over_the_list(server, page):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(server.url + LINK + "&sel=k2")
    inspector = page.locator(".st-key-inspector")
    expect(inspector.get_by_text("Refunds need the approval of the team lead.")).to_be_visible()
    expect(page.locator("[class*='st-key-hit_']")).to_have_count(4)
    top = inspector.bounding_box()["y"]
    for y in range(int(top) + 10, 840, 20):
        assert page.evaluate(f"!!document.elementFromPoint(195, {y}).closest('.st-key-inspector')"), y
    inspector.get_by_role("button", name="Close").click()
    expect(inspector).to_have_count(0)
    page.wait_for_selector(IDLE)
    assert page.evaluate(SIDEWAYS) <= 1


@pytest.mark.parametrize("appearance", ["light", "dark"])
@pytest.mark.parametrize("path", ["/", LINK + "&sel=k2"])
def test_every_text_is_readable(path, appearance, server, page):
    page.emulate_media(color_scheme=appearance)
    page.goto(server.url + path)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    if "sel=" in path:
        page.get_by_role("tab", name="Raw").click()
        expect(page.get_by_text("get_vectors").first).to_be_visible()
    page.wait_for_selector(IDLE)
    assert page.evaluate(CONTRAST) == []
    if "sel=" not in path:
        page.set_viewport_size({"width": 390, "height": 844})
        page.wait_for_selector(IDLE)
        assert page.evaluate(SIDEWAYS) <= 1


def test_a_hostile_memory_is_only_text(start_server, tmp_path, page):
    attack = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script> ![x](http://127.0.0.1:9/x.png)"
    server = start_server(seed(tmp_path / "s", [Memory("h", attack, attack, agent_id=attack, team_id=attack)]))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for path in ("/?sel=h", "/search?q=attack&sel=h"):
        page.goto(server.url + path)
        expect(page.locator(".st-key-inspector").get_by_text("<script>").first).to_be_visible()
        assert "owned" not in page.title()
    assert not any("9/x.png" in url for url in asked)


def test_an_import_through_the_page_is_seen_by_another_tab(start_server, tmp_path, page, context):
    server = start_server(tmp_path / "store")
    lines = [json.dumps({"key": f"n{i}", "content": f"Night note {i}.", "agent_id": "owl"}) for i in range(3)]
    upload = tmp_path / "night.jsonl"
    upload.write_text("\n".join([*lines, "{broken"]), encoding="utf-8")

    page.goto(server.url)
    expect(page.get_by_role("heading", name="Nothing is remembered here yet")).to_be_visible()
    page.locator("input[type=file]").set_input_files(upload)
    page.get_by_role("textbox", name="Into index").fill("nights")
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("4 rows: 3 written, 1 failed")).to_be_visible()
    expect(page.get_by_text("line 4 of night.jsonl")).to_be_visible()

    other = context.new_page()
    other.goto(server.url)
    expect(other.get_by_text("nights · 3").or_(other.get_by_label("Index", exact=True))).to_be_visible()
    expect(other.get_by_text("3 memories", exact=True).first).to_be_visible()

    catalog = open_catalog(server.store)
    catalog.open("nights", actor=LOCAL_ADMIN).write(
        [Memory("n9", "Written by an agent.", agent_id="bat")], actor=LOCAL_ADMIN
    )
    catalog.close()
    other.get_by_role("button", name="New writes: show them").click(timeout=30_000)
    expect(other.get_by_text("4 memories", exact=True).first).to_be_visible()
