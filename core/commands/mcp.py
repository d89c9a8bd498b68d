"""`mcp`: the memory of one agent as tools of the Model Context Protocol."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING, Any, Final

from core.access import Role
from core.commands.console import Console
from core.commands.options import actor, add_store_options, open_catalog_of
from core.commands.serve import port
from core.errors import ConfigError

if TYPE_CHECKING:
    from core.mcp.settings import Settings

EXAMPLE: Final = """\
  python -m core mcp --store ./memories --agent planner --team reports --index team --create
  python -m core mcp --store ./memories --agent desk --tenant acme --shared team --role viewer
  python -m core mcp --store ./memories --agent planner --index team --http --port 8334

It speaks the protocol on stdin and stdout, so a client starts it (docs/mcp.md has the configuration). Whose memory it is and
what it may do is said here or in the environment, and no tool can change it. A viewer gets only the tools that read. With
--http it serves clients of this machine at /mcp; set a token for them in $MNEMOSCOPE_MCP_TOKEN.

It needs the MCP SDK: python -m pip install -c requirements.txt -c requirements-dev.txt mcp"""
_VARIABLES: Final = {
    "agent": ("MNEMOSCOPE_AGENT", "name under which it writes and recalls"),
    "team": ("MNEMOSCOPE_TEAM", "team of the agent"),
    "tenant": ("MNEMOSCOPE_TENANT", "tenant whose memory it is, and the only one that it can reach"),
    "index": ("MNEMOSCOPE_INDEX", "index of the agent; not needed for a tenant, whose index is user-memory-TENANT"),
    "shared": ("MNEMOSCOPE_SHARED_INDEX", "index that it shares with all, which it may read and write too"),
    "session": ("MNEMOSCOPE_SESSION", "name of the session; two servers with one name hold each other's claims"),
}
_ROLE_VARIABLE: Final = "MNEMOSCOPE_ROLE"
_TOKEN_VARIABLE: Final = "MNEMOSCOPE_MCP_TOKEN"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    for name, (variable, what) in _VARIABLES.items():
        parser.add_argument(f"--{name}", metavar="NAME", help=f"{what} (default: ${variable})")
    parser.add_argument(
        "--role",
        choices=[*map(str, Role)],
        help=f"what it may do, never more than $MNEMOSCOPE_ACTOR (default: ${_ROLE_VARIABLE}, else reviewer)",
    )
    parser.add_argument("--create", action="store_true", help="make the indexes that are not there")
    parser.add_argument("--judge", metavar="NAME", help="judge of contradictions (default: $MNEMOSCOPE_JUDGE)")
    group = parser.add_argument_group("HTTP")
    group.add_argument("--http", action="store_true", help="serve over streamable HTTP instead of stdin and stdout")
    group.add_argument("--host", default="127.0.0.1", help="address to listen at (default: 127.0.0.1, this machine only)")
    group.add_argument("--port", type=port, default=8334, metavar="N", help="port, 0 for a free one (default: 8334)")
    group.add_argument("--allow-remote", action="store_true", help="listen where other machines can reach it; needs a token")
    add_store_options(parser)


def run(args: argparse.Namespace, console: Console) -> int:
    """Serve until the client goes, or over HTTP until a signal comes."""
    from core.mcp.server import require_sdk, serve_stdio
    from core.mcp.settings import open_agent
    from core.models.judges.choice import judge_of
    from core.operate.cache import open_cache

    require_sdk()
    token = os.environ.get(_TOKEN_VARIABLE) or None
    if args.http:
        from core.mcp.http import require_safe, serve_http

        require_safe(args.host, token=token, remote=args.allow_remote)
    with open_catalog_of(args, log_recalls=True) as catalog:
        agent = open_agent(_settings(args), catalog, actor=actor(), judge=judge_of(args.judge), cache=open_cache())
        if not args.http:
            serve_stdio(agent)
            return 0
        if token is None:
            console.complain(f"Warning: every program of this machine may ask: set a token in ${_TOKEN_VARIABLE}.")
        serve_http(
            agent,
            host=args.host,
            port=args.port,
            token=token,
            remote=args.allow_remote,
            started=lambda url: console.result(
                {"url": url, "agent": agent.agent, "index": agent.places.own.info.name},
                [f"Serving the memory of {agent.agent} at {url} until Ctrl-C."],
            ),
        )
    return 0


def _settings(args: argparse.Namespace) -> Settings:
    from core.mcp.settings import Settings

    given: dict[str, Any] = {
        name: getattr(args, name) or os.environ.get(variable) or None for name, (variable, _) in _VARIABLES.items()
    }
    if given["agent"] is None:
        raise ConfigError("Name the agent with --agent or $MNEMOSCOPE_AGENT, as in --agent planner.")
    role = args.role or os.environ.get(_ROLE_VARIABLE) or None
    if role is not None and role not in [*Role]:
        raise ConfigError(f"${_ROLE_VARIABLE} is {role!r}: choose viewer, reviewer or admin.")
    return Settings(**given, role=None if role is None else Role(role), create=args.create)
