"""FastMCP's own authorization server before a FastMCP server: `python fastmcp_oauth.py PORT [SECONDS]`.

It asks nobody, and access tokens live for SECONDS (5). A refresh token works once.
"""

import logging
import sys

from fastmcp import FastMCP
from fastmcp.server.auth.auth import ClientRegistrationOptions, RevocationOptions
from fastmcp.server.auth.providers import in_memory
from mcp.server.auth.middleware.auth_context import get_access_token

port = int(sys.argv[1])
in_memory.DEFAULT_ACCESS_TOKEN_EXPIRY_SECONDS = int(sys.argv[2]) if len(sys.argv) > 2 else 5


class Provider(in_memory.InMemoryOAuthProvider):
    """Says what it grants."""

    async def register_client(self, client_info):
        await super().register_client(client_info)
        print(f"registered {client_info.client_id}")

    async def exchange_authorization_code(self, client, authorization_code):
        tokens = await super().exchange_authorization_code(client, authorization_code)
        print("granted authorization_code")
        return tokens

    async def load_refresh_token(self, client, refresh_token):
        found = await super().load_refresh_token(client, refresh_token)
        if found is None:
            print("refused refresh_token")
        return found

    async def exchange_refresh_token(self, client, refresh_token, scopes):
        tokens = await super().exchange_refresh_token(client, refresh_token, scopes)
        print("granted refresh_token")
        return tokens

    async def revoke_token(self, token):
        await super().revoke_token(token)
        print("grant revoked")


# The tests count the sessions that the server says it opens.
logging.basicConfig(level=logging.INFO)

server = FastMCP(
    "fastmcp-oauth",
    auth=Provider(
        base_url=f"http://127.0.0.1:{port}",
        client_registration_options=ClientRegistrationOptions(
            enabled=True, valid_scopes=["mcp:use"], default_scopes=["mcp:use"]
        ),
        revocation_options=RevocationOptions(enabled=True),
        required_scopes=["mcp:use"],
    ),
)


@server.tool
def add(a: int, b: int) -> int:
    return a + b


@server.tool
def whoami() -> str:
    return get_access_token().model_dump_json()


server.run(transport="http", host="127.0.0.1", port=port, show_banner=False)
