// What the protected servers have in common: an MCP server with sessions, behind a check of tokens.

import { createHash, createPublicKey, randomUUID, verify } from "node:crypto";
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

/** 401 with where to learn more, for who has no token of this scheme. `more` are further headers. */
export function turnAway(response, metadata, scope, scheme = "Bearer", more = {}) {
  console.log("turned away");
  response.writeHead(401, {
    "www-authenticate": `${scheme} resource_metadata="${metadata}"${scope ? `, scope="${scope}"` : ""}`,
    "content-type": "application/json",
    ...more,
  });
  response.end('{"error":"invalid_token"}');
}

export function bearer(request) {
  return request.headers.authorization?.match(/^Bearer (\S+)$/i)?.[1];
}

/** Proofs that were taken, each once. */
const taken = new Set();

/**
 * The token of a request with a proof of the key that it is bound to (RFC 9449, section 4.3), and the thumbprint of that
 * key; or the error that the request is to be answered with. A nonce is good for two to four seconds.
 */
export function proven(request, origin) {
  const [, token] = request.headers.authorization?.match(/^DPoP (\S+)$/i) ?? [];
  if (!token) return {};
  const [head, claims, signature] = (request.headers.dpop ?? "").split(".");
  const read = (part) => JSON.parse(Buffer.from(part ?? "", "base64url"));
  const wrong = (why) => (console.log(`proof refused: ${why}`), { error: "invalid_dpop_proof" });
  try {
    const [{ typ, alg, jwk }, said] = [read(head), read(claims)];
    if (typ !== "dpop+jwt" || alg !== "ES256" || jwk.d) return wrong("typ, alg or jwk");
    const key = { key: createPublicKey({ key: jwk, format: "jwk" }), dsaEncoding: "ieee-p1363" };
    if (!verify("sha256", Buffer.from(`${head}.${claims}`), key, Buffer.from(signature, "base64url"))) return wrong("signature");
    if (said.htm !== request.method || said.htu !== origin + new URL(request.url, origin).pathname) return wrong("htm or htu");
    if (said.ath !== hash(token) || Math.abs(said.iat - Date.now() / 1000) > 30) return wrong("ath or iat");
    if (!said.jti || taken.has(said.jti)) return wrong("jti");
    taken.add(said.jti);
    if (![nonce(), nonce(1)].includes(said.nonce)) return { error: "use_dpop_nonce", nonce: nonce() };
    const { crv, kty, x, y } = jwk;
    return { token, thumbprint: hash(JSON.stringify({ crv, kty, x, y })) };
  } catch (error) {
    return wrong(error.message);
  }
}

const hash = (text) => createHash("sha256").update(text).digest("base64url");
const nonce = (ago = 0) => hash(`only a test ${Math.floor(Date.now() / 2_000) - ago}`);
