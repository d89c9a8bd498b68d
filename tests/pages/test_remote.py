"""The dashboard over a service: read in the background, shown with its age, and never a blank page."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from core.access import LOCAL_ADMIN
from core.config import open_catalog
from core.errors import AccessDeniedError
from core.memory import Memory
from core.vectors.embedded import EmbeddedClient
from core.vectors.server import RunningServer
from pages.shared.here import CONNECTED
from tests.core.aws_environment import KEY, SECRET, isolate_aws
from tests.pages.app import INDEXES, OVERVIEW, SEARCH, open_app, seed, team_memories, texts
from tests.pages.curating import PLAN, RUNS, pick, press, records

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # the app keeps its connections until the process ends


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A store behind an endpoint, as (server, directory, address)."""
    isolate_aws(monkeypatch, tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    directory = seed(tmp_path / "store", team_memories())
    with RunningServer(directory, access_keys={KEY: SECRET}) as server:
        yield server, directory, f"s3vectors://mnemoscope?region=us-east-1&endpoint_url={server.url}"


@pytest.mark.parametrize("page", [OVERVIEW, SEARCH, INDEXES])
def test_every_page_opens_over_an_endpoint(page, service, monkeypatch):
    at = open_app(monkeypatch, service[2], page=page)
    assert not at.exception
    assert not at.error
    assert at.selectbox(key="rail_index").options == ["team · 8"]
    assert "Snapshot: just now · 8 memories" in texts(at)


def test_another_writer_is_seen_at_the_next_run(service, monkeypatch):
    at = open_app(monkeypatch, service[2])
    assert "<b>7 memories</b>" in texts(at)
    seed(service[1], [Memory("k9", "Somebody else wrote this.", agent_id="eve")])
    at.run()
    assert "<b>8 memories</b>" in texts(at)


def test_a_service_that_is_gone_leaves_the_snapshot_and_says_so(service, monkeypatch):
    at = open_app(monkeypatch, service[2])
    service[0].stop()
    for _ in range(8):
        at.run()
        assert not at.exception
        assert "<b>7 memories</b>" in texts(at) or at.button(key="problem_again")
        if at.warning:
            break
    assert "Could not refresh" in at.warning[0].value.replace("\\", "")


def test_credentials_that_the_service_refuses_are_a_problem_in_words(service, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
    at = open_app(monkeypatch, service[2])
    assert not at.exception
    assert at.error
    assert at.button(key="problem_again")


def test_a_bucket_that_is_not_there_yet_offers_how_to_begin(service, monkeypatch):
    at = open_app(monkeypatch, service[2].replace("//mnemoscope", "//not-yet"))
    assert not at.exception
    assert at.title[0].value == "Nothing is remembered here yet"
    assert "There is no bucket **not-yet** yet" in at.info[0].value.replace("\\", "")
    at.button(key="index_new").click().run()
    at.text_input(key="new_name").set_value("first").run()
    at.button(key="new_create").click().run()
    assert not at.exception
    assert at.selectbox(key="rail_index").options[0].startswith("first")


def test_a_store_that_cannot_be_opened_leaves_ways_to_another(team_store, service, monkeypatch):
    at = open_app(monkeypatch, team_store)
    service[0].stop()
    at.session_state[CONNECTED] = service[2]
    at.run()
    assert at.error
    assert at.button(key="connect_open")
    at.button(key="problem_back").click().run()
    assert not at.error
    assert "<b>7 memories</b>" in texts(at)


def test_without_credentials_the_page_says_how_to_get_some(tmp_path, monkeypatch):
    isolate_aws(monkeypatch, tmp_path)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    at = open_app(monkeypatch, "s3vectors://my-bucket?region=eu-central-1")
    assert not at.exception
    assert at.error[0].proto.title == "There are no usable AWS credentials"


@pytest.mark.parametrize("local", [pytest.param(True, id="directory"), pytest.param(False, id="endpoint")])
def test_other_buckets_can_be_chosen(local, service, monkeypatch):
    other = open_catalog(service[1]).in_bucket("of-an-agent")
    store = other.open_or_create("notes", actor=LOCAL_ADMIN)
    store.write([Memory("n1", "Written through another bucket.")], actor=LOCAL_ADMIN)
    other.close()
    at = open_app(monkeypatch, service[1] if local else service[2])
    box = at.selectbox(key="rail_bucket")
    assert (box.options, box.value) == (["mnemoscope", "of-an-agent"], "mnemoscope")
    box.select("of-an-agent").run()
    assert at.selectbox(key="rail_index").options == ["notes · 1"]
    assert at.query_params["bucket"] == "of-an-agent"
    assert "<b>1 memory</b>" in texts(at)


def test_a_directory_where_only_agents_wrote_opens_their_bucket(tmp_path, monkeypatch):
    other = open_catalog(tmp_path / "store").in_bucket("of-an-agent")
    other.open_or_create("notes", actor=LOCAL_ADMIN).write([Memory("n1", "By an agent.")], actor=LOCAL_ADMIN)
    other.close()
    at = open_app(monkeypatch, tmp_path / "store")
    assert at.selectbox(key="rail_index").options == ["notes · 1"]


def test_a_link_to_a_bucket_that_is_not_there_is_said(team_store, monkeypatch):
    at = open_app(monkeypatch, team_store, bucket="gone")
    assert "there is no bucket 'gone'" in at.warning[0].value.replace("\\", "")
    assert "<b>7 memories</b>" in texts(at)


class Between:
    """Stands between the endpoint and the engine; `before` is called with the arguments of every ListVectors."""

    def __init__(self, engine, before) -> None:
        self.engine, self.before = engine, before

    def __getattr__(self, name):
        return getattr(self.engine, name)

    def list_vectors(self, **arguments):
        self.before(arguments)
        return self.engine.list_vectors(**arguments)


@pytest.fixture
def between(service):
    """Return what starts an endpoint over the same store whose listings are watched, as its address."""
    engine = EmbeddedClient(service[1])
    servers = []

    def start(before) -> str:
        server = RunningServer(Between(engine, before), access_keys={KEY: SECRET})
        servers.append(server)
        server.__enter__()
        return f"s3vectors://mnemoscope?region=us-east-1&endpoint_url={server.url}"

    yield start
    for server in servers:
        server.stop()
    engine.close()


def test_while_an_index_is_read_the_page_says_how_far_it_is_and_can_be_stopped(between, monkeypatch):
    go_on = threading.Event()
    address = between(lambda arguments: go_on.wait(60))
    at = open_app(monkeypatch, address)
    assert at.title[0].value == "Reading team"
    assert at.selectbox(key="rail_index").options == ["team · …"]
    at.switch_page(INDEXES).run()
    assert at.title[0].value == "Where do the memories live?"
    at.switch_page(OVERVIEW).run()
    at.button(key="read_cancel").click().run()
    while at.title[0].value == "Reading team":
        at.run()
    assert at.title[0].value == "team was not read"
    go_on.set()
    at.button(key="read_on").click().run()
    while at.title[0].value == "Reading team":
        at.run()
    assert "<b>7 memories</b>" in texts(at)
    assert not at.exception


@pytest.mark.parametrize("page", [OVERVIEW, SEARCH])
def test_a_missing_right_is_explained(page, between, monkeypatch):
    def refuse(arguments) -> None:
        if arguments.get("returnMetadata"):
            raise AccessDeniedError("You may not.")

    address = between(refuse)
    at = open_app(monkeypatch, address, page=page)
    assert not at.exception
    assert at.title[0].value == "You may not read the memories of team"
    assert "s3vectors:GetVectors" in at.error[0].value.replace("\\", "")
    at.switch_page(INDEXES).run()
    assert not at.exception
    assert at.title[0].value == "Where do the memories live?"


def test_results_are_retired_and_brought_back_over_an_endpoint(service, monkeypatch):
    before = records(service[1])
    at = pick(open_app(monkeypatch, service[2], page=SEARCH, q="refund"), "k1", "k2")
    press(at, "bar_retire", to=PLAN)
    assert "Retire 2 memories" in texts(at)
    for _ in range(RUNS):  # the vectors are being read
        if any(button.key == "apply" for button in at.button):
            break
        at.run()
    press(at, "apply")
    assert not at.exception
    assert "2 memories retired." in texts(at)
    assert records(service[1]).keys() == before.keys() - {"k1", "k2"}
    at.switch_page(SEARCH).run()
    assert "promised a refund" not in "".join(element.value for element in at.html if "mn-card" in element.value)
    press(at, "bar_undo")
    assert records(service[1]) == before
