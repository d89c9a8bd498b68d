"""`python -m core serve` as a process: what it prints, who may come in, how it ends."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from core.vectors.embedded import EmbeddedClient
from tests.core.builders import BUCKET, keys_of, list_all, make_record
from tests.core.commandline import CommandLine
from tests.core.forked import ForkedCommand
from tests.core.server.clients import KEY_ID, SECRET, make_boto3
from tests.core.server.raw import ask

ROOT = Path(__file__).parents[3]
PATIENCE_S = 60.0


def started(argv: list[str], **options: Any) -> subprocess.Popen[str]:
    """Start `python -m core` as people do."""
    return subprocess.Popen([sys.executable, "-m", "core", *argv], **options)


@contextmanager
def serving(
    store: Path, *options: str, start: Callable[..., Any] = ForkedCommand, **variables: str
) -> Iterator[subprocess.Popen[str]]:
    """Yield a server; unless its start is what is tested, it is forked from a process that has imported everything."""
    process = start(
        ["serve", "--port", "0", "--store", str(store), *options],
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1", **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def announced(process: subprocess.Popen[str]) -> dict[str, str]:
    """Return the variables that a server prints at its start."""
    assert process.stdout
    found: dict[str, str] = {}
    while "AWS_DEFAULT_REGION" not in found:
        line = process.stdout.readline()
        assert line, process.stderr and process.stderr.read()
        found |= dict(re.findall(r"export (\w+)=(\S+)", line))
    return found


@pytest.mark.parametrize(
    ("start", "how", "code"),
    [(ForkedCommand, signal.SIGINT, 130), (started, signal.SIGTERM, 0)],
    ids=["ctrl-c", "sigterm"],
)
def test_a_made_up_key_works_until_the_end(
    tmp_path: Path, start: Callable[..., Any], how: signal.Signals, code: int
) -> None:
    with serving(tmp_path / "new" / "store", "--verbose", start=start) as process:
        variables = announced(process)
        made = make_boto3(
            variables["AWS_ENDPOINT_URL_S3VECTORS"],
            key_id=variables["AWS_ACCESS_KEY_ID"],
            secret=variables["AWS_SECRET_ACCESS_KEY"],
        )
        made.create_vector_bucket(vectorBucketName=BUCKET)
        made.close()
        process.send_signal(how)
        out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == code
    assert "Traceback" not in err
    assert "Stopped." in err
    assert re.search(r"CreateVectorBucket 200 .* ms", err)
    assert variables["AWS_SECRET_ACCESS_KEY"] not in out + err, "it was printed more than once"


def test_keys_of_a_file_and_of_the_line(tmp_path: Path) -> None:
    file = tmp_path / "keys.txt"
    file.write_text(f"# for agents\n\n{KEY_ID}:{SECRET}\n", encoding="utf-8")
    file.chmod(0o644)
    with serving(tmp_path / "store", "--access-key-file", str(file), "--access-key", "two:b:c", "--json") as process:
        assert process.stdout
        told = process.stdout.readline()
        value = json.loads(told)
        assert ask(value["url"], "ListVectorBuckets").status == 200
        assert ask(value["url"], "ListVectorBuckets", key_id="two", secret="b:c").status == 200
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, out) == (0, "")
    assert sorted(value["access_key_ids"]) == sorted([KEY_ID, "two"])
    assert "chmod 600" in err
    assert SECRET not in told + err
    assert "AWS_SECRET_ACCESS_KEY" not in value["environment"]


def test_keys_of_the_environment(tmp_path: Path) -> None:
    with serving(tmp_path, "--json", MNEMOSCOPE_ACCESS_KEYS=f"{KEY_ID}:{SECRET}  two:b:c") as process:
        assert process.stdout
        value = json.loads(process.stdout.readline())
        assert value["access_key_ids"] == [KEY_ID, "two"]
        assert ask(value["url"], "ListVectorBuckets").status == 200
        assert ask(value["url"], "ListVectorBuckets", key_id="two", secret="b:c").status == 200
        assert SECRET not in json.dumps(value)
    with serving(tmp_path, "--json", "--access-key", "one:a", MNEMOSCOPE_ACCESS_KEYS="no key") as process:
        assert process.stdout
        assert json.loads(process.stdout.readline())["access_key_ids"] == ["one"]


def test_keys_of_the_environment_that_are_none(run: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNEMOSCOPE_ACCESS_KEYS", f"a:b {SECRET}")
    ran = run("serve", "--port", "0")
    assert (ran.code, "$MNEMOSCOPE_ACCESS_KEYS, number 2" in ran.err, SECRET in ran.err) == (2, True, False)


def test_a_killed_server_keeps_what_it_acknowledged(tmp_path: Path) -> None:
    names = {"vectorBucketName": BUCKET, "indexName": "agents"}
    acknowledged: list[str] = []
    for number in range(2):
        with serving(tmp_path, "--json", "--access-key", f"{KEY_ID}:{SECRET}") as process:
            assert process.stdout
            url = json.loads(process.stdout.readline())["url"]
            if not number:
                assert ask(url, "CreateVectorBucket", {"vectorBucketName": BUCKET}).status == 200
                settings = names | {"dataType": "float32", "dimension": 2, "distanceMetric": "cosine"}
                assert ask(url, "CreateIndex", settings).status == 200
            killer = threading.Timer(0.5, process.kill)
            killer.start()
            with suppress(ConnectionError, http.client.HTTPException):
                while True:
                    key = f"{number}-{len(acknowledged)}"
                    assert ask(url, "PutVectors", names | {"vectors": [make_record(key)]}).status == 200
                    acknowledged.append(key)
            killer.join()
    client = EmbeddedClient(tmp_path)
    kept = set(keys_of(list_all(client, names)))
    client.close()
    assert set(acknowledged) <= kept
    assert len(kept) <= len(acknowledged) + 2  # of each server one that was written, but not acknowledged


def test_account_region_and_reading_only(tmp_path: Path) -> None:
    options = ("--insecure", "--account", "210987654321", "--region", "eu-west-1")
    with serving(tmp_path / "store", *options) as process:
        made = make_boto3(announced(process)["AWS_ENDPOINT_URL_S3VECTORS"])
        arn = made.create_vector_bucket(vectorBucketName=BUCKET)["vectorBucketArn"]
        assert arn == f"arn:aws:s3vectors:eu-west-1:210987654321:bucket/{BUCKET}"
        made.close()
    with serving(tmp_path / "store", "--insecure", "--read-only") as process:
        url = announced(process)["AWS_ENDPOINT_URL_S3VECTORS"]
        assert ask(url, "CreateVectorBucket", {"vectorBucketName": "never"}).status == 403
        assert [bucket["vectorBucketName"] for bucket in ask(url, "ListVectorBuckets").json["vectorBuckets"]] == [BUCKET]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        pytest.param(["--access-key", f"{KEY_ID}{SECRET}"], "--access-key number 1", id="no-colon"),
        pytest.param(["--access-key", f"a b:{SECRET}"], "ID:SECRET", id="space"),
        pytest.param(["--access-key", ""], "--access-key is empty", id="empty"),
        pytest.param(["--access-key", "a:1", "--access-key", "a:2"], "second secret", id="twice"),
        pytest.param(["--access-key", f"a:{SECRET}", "--insecure"], "choose one", id="both"),
        pytest.param(["--access-key-file", "missing.txt"], "No such file", id="no-file"),
        pytest.param(["--insecure", "--host", "0.0.0.0"], "Without signatures", id="insecure-for-all"),
        pytest.param(["--host", "203.0.113.9"], "no address of this machine", id="host"),
        pytest.param(["--store", "s3vectors://memories"], "serve a directory", id="a-service"),
        pytest.param(["--store", str(Path(__file__))], "is a file", id="a-file"),
        pytest.param(["--account", "12"], "12 digits", id="account"),
        pytest.param(["--region", "mars"], "us-east-1", id="region"),
        pytest.param(["--port=-1"], "is no port", id="negative-port"),
        pytest.param(["--port=65536"], "is no port", id="port-too-high"),
        pytest.param(["--port=http"], "is no port", id="port-by-name"),
        pytest.param(["--store", "missing", "--read-only"], "does not exist", id="nothing-to-read"),
    ],
)
def test_what_makes_no_sense_is_said(run: CommandLine, options: list[str], said: str) -> None:
    ran = run("serve", "--port", "0", *options)
    assert (ran.code, said in ran.err) == (2, True), ran.err
    assert SECRET not in ran.err + ran.out
    assert "Traceback" not in ran.err
