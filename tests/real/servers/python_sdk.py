"""A server on the official Python SDK: `python python_sdk.py PORT`.

It keeps its events, so that streams can be cut and resumed, and every tool does
one thing that a bridge could lose.
"""

import sys
from collections.abc import Callable

import anyio
from mcp.server.fastmcp import Context, FastMCP
from mcp.server.streamable_http import EventMessage, EventStore
from mcp.types import (
    Completion,
    LoggingLevel,
    SamplingMessage,
    TextContent,
)
from pydantic import AnyUrl, BaseModel


class Events(EventStore):
    """Every event of every stream, for as long as the process lives."""

    def __init__(self) -> None:
        self.log: list[tuple[str, object]] = []

    async def store_event(self, stream_id, message):
        self.log.append((stream_id, message))
        return str(len(self.log))

    async def replay_events_after(self, last_event_id, send_callback):
        seen = int(last_event_id)
        stream_id = self.log[seen - 1][0]
        for number, (stream, message) in enumerate(self.log[seen:], start=seen + 1):
            if stream == stream_id and message is not None:
                await send_callback(EventMessage(message, str(number)))
        return stream_id


class Address(BaseModel):
    street: str
    number: int


class State:
    """What the tools remember between calls."""

    level: str = "unset"
    subscribed: set[str] = set()
    started: set[str] = set()
    cancelled: set[str] = set()


server = FastMCP(
    "python-sdk",
    host="127.0.0.1",
    port=int(sys.argv[1]),
    event_store=Events(),
    retry_interval=100,
)


@server.tool()
def add(a: int, b: int) -> int:
    return a + b


@server.tool()
def fail(reason: str) -> str:
    raise ValueError(reason)


@server.tool()
async def count(to: int, ctx: Context) -> str:
    for step in range(1, to + 1):
        await ctx.report_progress(step, to, f"step {step}")
    return f"counted to {to}"


@server.tool()
async def log(message: str, ctx: Context) -> str:
    await ctx.warning(message, logger_name="diary")
    return "logged"


@server.tool()
def log_level() -> str:
    return State.level


@server.tool()
async def sample(question: str, ctx: Context) -> str:
    """Asks on the stream of this call."""
    return await ask_model(ctx, question, ctx.request_context.request_id)


@server.tool()
async def sample_on_standing_stream(question: str, ctx: Context) -> str:
    """Asks on the stream that belongs to no call."""
    return await ask_model(ctx, question, None)


async def ask_model(ctx: Context, question: str, related_request_id) -> str:
    answer = await ctx.session.create_message(
        [SamplingMessage(role="user", content=TextContent(type="text", text=question))],
        max_tokens=50,
        related_request_id=related_request_id,
    )
    return f"{answer.model} says: {answer.content.text}"


@server.tool()
async def elicit(question: str, ctx: Context) -> str:
    answer = await ctx.elicit(question, Address)
    if answer.action != "accept":
        return f"no address: {answer.action}"
    return f"{answer.data.street} {answer.data.number}"


@server.tool()
async def roots(ctx: Context) -> str:
    return " ".join(str(root.uri) for root in (await ctx.session.list_roots()).roots)


@server.tool()
async def slow(label: str, ctx: Context) -> str:
    State.started.add(label)
    try:
        await anyio.sleep(300)
    except anyio.get_cancelled_exc_class():
        State.cancelled.add(label)
        raise
    return "never cancelled"


@server.tool()
async def has_started(label: str) -> str:
    return await wait_until(lambda: label in State.started)


@server.tool()
async def was_cancelled(label: str) -> str:
    return await wait_until(lambda: label in State.cancelled)


async def wait_until(happened: Callable[[], bool]) -> str:
    with anyio.move_on_after(5):
        while not happened():
            await anyio.sleep(0.01)
    return "yes" if happened() else "no"


@server.tool()
async def grow(ctx: Context) -> str:
    """Adds a tool and says that the list changed."""
    server.add_tool(lambda: "new", name="grown", description="was not there at first")
    await ctx.session.send_tool_list_changed()
    return "grown"


@server.tool()
async def touch(uri: str, ctx: Context) -> str:
    if uri not in State.subscribed:
        return "nobody is subscribed"
    await ctx.session.send_resource_updated(AnyUrl(uri))
    return "touched"


@server.tool()
async def hang_up_and_answer(ctx: Context) -> str:
    """Closes the stream of its own call first; the answer is there when the client comes back."""
    await ctx.report_progress(1, 2, "before the cut")
    await ctx.close_sse_stream()
    await ctx.report_progress(2, 2, "after the cut")
    return "answered after the cut"


@server.tool()
async def hang_up_standing_stream(ctx: Context) -> str:
    await ctx.close_standalone_sse_stream()
    return "closed"


@server.prompt()
def greet(name: str) -> str:
    return f"Say hello to {name}."


@server.resource("note://today", mime_type="text/plain")
def note() -> str:
    return "buy milk"


@server.resource("picture://dot", mime_type="image/gif")
def picture() -> bytes:
    return b"GIF89a\x00\xff"


@server.resource("greeting://{name}", mime_type="text/plain")
def greeting(name: str) -> str:
    return f"hello {name}"


@server.completion()
async def complete(ref, argument, context):
    names = ["Ada", "Alan", "Grace"]
    return Completion(values=[name for name in names if name.startswith(argument.value)])


# Only the layer below FastMCP has decorators for these three.
@server._mcp_server.set_logging_level()
async def set_level(level: LoggingLevel) -> None:
    State.level = level


@server._mcp_server.subscribe_resource()
async def subscribe(uri: AnyUrl) -> None:
    State.subscribed.add(str(uri))


@server._mcp_server.unsubscribe_resource()
async def unsubscribe(uri: AnyUrl) -> None:
    State.subscribed.discard(str(uri))


server.run(transport="streamable-http")
