"""A dashboard over an endpoint in a real browser: the reading shows how far it is, and the page follows by itself."""

from __future__ import annotations

import threading

import pytest
from playwright.sync_api import expect

from core.memory import Memory
from core.vectors.embedded import EmbeddedClient
from core.vectors.server import RunningServer
from tests.core.aws_environment import KEY, SECRET, isolate_aws
from tests.pages.app import seed, team_memories


class Held:
    """An engine whose listings wait until they may go on."""

    def __init__(self, engine: EmbeddedClient) -> None:
        self.engine = engine
        self.go_on = threading.Event()

    def __getattr__(self, name):
        return getattr(self.engine, name)

    def list_vectors(self, **arguments):
        self.go_on.wait(60)
        return self.engine.list_vectors(**arguments)


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory):
    """A store behind an endpoint that lists when it is told to."""
    store = seed(tmp_path_factory.mktemp("store") / "s", team_memories())
    held = Held(EmbeddedClient(store))
    with RunningServer(held, access_keys={KEY: SECRET}) as running:
        yield store, held, f"s3vectors://mnemoscope?region=us-east-1&endpoint_url={running.url}"
    held.engine.close()


@pytest.fixture(scope="module")
def server(start_server, endpoint, tmp_path_factory):
    """A dashboard over the endpoint."""
    with pytest.MonkeyPatch.context() as patch:
        isolate_aws(patch, tmp_path_factory.mktemp("aws"))
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        return start_server(endpoint[2])


def test_the_page_follows_when_the_index_is_read_and_sees_what_others_write(server, endpoint, page):
    page.goto(server.url)
    expect(page.get_by_role("heading", name="Reading team")).to_be_visible()
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    endpoint[1].go_on.set()
    expect(page.get_by_role("heading", name="What is in this memory")).to_be_visible()
    expect(page.get_by_text("Snapshot: just now · 8 memories")).to_be_visible()
    seed(endpoint[0], [Memory("k9", "Somebody else wrote this.", agent_id="eve")])
    page.get_by_role("button", name="New writes: show them").click()
    expect(page.get_by_text("Snapshot: just now · 9 memories")).to_be_visible()
    page.get_by_role("button", name="Refresh").click()
    expect(page.get_by_role("heading", name="What is in this memory")).to_be_visible()
