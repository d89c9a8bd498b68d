"""The server: tools listed and called over the official SDK, which is imported here and nowhere else, and only when served.

The core's refusals are answers of the tool, in its words, so that a model can do better. Anything else that fails is an
internal error without a word of what it was; the log on stderr has it.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from core.agents import AgentMemory
from core.errors import MissingExtraError, MnemoscopeError
from core.mcp.arguments import parsed, schema_of
from core.mcp.shown import NOTICE, safe
from core.mcp.tools import Tool, tools_for

if TYPE_CHECKING:
    from mcp.server.lowlevel import Server
    from mcp_types import CallToolResult

__all__ = ["INSTALL", "require_sdk", "serve_stdio", "server_of"]

INSTALL: Final = "python -m pip install -c requirements.txt -c requirements-dev.txt mcp"
_THREADS: Final = 4
_INSTRUCTIONS: Final = (
    "The long-term memory of an agent. Recall before you answer from memory, remember what will be of use later, claim a "
    f"part of a task before you start it, and resume a task before you go on with it. {NOTICE}"
)


def require_sdk() -> None:
    """Raise MissingExtraError, with the line that installs it, unless the SDK is there in a version that we know."""
    try:
        import mcp_types  # noqa: F401
        from mcp.server.lowlevel import Server  # noqa: F401
    except ImportError:
        raise MissingExtraError(f"The MCP server needs the MCP SDK, version 2: {INSTALL}") from None


def server_of(agent: AgentMemory) -> Server[Any]:
    """Return the server of an agent's memory, for any transport of the SDK."""
    require_sdk()
    import anyio
    from mcp.server.lowlevel import Server
    from mcp.shared.exceptions import MCPError
    from mcp_types import INVALID_PARAMS, CallToolRequestParams, ListToolsResult

    tools = tools_for(agent)
    listed = ListToolsResult(tools=[_listed(tool) for tool in tools.values()])
    limiter: list[anyio.CapacityLimiter] = []  # made in the loop that it is for

    async def list_tools(_context: Any, _params: Any) -> ListToolsResult:
        return listed

    async def call_tool(_context: Any, params: CallToolRequestParams) -> CallToolResult:
        tool = tools.get(params.name)
        if tool is None:
            raise MCPError(INVALID_PARAMS, f"There is no tool of this name here: choose from {', '.join(tools)}.")
        if not limiter:
            limiter.append(anyio.CapacityLimiter(_THREADS))
        return await anyio.to_thread.run_sync(partial(_called, agent, tool, params.arguments), limiter=limiter[0])

    return Server(
        "mnemoscope",
        title="Mnemoscope",
        instructions=_INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


def serve_stdio(agent: AgentMemory) -> None:
    """Serve over stdin and stdout until the client closes them."""
    require_sdk()
    import anyio
    from mcp.server.stdio import stdio_server

    server = server_of(agent)

    async def served() -> None:
        async with stdio_server() as (reading, writing):
            await server.run(reading, writing, server.create_initialization_options())

    anyio.run(served)


def _called(agent: AgentMemory, tool: Tool, given: dict[str, Any] | None) -> CallToolResult:
    """Return what a tool answers, or what the core says against it."""
    from mcp_types import CallToolResult, TextContent

    try:
        answer = tool.run(agent, parsed(tool.takes, tool.name, given))
    except MnemoscopeError as error:
        return CallToolResult(content=[TextContent(text=safe(str(error)))], is_error=True)
    values = answer.model_dump(mode="json")
    return CallToolResult(content=[TextContent(text=tool.say(answer))], structured_content=values)


def _listed(tool: Tool) -> Any:
    from mcp_types import Tool as Listed
    from mcp_types import ToolAnnotations

    return Listed(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=schema_of(tool.takes),
        output_schema=schema_of(tool.gives),
        annotations=ToolAnnotations(
            title=tool.title,
            read_only_hint=tool.read_only,
            destructive_hint=False,
            idempotent_hint=tool.read_only or tool.idempotent,
            open_world_hint=False,
        ),
    )
