"""A server on the official Python SDK 2, of the modern era or of both: `python python_sdk_2.py modern|dual PORT`.

What it has is what the tour of pairs.test.mjs goes through.
"""

import json
import sys
from functools import partial
from typing import Annotated

import anyio
import uvicorn
from mcp.server.lowlevel.server import NotificationOptions
from mcp.server.mcpserver import Context, Elicit, ElicitationResult, MCPServer, Resolve
from pydantic import BaseModel

era, port = sys.argv[1], int(sys.argv[2])
server = MCPServer("python-sdk-2")
# A legacy session would otherwise not be promised that changes are told.
server._lowlevel_server.create_initialization_options = partial(
    server._lowlevel_server.create_initialization_options, NotificationOptions(tools_changed=True)
)


class Name(BaseModel):
    name: str


async def who() -> Elicit[Name]:
    return Elicit("Who are you?", Name)


@server.tool(structured_output=False)
def add(a: int, b: int) -> str:
    return str(a + b)


@server.tool(structured_output=False)
async def count(ctx: Context) -> str:
    for progress in (1, 2, 3):
        await ctx.report_progress(progress, 3)
    return "counted"


@server.tool(structured_output=False)
async def ask(answer: Annotated[ElicitationResult[Name], Resolve(who)]) -> str:
    return f"hello {answer.data.name}" if answer.action == "accept" else answer.action


@server.tool(structured_output=False)
async def wait() -> str:
    print("waiting", flush=True)
    try:
        await anyio.sleep_forever()
    finally:
        print("cancelled", flush=True)


@server.tool(structured_output=False)
async def grow(ctx: Context) -> str:
    server.add_tool(lambda: "extra", name="extra", structured_output=False)
    # The first is for listeners of the modern era, the second for the session of a legacy one.
    await ctx.notify_tools_changed()
    await ctx.session.send_tool_list_changed()
    return "grown"


@server.prompt()
def greet() -> str:
    return "Say hello"


@server.resource("notes://one", mime_type="text/plain")
def notes() -> str:
    return "a note"


sdk = server.streamable_http_app()


async def app(scope, receive, send):
    """The SDK serves both eras. Of one alone, what does not name its version is refused as the specification says to."""
    version = dict(scope.get("headers", ())).get(b"mcp-protocol-version", b"").decode()
    modern = version == "2026-07-28"
    if scope["type"] != "http" or modern or era == "dual":
        if scope["type"] == "http":
            print(f"served in the {'modern' if modern else 'legacy'} era", flush=True)
        return await sdk(scope, receive, send)
    error = {
        "code": -32022,
        "message": "Unsupported protocol version",
        "data": {"supported": ["2026-07-28"], "requested": version},
    }
    body = json.dumps({"jsonrpc": "2.0", "id": None, "error": error}).encode()
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 400, "headers": headers})
    await send({"type": "http.response.body", "body": body})


uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")
