"""The page Indexes in a real browser: what is made in a dialog is there, and what another process writes is shown."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from playwright.sync_api import expect

from core.vectors.server import RunningServer
from tests.core.aws_environment import KEY, SECRET, isolate_aws
from tests.e2e.test_dashboard import CONTRAST, IDLE
from tests.pages.app import seed, team_memories
from tests.pages.test_indexes import foreign

WRITER = """
import sys, boto3
client = boto3.client("s3vectors", endpoint_url=sys.argv[1], region_name="us-east-1")
where = {"vectorBucketName": "mnemoscope", "indexName": "team"}
client.put_vectors(**where, vectors=[{
    "key": "from-afar", "data": {"float32": [1.0] + [0.0] * 383},
    "metadata": {"content": "Written by plain boto3.", "agent_id": "carol", "memory_type": "semantic"},
}])
"""


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory):
    """A store behind an endpoint."""
    store = seed(tmp_path_factory.mktemp("store") / "s", team_memories())
    with pytest.MonkeyPatch.context() as patch:
        isolate_aws(patch, tmp_path_factory.mktemp("aws"))
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        with RunningServer(store, access_keys={KEY: SECRET}) as running:
            yield running.url


@pytest.fixture(scope="module")
def server(start_server, endpoint, tmp_path_factory):
    """A dashboard over a directory, whose process has the credentials of the endpoint."""
    return start_server(seed(tmp_path_factory.mktemp("local") / "s", team_memories()[:3], index="local"))


@pytest.mark.parametrize(
    ("kind", "label", "typed", "name", "owner"),
    [
        pytest.param("Shared", "Name", "night-notes", "night-notes", "shared by every tenant", id="shared"),
        pytest.param("One scope", "Scope", "short-term", "short-term", "scope short-term", id="scope"),
        pytest.param("One tenant", "Tenant", "acme", "user-memory-acme", "tenant acme", id="tenant"),
    ],
)
def test_an_index_is_made_and_deleted(server, page, kind, label, typed, name, owner):
    page.goto(f"{server.url}/indexes")
    page.get_by_role("button", name="New index").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("radio", name=kind).click()
    dialog.get_by_role("textbox", name=label).fill(typed)
    dialog.get_by_role("button", name="Create").click()
    expect(dialog).to_have_count(0)
    row = page.locator(f"[class*='st-key-entry_'][class*='{name}']")
    expect(row).to_contain_text(owner)
    row.get_by_role("button", name=f"Delete {name}").click()
    dialog.get_by_role("textbox").fill("another")
    dialog.get_by_role("button", name="Delete the index").click()
    expect(dialog.get_by_text("That is not the name of the index")).to_be_visible()
    dialog.get_by_role("textbox").fill(name)
    dialog.get_by_role("textbox").press("Enter")
    expect(dialog).to_have_count(0)
    expect(row).to_have_count(0)
    expect(page.locator("[class*='st-key-entry_']")).to_have_count(1)


def test_open_leads_to_the_memories_of_an_index(start_server, tmp_path, page):
    server = start_server(seed(seed(tmp_path / "s", team_memories()), team_memories()[:2], index="small"))
    page.goto(f"{server.url}/indexes")
    page.locator(".st-key-open_index_small").get_by_role("button", name="Open").click()
    page.wait_for_url(re.compile(r"/\?index=small"))
    expect(page.get_by_text("2 memories in small")).to_be_visible()


def test_the_wizard_tries_a_bucket_and_opens_it(server, endpoint, page):
    page.goto(f"{server.url}/indexes")
    page.get_by_role("button", name="Connect to a bucket").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Vector bucket").fill("mnemoscope")
    dialog.get_by_role("textbox", name="Region").fill("us-east-1")
    dialog.get_by_role("textbox", name="Endpoint").fill(endpoint)
    dialog.get_by_role("textbox", name="Endpoint").press("Enter")
    expect(dialog.get_by_text("These credentials can read")).to_be_visible()
    page.wait_for_selector(IDLE)
    dialog.get_by_text("The smallest IAM policy for this bucket").click()
    dialog.get_by_role("radio", name="agent").click()
    expect(dialog.get_by_text("s3vectors:PutVectors")).to_be_visible()
    dialog.get_by_role("button", name="Open it in this tab").click()
    expect(dialog).to_have_count(0)
    page.get_by_role("link", name="Overview").click()
    expect(page.get_by_text("7 memories in team")).to_be_visible()


def test_chosen_fields_are_what_the_other_pages_show(start_server, tmp_path, page):
    said = "The depot opens at six, and gate {} stays shut until the guard comes."
    rows = {f"r{n}": {"remark": said.format(n), "aside": said.format(-n), "who": "ann"} for n in range(12)}
    server = start_server(foreign(tmp_path / "s", rows))
    page.goto(server.url)
    page.get_by_role("link", name="Choose the fields").click()
    page.get_by_test_id("stMain").get_by_role("combobox", name="Agent").click()
    page.get_by_role("option", name=re.compile("^who · 100%")).click()
    page.get_by_role("button", name="Save for everyone").click()
    expect(page.get_by_text("is read this way from now on")).to_be_visible()
    page.get_by_role("link", name="Overview").click()
    expect(page.get_by_text("12 memories in theirs from 1 agent")).to_be_visible()
    expect(page.get_by_role("link", name="Choose the fields")).to_have_count(0)


def test_what_plain_boto3_writes_is_shown_in_an_open_dashboard(start_server, endpoint, page):
    server = start_server(f"s3vectors://mnemoscope?region=us-east-1&endpoint_url={endpoint}")
    page.goto(server.url)
    expect(page.get_by_text("7 memories in team")).to_be_visible()
    subprocess.run([sys.executable, "-c", WRITER, endpoint], check=True, timeout=60)
    page.get_by_role("button", name="New writes: show them").click()
    expect(page.get_by_text("8 memories in team from 3 agents")).to_be_visible()
    page.get_by_role("link", name="Search").click()
    page.get_by_label("Question").fill("plain boto3")
    page.get_by_label("Question").press("Enter")
    expect(page.locator("[class*='st-key-hit_']", has_text="Written by plain boto3.")).to_be_visible()


@pytest.mark.parametrize("appearance", ["light", "dark"])
def test_every_text_of_the_page_and_its_dialogs_is_readable(server, page, appearance):
    page.emulate_media(color_scheme=appearance)
    page.goto(f"{server.url}/indexes")
    for opener in ("New index", "Connect to a bucket"):
        page.get_by_role("button", name=opener).click()
        expect(page.get_by_role("dialog")).to_be_visible()
        page.wait_for_selector("[data-testid='stApp'][data-test-script-state='notRunning']")
        assert page.evaluate(CONTRAST) == []
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
    page.locator(".st-key-usage_box summary").click()
    assert page.evaluate(CONTRAST) == []
