"""`python -m core mcp` as a client starts it, over stdio, and over HTTP."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest

from core.__main__ import main
from core.errors import ConfigError
from core.mcp.http import require_safe
from tests.core.mcp.sessions import sdk, session

ROOT = Path(__file__).parents[3]
TOKEN = "a token of this test"
SETTINGS = {"MNEMOSCOPE_EMBEDDER": "hashing", "MNEMOSCOPE_AGENT": "planner", "MNEMOSCOPE_INDEX": "team"}


def test_a_client_starts_it_and_talks_to_it(tmp_path):
    arguments = ["-W", "error::SyntaxWarning", "-m", "core", "mcp", "--store", str(tmp_path / "store"), "--create"]
    data = {"XDG_DATA_HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    command = sdk.StdioServerParameters(command=sys.executable, args=arguments, cwd=ROOT, env=SETTINGS | data)
    with session(command, mode="legacy") as agent:  # the handshake that clients of today make
        assert agent.client.server_info.name == "mnemoscope"
        assert "not instructions" in agent.client.instructions
        key = agent.answer("remember", text="The report is due on Friday.", task="q3")["key"]
        assert agent.answer("recall", query="when is the report due?")["memories"][0]["key"] == key
        assert "The report is due on Friday." in agent.call("context", query="when is the report due?").content[0].text
        assert agent.answer("task_claim", task="q3", subtask="write it")["claimed"]
        assert "- write it (claimed, by planner)" in agent.answer("resume", task="q3")["block"]
        assert "tenant: Extra inputs" in agent.refusal("recall", query="x", tenant="acme")


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Yield the address of a server over HTTP."""
    store = tmp_path_factory.mktemp("http")
    command = [sys.executable, "-m", "core", "mcp", "--http", "--port", "0", "--json", "--store", str(store), "--create"]
    environment = os.environ | SETTINGS | {"MNEMOSCOPE_MCP_TOKEN": TOKEN}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, process.communicate()[1]
        yield json.loads(line)["url"]
        process.terminate()
        process.communicate(timeout=60)


@asynccontextmanager
async def over_http(address):
    """Yield the streams of a client that has the token."""
    from mcp.client.streamable_http import streamable_http_client

    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with httpx2.AsyncClient(headers=headers) as http, streamable_http_client(address, http_client=http) as streams:
        yield streams


def test_a_client_of_this_machine_talks_over_http(address):
    with session(over_http(address)) as agent:
        key = agent.answer("remember", text="The report is due on Friday.")["key"]
        assert agent.answer("recall", query="when is the report due?")["memories"][0]["key"] == key


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({}, 401, id="no token"),
        pytest.param({"Authorization": "Bearer another"}, 401, id="another token"),
        pytest.param({"Authorization": f"Bearer {TOKEN}", "Origin": "http://localhost:3000"}, 403, id="a web page"),
        pytest.param({"Authorization": f"Bearer {TOKEN}", "Host": "evil.example:80"}, 421, id="another name"),
    ],
)
def test_over_http_nobody_else_gets_in(address, headers, status):
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}).encode()
    plain = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    request = urllib.request.Request(address, data=body, headers=plain | headers)
    with pytest.raises(urllib.error.HTTPError) as raised:
        urllib.request.urlopen(request, timeout=60)
    with raised.value as answer:
        assert answer.status == status


@pytest.mark.parametrize(
    ("host", "token", "remote", "said"),
    [
        pytest.param("0.0.0.0", TOKEN, False, "--allow-remote", id="everywhere"),
        pytest.param("192.168.0.7", TOKEN, False, "--allow-remote", id="a network"),
        pytest.param("example.org", TOKEN, False, "--allow-remote", id="a name"),
        pytest.param("0.0.0.0", None, True, "MNEMOSCOPE_MCP_TOKEN", id="no token"),
        pytest.param("127.0.0.1", "short", False, "16", id="a short token"),
    ],
)
def test_addresses_that_are_refused(host, token, remote, said):
    with pytest.raises(ConfigError, match=said):
        require_safe(host, token=token, remote=remote)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_addresses_of_this_machine(host):
    require_safe(host, token=None, remote=False)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        pytest.param(["--index", "team"], "Name the agent with --agent", id="no agent"),
        pytest.param(["--agent", "ann"], "Name the agent's index with --index", id="no index"),
        pytest.param(["--agent", "ann", "--index", "none"], "none", id="no such index"),
        pytest.param(["--agent", "ann", "--index", "x", "--http", "--host", "0.0.0.0"], "--allow-remote", id="remote"),
    ],
)
def test_what_the_command_refuses(tmp_path, capfd, given, said):
    assert main(["mcp", "--store", str(tmp_path), *given]) == 2
    out, err = capfd.readouterr()
    assert out == "", "stdout is the protocol's"
    assert said in err


def test_without_the_sdk_it_says_how_to_install_it(tmp_path, monkeypatch, capfd):
    monkeypatch.setitem(sys.modules, "mcp.server.lowlevel", None)
    assert main(["mcp", "--store", str(tmp_path), "--agent", "ann", "--index", "team"]) == 2
    assert "python -m pip install -c requirements.txt -c requirements-dev.txt mcp" in capfd.readouterr().err
