"""Rights probed one by one over real HTTP: our own endpoint, keys that are wrong, nobody there, and operations refused."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.access import LOCAL_ADMIN, Actor, Role
from core.errors import AccessDeniedError, ConfigError, NotAllowedError
from core.operate.checks import MATTERS, WRITES
from core.operate.credentials import credentials_found, masked
from core.operate.policies import actions
from core.operate.rights import Check, State, probe, sufficient
from core.vectors.client import Call
from core.vectors.embedded import EmbeddedClient
from core.vectors.server import RunningServer
from core.vectors.session import AwsOptions
from tests.core.aws_environment import KEY, SECRET, isolate_aws
from tests.core.bedrock_server import BedrockServer, refusal
from tests.core.commandline import CommandLine

BUCKET, INDEX = "memories", "team"
GROUND = ["boto3", "credentials", "region", "endpoint", "identity"]
READS = [action for action in MATTERS if action not in WRITES]


class Refusing:
    """A client that refuses some operations, as a policy does: the server over it answers 403."""

    def __init__(self, client: EmbeddedClient, denied: frozenset[str]) -> None:
        self._client = client
        self._denied = denied

    def __getattr__(self, name: str) -> Any:
        operation = "".join(part.title() for part in name.split("_"))
        if operation in self._denied:
            return self._refuse
        return getattr(self._client, name)

    def _refuse(self, **_: Any) -> None:
        raise AccessDeniedError("User is not authorized to perform this.")


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    isolate_aws(monkeypatch, tmp_path)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[EmbeddedClient]:
    with closing(EmbeddedClient(tmp_path / "store")) as client:
        client.create_vector_bucket(vectorBucketName=BUCKET)
        client.create_index(
            vectorBucketName=BUCKET, indexName=INDEX, dataType="float32", dimension=3, distanceMetric="cosine"
        )
        client.put_vectors(
            vectorBucketName=BUCKET, indexName=INDEX, vectors=[{"key": "a", "data": {"float32": np.ones(3, np.float32)}}]
        )
        yield client


def uri(url: str, bucket: str = BUCKET) -> str:
    return f"s3vectors://{bucket}?region=us-east-1&endpoint_url={url}"


def probed(engine: EmbeddedClient, *denied: str, **options: Any) -> dict[str, Check]:
    """Return the checks by name, of a server where some operations are denied."""
    options = {"new_id": lambda: "x1"} | options
    with RunningServer(Refusing(engine, frozenset(denied)), access_keys={KEY: SECRET}) as server:
        return {check.name: check for check in probe(uri(server.url), actor=LOCAL_ADMIN, **options)}


def states(checks: dict[str, Check]) -> dict[str, str]:
    return {name: str(check.state) for name, check in checks.items()}


def content(engine: EmbeddedClient) -> tuple[list[str], list[str], dict[str, str]]:
    indexes = engine.list_indexes(vectorBucketName=BUCKET)["indexes"]
    keys = [record["key"] for record in engine.list_vectors(vectorBucketName=BUCKET, indexName=INDEX)["vectors"]]
    tags = engine.list_tags_for_resource(resourceArn=indexes[0]["indexArn"])["tags"]
    return [index["indexName"] for index in indexes], keys, tags


def test_with_all_rights_everything_is_ok_in_order_and_nothing_changes(engine: EmbeddedClient) -> None:
    before = (content(engine), engine.revision(vectorBucketName=BUCKET, indexName=INDEX))
    calls: list[Call] = []
    checks = probed(engine, tracer=calls.append)
    assert list(checks) == [*GROUND, *MATTERS]
    assert states(checks) == dict.fromkeys([*GROUND, *READS], "ok") | dict.fromkeys(WRITES, "skipped")
    assert [call.operation for call in calls] == READS
    assert checks["credentials"].detail == "key AKIA…0001 from the environment"
    assert checks["GetVectorBucket"].arn == f"arn:aws:s3vectors:us-east-1:123456789012:bucket/{BUCKET}"
    assert "not tested" in checks["PutVectors"].detail
    assert all(sufficient(list(checks.values()), role) for role in ("read-only", "curator", "agent"))
    assert (content(engine), engine.revision(vectorBucketName=BUCKET, indexName=INDEX)) == before


def test_the_write_test_tries_every_right_and_leaves_all_as_it_was(engine: EmbeddedClient) -> None:
    before = content(engine)
    checks = probed(engine, write_test=True)
    assert states(checks) == dict.fromkeys([*GROUND, *MATTERS], "ok")
    assert "temporary index mnemoscope-check-x1" in checks["CreateIndex"].detail
    assert content(engine) == before


def test_without_an_index_the_write_test_writes_in_its_own(engine: EmbeddedClient) -> None:
    engine.delete_index(vectorBucketName=BUCKET, indexName=INDEX)
    checks = probed(engine, write_test=True)
    assert {checks[action].state for action in WRITES} == {State.OK}
    assert {checks[action].state for action in READS[3:]} == {State.SKIPPED}
    assert engine.list_indexes(vectorBucketName=BUCKET)["indexes"] == []


@pytest.mark.parametrize("denied", [*READS, *WRITES])
def test_each_right_that_is_missing_is_named_with_its_statement(engine: EmbeddedClient, denied: str) -> None:
    checks = probed(engine, denied, write_test=True)
    refused = [check for check in checks.values() if check.state is State.DENIED]
    # GetVectors is part of a query with metadata on AWS; our engine looks at each operation alone.
    assert [check.name for check in refused] == [denied]
    (check,) = refused
    assert check.fix.startswith(f"Allow s3vectors:{denied}.")
    assert check.matters == MATTERS[denied]
    assert check.statement is not None
    assert check.statement["Action"] == [f"s3vectors:{denied}"]
    for role in ("read-only", "curator", "agent"):
        assert sufficient(list(checks.values()), role) == (denied not in actions(role))


def test_what_cannot_be_removed_again_is_named(engine: EmbeddedClient) -> None:
    checks = probed(engine, "DeleteIndex", write_test=True)
    assert "mnemoscope-check-x1" in checks["DeleteIndex"].fix


def test_read_only_rights_are_enough_to_read(engine: EmbeddedClient) -> None:
    checks = probed(engine, *WRITES, write_test=True)
    assert sufficient(list(checks.values()), "read-only")
    assert not sufficient(list(checks.values()), "curator")
    assert not sufficient(list(checks.values()), "agent")


def test_a_bucket_that_is_not_there_ends_the_probed(engine: EmbeddedClient) -> None:
    with RunningServer(engine, access_keys={KEY: SECRET}) as server:
        checks = {check.name: check for check in probe(uri(server.url, "another-bucket"), actor=LOCAL_ADMIN)}
    assert checks["GetVectorBucket"].state is State.FAILED
    assert "could not be found" in checks["GetVectorBucket"].detail
    assert {checks[action].state for action in list(MATTERS)[2:]} == {State.SKIPPED}


def test_an_index_that_is_not_there_is_said(engine: EmbeddedClient) -> None:
    checks = probed(engine, index="another")
    assert checks["GetIndex"].state is State.FAILED
    assert checks["QueryVectors"].state is State.SKIPPED


@pytest.mark.parametrize("wrong", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
def test_keys_that_the_service_does_not_know(engine: EmbeddedClient, monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    monkeypatch.setenv(wrong, "AKIAWRONGWRONGWRONG1")
    checks = probed(engine)
    assert checks["endpoint"].state is State.OK
    assert checks["identity"].state is State.FAILED
    assert "key" in checks["identity"].fix
    assert {checks[action].state for action in list(MATTERS)[1:]} == {State.SKIPPED}


def test_nobody_there() -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        checks = {check.name: check for check in probe(uri(f"http://127.0.0.1:{taken.getsockname()[1]}"), actor=LOCAL_ADMIN)}
    assert checks["endpoint"].state is State.FAILED
    assert "identity" not in checks
    assert {checks[action].state for action in MATTERS} == {State.SKIPPED}
    assert not sufficient(list(checks.values()), "agent")


@pytest.mark.parametrize(
    ("taken", "query", "failed", "said"),
    [
        pytest.param("AWS_ACCESS_KEY_ID", "?region=us-east-1", "credentials", "aws configure|missing", id="half-a-key"),
        pytest.param(None, "?region=us-east-1&profile=nobody", "credentials", "nobody", id="profile"),
        pytest.param(None, "", "region", "region", id="no-region"),
    ],
)
def test_what_is_not_set_up_is_said_before_any_call(monkeypatch, taken, query, failed, said) -> None:
    if taken:
        monkeypatch.delenv(taken)
    checks = list(probe(f"s3vectors://memories{query}", actor=LOCAL_ADMIN))
    assert [check.name for check in checks if check.state is State.FAILED] == [failed]
    (wrong,) = [check for check in checks if check.name == failed]
    assert any(word in wrong.detail for word in said.split("|"))
    assert {check.state for check in checks[-len(MATTERS) :]} == {State.SKIPPED}


def test_a_directory_has_no_rights_to_probed(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is a directory"):
        list(probe(str(tmp_path), actor=LOCAL_ADMIN))


def test_keys_are_shown_by_their_ends() -> None:
    assert masked("AKIAABCDEFGH1234") == "AKIA…1234"
    assert masked("short") == "sh…"
    found = credentials_found(AwsOptions("us-east-1"), now=datetime(2026, 1, 1, tzinfo=UTC))
    assert SECRET not in found
    assert KEY not in found


@pytest.mark.parametrize("granted", [True, False])
def test_the_embedding_model_is_tried(engine: EmbeddedClient, monkeypatch: pytest.MonkeyPatch, granted: bool) -> None:
    with BedrockServer() as bedrock:
        monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", bedrock.url)
        if not granted:
            bedrock.faults.append(refusal(403, "AccessDeniedException"))
        checks = probed(engine, embedder="titan-v2:256")
        assert [body["inputText"] for _, body in bedrock.asked] == ["check"]
    assert checks["InvokeModel"].state is (State.OK if granted else State.DENIED)
    assert sufficient(list(checks.values()), "read-only") is granted
    assert "InvokeModel" not in probed(engine, embedder="hashing")


def test_the_command_prints_checks_and_policy(engine: EmbeddedClient, run: CommandLine) -> None:
    with RunningServer(Refusing(engine, frozenset({"QueryVectors"})), access_keys={KEY: SECRET}) as server:
        ran = run("connect", uri(server.url), "--role", "curator", "--json")
        shown = run("connect", uri(server.url))
    assert (ran.code, shown.code) == (1, 1)
    assert ran.json["sufficient"] is False
    assert {check["name"]: check["state"] for check in ran.json["checks"]}["QueryVectors"] == "denied"
    resources = [statement["Resource"] for statement in ran.json["policy"]["Statement"]]
    assert f"arn:aws:s3vectors:us-east-1:123456789012:bucket/{BUCKET}/index/*" in resources
    assert "QueryVectors is denied" in shown.out
    assert "do   Allow s3vectors:QueryVectors." in shown.out
    assert "is not enough for the role read-only" in shown.out
    assert SECRET not in ran.out + ran.err + shown.out + shown.err


def test_the_policy_has_the_journal(engine: EmbeddedClient, run: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    with RunningServer(engine, access_keys={KEY: SECRET}) as server:
        named = run("connect", uri(server.url), "--role", "curator", "--journal", "s3://audit/team", "--json")
        monkeypatch.setenv("MNEMOSCOPE_JOURNAL", "s3://of-the-environment")
        known = run("connect", uri(server.url), "--role", "curator", "--json")
        wrong = run("connect", uri(server.url), "--journal", "audit/team")
    for ran, arn in ((named, "arn:aws:s3:::audit/team/*"), (known, "arn:aws:s3:::of-the-environment/*")):
        assert arn in [statement["Resource"] for statement in ran.json["policy"]["Statement"]]
    assert (wrong.code, "s3://BUCKET/PREFIX" in wrong.err) == (2, True)


@pytest.mark.parametrize("columns", [80, 100, 40])
def test_people_read_it_in_their_columns(
    engine: EmbeddedClient, run: CommandLine, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    with RunningServer(Refusing(engine, frozenset({"QueryVectors"})), access_keys={KEY: SECRET}) as server:
        out = run("connect", uri(server.url), "--role", "curator").out
    words, policy = out.split("The smallest policy")
    assert "ListVectorBuckets" in words
    assert max(map(len, words.splitlines())) <= max(columns, 50)  # names and states take 30
    assert json.loads(policy.partition("\n")[2])["Version"] == "2012-10-17"


def test_the_command_ends_with_0_when_all_is_well(engine: EmbeddedClient, run: CommandLine) -> None:
    with RunningServer(engine, access_keys={KEY: SECRET}) as server:
        ran = run("connect", uri(server.url), "--role", "agent", "--index", INDEX, "--write-test")
    assert ran.code == 0
    assert "is enough for the role agent" in ran.out
    assert run("connect", "./a-directory").code == 2
    assert run("connect", "s3vectors://memories?region=us-east-1", "--embedder", "nothing").code == 2


@pytest.mark.parametrize(
    "actor",
    [Actor("vera", Role.REVIEWER), Actor("otto", Role.ADMIN, frozenset({"acme"}))],
    ids=["reviewer", "admin of one tenant"],
)
def test_only_an_admin_of_all_tries_the_credentials(actor: Actor) -> None:
    with pytest.raises(NotAllowedError):
        list(probe("s3vectors://memories?region=us-east-1", actor=actor))


def test_another_server_at_the_address_is_not_taken_for_the_service() -> None:
    class Elsewhere(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as web:
        thread = threading.Thread(target=web.serve_forever, daemon=True)
        thread.start()
        try:
            checks = {check.name: check for check in probe(uri(f"http://127.0.0.1:{web.server_port}"), actor=LOCAL_ADMIN)}
        finally:
            web.shutdown()
            thread.join()
    assert checks["endpoint"].state is State.FAILED
    assert "identity" not in checks
    assert checks["GetIndex"].state is State.SKIPPED
