// What the protected servers have in common: an MCP server with sessions, behind a check of tokens.

import { randomUUID } from "node:crypto";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { z } from "zod";

/** A handler for `/mcp` whose tools know who calls; it says when sessions open and end. */
export function mcp(name) {
  const sessions = new Map();
  return async (request, response, auth) => {
    request.auth = auth;
    const known = sessions.get(request.headers["mcp-session-id"]);
    if (known) return known.handleRequest(request, response);
    if (request.headers["mcp-session-id"]) {
      response.writeHead(404, { "content-type": "application/json" });
      return response.end('{"jsonrpc":"2.0","id":null,"error":{"code":-32001,"message":"Session not found"}}');
    }
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => {
        sessions.set(id, transport);
        console.log("session opened");
      },
      onsessionclosed: (id) => {
        sessions.delete(id);
        console.log("session ended");
      },
    });
    await tools(new McpServer({ name, version: "1.0.0" })).connect(transport);
    return transport.handleRequest(request, response);
  };
}

function tools(server) {
  const said = (text) => ({ content: [{ type: "text", text }] });
  server.registerTool("add", { inputSchema: { a: z.number(), b: z.number() } }, ({ a, b }) => said(String(a + b)));
  server.registerTool("whoami", { inputSchema: {} }, (_, { authInfo }) => said(JSON.stringify(authInfo)));
  return server;
}

/** 401 with where to learn more. */
export function turnAway(response, metadata, scope) {
  console.log("turned away");
  response.writeHead(401, {
    "www-authenticate": `Bearer resource_metadata="${metadata}"${scope ? `, scope="${scope}"` : ""}`,
    "content-type": "application/json",
  });
  response.end('{"error":"invalid_token"}');
}

export function bearer(request) {
  return request.headers.authorization?.match(/^Bearer (\S+)$/i)?.[1];
}
