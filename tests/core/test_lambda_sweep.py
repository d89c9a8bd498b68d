"""The sweep in Lambda: segments side by side, a successor where the time ends, a failure where a person must look."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from core.access import LOCAL_ADMIN
from core.curation.conflicts.inbox import open_inbox
from core.curation.consolidation.limits import MergeLimits, save_limits
from core.curation.desk import open_desk
from core.errors import ConfigError, CurationError
from core.operate.lambda_sweep import Settings, run
from core.records import Records
from tests.core.curation.merge_builders import TOPICS, make_merge_store
from tests.core.memory_builders import DAY, NOW, make_catalog, make_memory, make_store

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "deploy" / "template.yaml"


@dataclass
class Context:
    """The context of an invocation that may run so many seconds."""

    seconds: float = 900.0
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:sweep"

    def get_remaining_time_in_millis(self) -> int:
        return int(self.seconds * 1_000)


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a store of 30 memories of which 10 have expired, where Lambda is told that it is."""
    place = tmp_path / "store"
    expired = (make_memory(f"k{n:02}", f"Fact {n}.", expires_at=NOW - 30 * DAY if n % 3 == 0 else None) for n in range(30))
    store = make_store(place, *expired)
    assert store.archive is not None
    store.archive.close()
    monkeypatch.setenv("MNEMOSCOPE_STORE", str(place))
    return place


def chain(settings: Settings, context: Context, event: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    """Run an event and every one that it starts, each through JSON as Lambda passes it."""
    waiting, answers = [dict(event or {})], []
    while waiting:
        started: list[Mapping[str, Any]] = []
        answers.append(run(waiting.pop(0), context, settings, invoke=started.append, clock=lambda: NOW, new_id=lambda: "r1"))
        waiting += json.loads(json.dumps(started))
        assert len(answers) < 50
    return answers


def left(directory: Path) -> int:
    return make_catalog(directory).open("agents", actor=LOCAL_ADMIN).count(LOCAL_ADMIN)


def test_one_invocation_sweeps_a_small_index(directory: Path) -> None:
    (answer,) = chain(Settings("agents"), Context())
    assert (answer["done"], answer["complete"], left(directory)) == (10, True, 20)
    json.dumps(answer)


def test_segments_are_invocations_of_their_own(directory: Path) -> None:
    first, *others = chain(Settings("agents", segments=4), Context())
    assert [each["segment"] for each in first["started"]] == ["0/4", "1/4", "2/4", "3/4"]
    assert (sum(answer["done"] for answer in others), left(directory)) == (10, 20)


def test_a_successor_goes_on_where_the_time_ended(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = Records.listed
    monkeypatch.setattr(Records, "listed", lambda self, **options: listed(self, **({"maxResults": 8} | options)))
    answers = chain(Settings("agents"), Context(seconds=1))
    assert len(answers) == 4
    assert [answer["out_of_time"] for answer in answers] == [True, True, True, False]
    assert (answers[-1]["done"], left(directory)) == (10, 20)
    names = {name for answer in answers for name in answer["plans"]}
    assert len(names) == sum(len(answer["plans"]) for answer in answers)


def test_an_event_that_comes_again_goes_on_with_what_is_left(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lambda sends an event again when the invocation died: then some of it was done."""
    listed = Records.listed
    monkeypatch.setattr(Records, "listed", lambda self, **options: listed(self, **({"maxResults": 8} | options)))
    events: list[Mapping[str, Any]] = [{}]
    for name, context in (("r1", Context(seconds=1)), ("r2", Context(seconds=1)), ("r3", Context())):
        event = events[min(len(events) - 1, 1)]
        run(event, context, Settings("agents"), invoke=events.append, clock=lambda: NOW, new_id=lambda name=name: name)
    assert left(directory) == 20


def test_a_dry_run_changes_nothing(directory: Path) -> None:
    (answer,) = chain(Settings("agents", dry_run=True), Context())
    assert (answer["proposed"], answer["done"], left(directory)) == (10, 0, 30)


def test_what_a_person_must_see_fails_the_invocation(directory: Path) -> None:
    with pytest.raises(CurationError, match="stopped: The limit of 3 changes is reached"):
        run({}, Context(), Settings("agents", share=0.1), invoke=lambda _: None, clock=lambda: NOW, new_id=lambda: "r1")
    assert left(directory) == 27
    store = make_catalog(directory).open("agents", actor=LOCAL_ADMIN)
    (deed,) = open_desk(store).history(actor=LOCAL_ADMIN)
    assert (deed.plan_id, deed.actor, deed.policy) == ("sweep-r1-0", "sweep", "sweep")


@pytest.fixture
def task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a store with a finished task of four memories among others."""
    place = tmp_path / "store"
    store = make_merge_store(place)
    topics = [make_memory(f"t{n}", text, memory_type="episodic", task_id="crane") for n, text in enumerate(TOPICS)]
    store.write(topics, actor=LOCAL_ADMIN)
    assert store.archive is not None
    store.archive.close()
    monkeypatch.setenv("MNEMOSCOPE_STORE", str(place))
    return place


def limited(directory: Path, **limits: Any) -> None:
    """Save the limits of merging as an admin does."""
    store = make_catalog(directory).open("agents", actor=LOCAL_ADMIN)
    save_limits(store, open_desk(store).ledger.documents, MergeLimits(**limits), actor=LOCAL_ADMIN)


def test_merges_wait_for_a_person_or_are_applied_within_the_limits(task: Path) -> None:
    """The same code as the command's, so that what waits by the one is known to the other."""
    settings = Settings("agents", ("consolidation",))
    (tried,) = chain(replace(settings, dry_run=True), Context())
    (first,) = chain(settings, Context())
    (again,) = chain(settings, Context())
    assert (tried["proposed"], tried["kept"], len(first["kept"]), again["kept"], left(task)) == (1, [], 1, [], 38)
    store = make_catalog(task).open("agents", actor=LOCAL_ADMIN)
    desk = open_desk(store)
    (waiting,) = desk.pending(actor=LOCAL_ADMIN)
    assert (waiting.kept_by, waiting.plan_id) == ("sweep", first["kept"][0])
    desk.discard(waiting.plan_id, actor=LOCAL_ADMIN)
    limited(task, mode="apply", share_run=1.0, share_day=1.0)
    (declined,) = chain(settings, Context())
    assert (declined["known"], left(task)) == (1, 38)
    json.dumps(declined)


def test_merges_are_applied_where_an_admin_allows_it(task: Path) -> None:
    limited(task, mode="apply", share_run=1.0, share_day=1.0)
    (answer,) = chain(Settings("agents", ("merge",)), Context())
    assert (answer["held"], len(answer["applied"])) == (None, 1)
    assert left(task) < 38
    desk = open_desk(make_catalog(task).open("agents", actor=LOCAL_ADMIN))
    (deed,) = desk.history(actor=LOCAL_ADMIN)
    assert (deed.actor, deed.plan_id) == ("sweep", answer["applied"][0])


def test_an_invocation_of_merges_keeps_within_its_time_and_memory(task: Path) -> None:
    limited(task, mode="off")
    (off,) = chain(Settings("agents", ("merge",), megabytes=500), Context())
    assert off["stopped"] == "Merging is switched off for this index."
    limited(task, mode="propose")
    with pytest.raises(ConfigError, match="38 memories, and at most 1 fit into the memory here: nothing was looked at"):
        chain(Settings("agents", ("merge",), megabytes=500), Context())
    with pytest.raises(CurationError, match="still looking for groups"):
        chain(Settings("agents", ("merge",)), Context(seconds=200))
    assert left(task) == 38


@pytest.fixture
def disputed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a store of three memories of which two speak against each other."""
    place = tmp_path / "store"
    texts = [f"The nightly import keeps {n} backups on disk." for n in (30, 14)] + ["Invoices go out on Mondays."]
    store = make_store(place, *(make_memory(f"k{n}", text, agent_id=f"a{n}", team_id="x") for n, text in enumerate(texts)))
    assert store.archive is not None
    store.archive.close()
    monkeypatch.setenv("MNEMOSCOPE_STORE", str(place))
    monkeypatch.setenv("MNEMOSCOPE_JUDGE", "cues")
    return place


def test_conflicts_go_into_the_inbox_and_the_next_night_goes_on(disputed: Path) -> None:
    settings = Settings("agents", ("conflicts",))
    (tried,) = chain(replace(settings, dry_run=True), Context())
    (first,) = chain(settings, Context())
    (again,) = chain(settings, Context())
    assert [(each["found"], each["new"], each["judged"]) for each in (tried, first, again)] == [
        (1, 0, 1),
        (1, 1, 1),
        (0, 0, 0),
    ]
    assert (first["shown"], left(disputed)) == ([], 3), "no text in the answer, and no memory changed"
    inbox = open_inbox(make_catalog(disputed).open("agents", actor=LOCAL_ADMIN))
    (entry,) = inbox.queue(actor=LOCAL_ADMIN).entries
    assert {entry.card.left.key, entry.card.right.key} == {"k0", "k1"}


@pytest.mark.usefixtures("disputed")
def test_a_search_for_conflicts_keeps_within_its_time_and_memory() -> None:
    settings = Settings("agents", ("conflicts",))
    with pytest.raises(ConfigError, match="3 memories, and at most 1 fit into the memory here: nothing was looked at"):
        chain(replace(settings, megabytes=500), Context())
    with pytest.raises(CurationError, match="nothing was judged"):
        chain(settings, Context(seconds=200))
    assert chain(settings, Context())[0]["new"] == 1


@pytest.mark.parametrize(
    "settings",
    [
        Settings("i", ("merge", "decay")),
        Settings("i", ("duplicates",), segments=2),
        Settings("i", ("conflicts", "expiry")),
        Settings("i", ("conflicts",), segments=4),
    ],
)
def test_merges_are_a_sweep_of_their_own(settings: Settings) -> None:
    with pytest.raises(ConfigError, match="a function of their own"):
        run({}, Context(), settings, invoke=lambda _: None)


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        pytest.param({}, "MNEMOSCOPE_STORE and SWEEP_INDEX", id="nothing"),
        pytest.param({"MNEMOSCOPE_STORE": "x"}, "SWEEP_INDEX", id="no-index"),
        pytest.param({"SWEEP_SEGMENTS": "many"}, "must be numbers", id="segments"),
    ],
)
def test_settings_that_make_no_sense_are_refused(environment: dict[str, str], said: str) -> None:
    more = {} if "MNEMOSCOPE_STORE" in environment or not environment else {"MNEMOSCOPE_STORE": "x", "SWEEP_INDEX": "i"}
    with pytest.raises(ConfigError, match=said):
        Settings.from_environment(environment | more)


@pytest.mark.parametrize("given", ["1", "a/b", 3, ""])
def test_a_segment_that_is_none_is_refused(directory: Path, given: Any) -> None:
    with pytest.raises(ConfigError, match="write it as in 0/4"):
        run({"segment": given}, Context(), Settings("agents"), invoke=lambda _: None)


def test_the_template_passes_the_linter() -> None:
    program = "import sys; from cfnlint.runner import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", program, str(TEMPLATE)], capture_output=True, text=True, check=False, timeout=240
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_the_template_and_the_code_say_the_same() -> None:
    text = TEMPLATE.read_text(encoding="utf-8")
    variables = set(re.findall(r"^ {10}((?:MNEMOSCOPE|SWEEP)_[A-Z]+(?:_[A-Z]+)*):", text, re.MULTILINE))
    values = dict.fromkeys(variables, "1") | {"MNEMOSCOPE_STORE": "s", "SWEEP_INDEX": "team", "SWEEP_POLICIES": "decay"}
    settings = Settings.from_environment(values)
    assert settings == Settings("team", ("decay",), 1, 1.0, write_back=True, dry_run=True)
    assert {"MNEMOSCOPE_STORE", "MNEMOSCOPE_JOURNAL"} < variables
    image = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
    assert "core.operate.lambda_sweep.handler" in image


def test_the_template_allows_what_a_sweep_calls_and_no_more() -> None:
    allowed = set(re.findall(r"s3vectors:([A-Za-z]+)", TEMPLATE.read_text(encoding="utf-8")))
    assert allowed == {
        "DeleteVectors",
        "GetIndex",
        "GetVectorBucket",
        "GetVectors",
        "ListIndexes",
        "ListTagsForResource",
        "ListVectors",
        "PutVectors",
        "QueryVectors",
    }


def test_the_template_lets_a_sweep_delete_nothing_of_the_journal_but_documents() -> None:
    text = TEMPLATE.read_text(encoding="utf-8")
    statements = re.findall(r"- Sid: (\w+)\n(.*?)(?=\n {12}(?:- Sid|#)|\n {6}\w)", text, re.DOTALL)
    deleting = {sid: body for sid, body in statements if "s3:DeleteObject" in body}
    assert list(deleting) == ["JournalDocuments"]
    assert "/*/documents/*" in deleting["JournalDocuments"]
    assert "s3:ListBucketVersions" in dict(statements)["JournalList"]
    assert '!If [IsWriting, "s3vectors:PutVectors"' in dict(statements)["Memories"]
    assert '!If [IsMerge, "s3vectors:QueryVectors"' in dict(statements)["Memories"]
    assert '!If [IsConflicts, !Ref "AWS::NoValue", "s3vectors:DeleteVectors"' in dict(statements)["Memories"]


def test_the_image_is_made_of_what_it_needs() -> None:
    sent = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    copied = re.findall(r"^COPY (\S+)", (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    assert [name for name in copied if f"!{name}" not in sent] == []
