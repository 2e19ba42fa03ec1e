"""An editor on the Python SDK: `python python_client.py COMMAND…` with a plan as JSON on stdin.

The plan names the tools of the server for each thing to try; what came of it goes to
stdout as JSON. The command is the bridge, started by the SDK's own stdio client.
"""

import json
import os
import sys

import anyio
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.types import (
    CreateMessageResult,
    ElicitResult,
    ListRootsResult,
    Root,
    TextContent,
)


async def main() -> dict:
    command, *args = sys.argv[1:]
    plan = json.load(sys.stdin)
    heard = {"progress": [], "notifications": [], "faults": []}

    async def sampled(_context, params):
        text = f"answer to {params.messages[0].content.text}"
        return CreateMessageResult(role="assistant", model="parrot", content=TextContent(type="text", text=text))

    async def asked(_context, _params):
        return ElicitResult(action="accept", content=plan["answer"])

    async def rooted(_context):
        return ListRootsResult(roots=[Root(uri="file:///home/grace", name="home")])

    async def message(incoming):
        if isinstance(incoming, Exception):
            heard["faults"].append(repr(incoming))
        elif hasattr(incoming, "root") and hasattr(incoming.root, "method"):
            heard["notifications"].append(incoming.root.method)

    async def progressed(progress, total, _message):
        heard["progress"].append([progress, total])

    server = StdioServerParameters(command=command, args=args, env={"HOME": os.environ["HOME"]})
    async with (
        stdio_client(server) as (read, write),
        ClientSession(
            read,
            write,
            sampling_callback=sampled,
            elicitation_callback=asked,
            list_roots_callback=rooted,
            message_handler=message,
        ) as session,
    ):

        async def call(step: str, **options) -> str:
            name, arguments = plan[step]
            result = await session.call_tool(name, arguments, **options)
            return result.content[0].text

        greeting = await session.initialize()
        prompt, arguments = plan["prompt"]
        return heard | {
            "version": greeting.protocolVersion,
            "tools": [tool.name for tool in (await session.list_tools()).tools],
            "plain": await call("plain"),
            "counted": await call("progress", progress_callback=progressed),
            "logged": await call("log"),
            "sampled": await call("sampling"),
            "elicited": await call("elicitation"),
            "rooted": await call("roots"),
            "prompt": (await session.get_prompt(prompt, arguments)).messages[0].content.text,
            "resource": (await session.read_resource(plan["resource"])).contents[0].text,
            "pinged": (await session.send_ping()).model_dump(exclude_none=True),
        }


print(json.dumps(anyio.run(main)))
