"""A server on FastMCP 2: `python fastmcp_server.py PORT`. Default settings: it keeps no events."""

import asyncio
import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass

from fastmcp import Context, FastMCP


@dataclass
class Address:
    street: str
    number: int


class State:
    """What the tools remember between calls."""

    started: set[str] = set()
    cancelled: set[str] = set()


# The tests count the sessions that the server says it opens.
logging.basicConfig(level=logging.INFO)

server = FastMCP("fastmcp")


@server.tool
def add(a: int, b: int) -> int:
    return a + b


@server.tool
def fail(reason: str) -> str:
    raise ValueError(reason)


@server.tool
async def count(to: int, ctx: Context) -> str:
    for step in range(1, to + 1):
        await ctx.report_progress(step, to, f"step {step}")
    return f"counted to {to}"


@server.tool
async def log(message: str, ctx: Context) -> str:
    await ctx.warning(message, logger_name="diary")
    return "logged"


@server.tool
async def sample(question: str, ctx: Context) -> str:
    """Asks on the stream of this call."""
    answer = await ctx.sample(question, max_tokens=50)
    return f"the model says: {answer.text}"


@server.tool
async def elicit(question: str, ctx: Context) -> str:
    answer = await ctx.elicit(question, Address)
    if answer.action != "accept":
        return f"no address: {answer.action}"
    return f"{answer.data.street} {answer.data.number}"


@server.tool
async def roots(ctx: Context) -> str:
    """Asks on the stream that belongs to no call."""
    return " ".join(str(root.uri) for root in await ctx.list_roots())


@server.tool
async def slow(label: str) -> str:
    State.started.add(label)
    try:
        await asyncio.sleep(300)
    except asyncio.CancelledError:
        State.cancelled.add(label)
        raise
    return "never cancelled"


@server.tool
async def has_started(label: str) -> str:
    return await wait_until(lambda: label in State.started)


@server.tool
async def was_cancelled(label: str) -> str:
    return await wait_until(lambda: label in State.cancelled)


async def wait_until(happened: Callable[[], bool]) -> str:
    try:
        async with asyncio.timeout(5):
            while not happened():
                await asyncio.sleep(0.01)
    except TimeoutError:
        return "no"
    return "yes"


@server.tool
def grow() -> str:
    """Adds a tool; FastMCP says by itself that the list changed."""
    server.tool(lambda: "new", name="grown", description="was not there at first")
    return "grown"


@server.prompt
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


server.run(transport="http", host="127.0.0.1", port=int(sys.argv[1]), show_banner=False)
