// A server on the TypeScript SDK 2 of one era or of both: `node typescript_sdk_2.mjs modern|legacy|dual PORT`.
// What it has is the same in every era, and the tour of pairs.test.mjs goes through it.

import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { NodeStreamableHTTPServerTransport, toNodeHandler, toWebRequest } from "@modelcontextprotocol/node";
import {
  createMcpHandler,
  fromJsonSchema,
  inputRequired,
  isInitializeRequest,
  isLegacyRequest,
  McpServer,
} from "@modelcontextprotocol/server";

const [era, port] = process.argv.slice(2);
const NAME = { type: "object", properties: { name: { type: "string" } }, required: ["name"] };
const SUM = { type: "object", properties: { a: { type: "number" }, b: { type: "number" } }, required: ["a", "b"] };
const NOTHING = fromJsonSchema({ type: "object", properties: {} });
const text = (words) => ({ content: [{ type: "text", text: words }] });

let extra = false;

/** One request of the modern era, or one session of the legacy one. */
function build({ era }) {
  const server = new McpServer(
    { name: "typescript-sdk-2", version: "1.0.0" },
    { capabilities: { tools: { listChanged: true } } },
  );
  server.registerTool("add", { description: "Adds", inputSchema: fromJsonSchema(SUM) }, ({ a, b }) => text(String(a + b)));
  server.registerTool("count", { description: "Counts to three", inputSchema: NOTHING }, async (_, { mcpReq }) => {
    const { progressToken } = mcpReq._meta ?? {};
    for (const progress of [1, 2, 3]) {
      await mcpReq.notify({ method: "notifications/progress", params: { progressToken, progress, total: 3 } });
    }
    return text("counted");
  });
  server.registerTool("ask", { description: "Asks for a name", inputSchema: NOTHING }, async (_, { mcpReq }) => {
    const question = { message: "Who are you?", requestedSchema: NAME };
    const answer =
      era === "legacy" ? await mcpReq.elicitInput({ mode: "form", ...question }) : mcpReq.inputResponses?.who;
    if (!answer) return inputRequired({ inputRequests: { who: inputRequired.elicit(question) } });
    return text(answer.action === "accept" ? `hello ${answer.content.name}` : answer.action);
  });
  server.registerTool("wait", { description: "Waits to be cancelled", inputSchema: NOTHING }, async (_, { mcpReq }) => {
    console.log("waiting");
    await new Promise((resolve) => mcpReq.signal.addEventListener("abort", resolve));
    console.log("cancelled");
    return text("cancelled");
  });
  server.registerTool("grow", { description: "Makes a tool more", inputSchema: NOTHING }, () => {
    extra = true;
    if (era === "modern") modern.notify.toolsChanged();
    else grown.enable();
    return text("grown");
  });
  const grown = server.registerTool("extra", { description: "Comes later", inputSchema: NOTHING }, () => text("extra"));
  if (!extra) grown.disable();
  server.registerPrompt("greet", { description: "A greeting" }, () => ({
    messages: [{ role: "user", content: { type: "text", text: "Say hello" } }],
  }));
  server.registerResource("notes", "notes://one", { mimeType: "text/plain" }, ({ href }) => ({
    contents: [{ uri: href, mimeType: "text/plain", text: "a note" }],
  }));
  return server;
}

const modern = createMcpHandler(build, { legacy: "reject" });
const ofModern = toNodeHandler(modern);
const sessions = new Map();

/** Questions in the middle of a call need a session, which `createMcpHandler` does not keep. */
async function ofLegacy(request, response, body) {
  const id = request.headers["mcp-session-id"];
  if (id === undefined && isInitializeRequest(body)) {
    const transport = new NodeStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => sessions.set(id, transport),
    });
    transport.onclose = () => sessions.delete(transport.sessionId);
    await build({ era: "legacy" }).connect(transport);
    return transport.handleRequest(request, response, body);
  }
  const transport = sessions.get(id);
  if (transport) return transport.handleRequest(request, response, body);
  response.writeHead(id ? 404 : 400, { "content-type": "application/json" });
  response.end(JSON.stringify({ jsonrpc: "2.0", id: null, error: { code: -32000, message: "no session" } }));
}

async function serve(request, response) {
  const asked = await toWebRequest(request);
  const isLegacy = era === "legacy" || (era === "dual" && (await isLegacyRequest(asked)));
  const body = request.method === "POST" ? await asked.json().catch(() => undefined) : undefined;
  console.log(`served in the ${isLegacy ? "legacy" : "modern"} era`);
  await (isLegacy ? ofLegacy : ofModern)(request, response, body);
}

createServer((request, response) => {
  serve(request, response).catch((error) => {
    console.error(error);
    if (!response.headersSent) response.writeHead(500).end();
  });
}).listen(Number(port), "127.0.0.1");
