"""Sessions of the SDK's own client, called from tests that know nothing of event loops."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from anyio.from_thread import start_blocking_portal

from core.access import LOCAL_ADMIN, Actor
from core.catalog import Catalog
from core.mcp.server import INSTALL, server_of
from core.mcp.settings import Settings, open_agent

sdk = pytest.importorskip("mcp", reason=f"the MCP SDK is not installed: {INSTALL}")

__all__ = ["Session", "agent_session", "sdk", "session"]


class Session:
    """A client that is connected."""

    def __init__(self, portal: Any, client: Any) -> None:
        self._portal, self.client = portal, client

    def tools(self) -> dict[str, Any]:
        return {tool.name: tool for tool in self._portal.call(self.client.list_tools).tools}

    def call(self, tool: str, **given: Any) -> Any:
        """Return the result as it came, errors too."""
        return self._portal.call(self.client.call_tool, tool, given)

    def answer(self, tool: str, **given: Any) -> dict[str, Any]:
        """Return the structured content of a call that goes well."""
        result = self.call(tool, **given)
        assert not result.is_error, result.content
        return result.structured_content

    def refusal(self, tool: str, **given: Any) -> str:
        """Return what the tool says against a call."""
        result = self.call(tool, **given)
        assert (result.is_error, result.structured_content) == (True, None)
        return result.content[0].text


@contextmanager
def session(server: Any, **options: Any) -> Iterator[Session]:
    """Yield a session with a server: one of this process, a command to start, or an address."""
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(sdk.Client(server, **options)) as client:
        yield Session(portal, client)


@contextmanager
def agent_session(
    catalog: Catalog, *, actor: Actor = LOCAL_ADMIN, judge: Any = None, guard: Any = None, **settings: Any
) -> Iterator[Session]:
    """Yield a session with a server of this process."""
    given: dict[str, Any] = {"agent": "planner", "team": "alpha", "create": actor is LOCAL_ADMIN}
    agent = open_agent(Settings(**(given | settings)), catalog, actor=actor, judge=judge, guard=guard)
    with session(server_of(agent)) as found:
        yield found
