// The four pairs of editor and server with the official SDKs on both sides: the client of the TypeScript
// SDK 2 in each of its modes goes on one tour through servers of either era and of both.

import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { BRIDGE, homely, neverOutlive, newHome } from "./lib/processes.mjs";
import { SERVERS, Server } from "./lib/servers.mjs";
import { eventually, within } from "./lib/wait.mjs";

/** Of one step of the tour. */
const PATIENCE = 20_000;
/** Of a server that is told of a cancelled call. */
const SOON = 5_000;

const MODES = { legacy: "legacy", auto: "auto", "pinned to 2026-07-28": { pin: "2026-07-28" } };

/** Each server with the eras that it serves. */
const KINDS = [
  [SERVERS.typescript2Modern, ["modern"]],
  [SERVERS.typescript2Dual, ["legacy", "modern"]],
  [SERVERS.typescript2Legacy, ["legacy"]],
  [SERVERS.python2Modern, ["modern"]],
  [SERVERS.python2Dual, ["legacy", "modern"]],
];

for (const [kind, eras] of KINDS) {
  describe(kind.name, () => {
    for (const [mode, negotiation] of Object.entries(MODES)) {
      const era = mode === "legacy" ? "legacy" : "modern";
      test(`a tour with a client in its mode ${mode}`, { timeout: 120_000 }, async () => {
        const server = await Server.start(kind);
        const editor = new Editor(server.url, negotiation);
        try {
          await editor.connect();
          assert.equal(editor.client.getProtocolEra(), era);
          await tour(editor, server);
          await editor.leave();
          const served = new Set([...server.output.matchAll(/served in the (\w+) era/g)].map(([, era]) => era));
          assert.deepEqual([...served], [eras.includes(era) ? era : eras[0]], "the editor's own era is the server's where the server has it");
        } catch (error) {
          throw new Error(`${error.message}\n${editor.stderr}\n${server.output.slice(-2_000)}`, { cause: error });
        } finally {
          editor.child?.kill("SIGKILL");
          await server.stop();
        }
      });
    }
  });
}

async function tour(editor, server) {
  const { client } = editor;
  const names = async () => (await client.listTools()).tools.map(({ name }) => name).sort();
  assert.deepEqual(await names(), ["add", "ask", "count", "grow", "wait"]);
  assert.equal(await editor.call("add", { a: 2, b: 3 }), "5");

  assert.deepEqual((await client.listPrompts()).prompts.map(({ name }) => name), ["greet"]);
  const { messages } = await client.getPrompt({ name: "greet" });
  assert.equal(messages[0].content.text, "Say hello");

  assert.deepEqual((await client.listResources()).resources.map(({ uri }) => uri), ["notes://one"]);
  const { contents } = await client.readResource({ uri: "notes://one" });
  assert.equal(contents[0].text, "a note");

  await editor.call("count", {}, { onprogress: () => {} });
  assert.deepEqual(editor.progress(), ["1 of 3", "2 of 3", "3 of 3"]);

  editor.answer = { action: "accept", content: { name: "Ada" } };
  assert.equal(await editor.call("ask"), "hello Ada");
  editor.answer = { action: "decline" };
  assert.equal(await editor.call("ask"), "decline");
  assert.deepEqual(editor.asked, ["Who are you?", "Who are you?"], "each question is asked once");

  assert.equal(editor.changes, 0);
  assert.equal(await editor.call("grow"), "grown");
  await eventually(PATIENCE, "the change of the tools is heard", () => editor.changes > 0);
  assert.ok((await names()).includes("extra"));

  const controller = new AbortController();
  const waiting = editor.call("wait", {}, { signal: controller.signal });
  waiting.catch(() => {});
  await eventually(PATIENCE, "the call is with the server", () => server.said("waiting"));
  assert.equal(server.said("cancelled"), 0);
  controller.abort("the person thought better of it");
  await assert.rejects(waiting);
  await eventually(SOON, "the server knows that the call is cancelled", () => server.said("cancelled"));
  assert.equal(await editor.call("add", { a: 1, b: 1 }), "2", "and everything goes on");
}

/** An editor on the TypeScript SDK 2 that uses `mcpbridge URL` as its stdio server. */
class Editor {
  asked = [];
  changes = 0;
  stdout = "";
  stderr = "";

  constructor(url, mode) {
    // Nothing is remembered: each pair finds out for itself.
    this.transport = new StdioClientTransport({ command: BRIDGE, args: [url], env: { ...process.env, ...homely(newHome()) }, stderr: "pipe" });
    this.transport.stderr.on("data", (chunk) => (this.stderr += chunk));
    this.client = new Client(
      { name: "editor", version: "1.0.0" },
      {
        capabilities: { elicitation: { form: {} } },
        versionNegotiation: { mode },
        listChanged: { tools: { autoRefresh: false, debounceMs: 0, onChanged: () => this.changes++ } },
      },
    );
    this.client.setRequestHandler("elicitation/create", ({ params }) => {
      this.asked.push(params.message);
      return this.answer;
    });
  }

  async connect() {
    await within(PATIENCE, "the client is connected", this.client.connect(this.transport));
    this.child = neverOutlive(this.transport._process);
    this.child.stdout.on("data", (chunk) => (this.stdout += chunk));
  }

  /** The text of a tool's result. */
  async call(name, args = {}, options = {}) {
    const { content, isError } = await within(PATIENCE, `an answer of ${name}`, this.client.callTool({ name, arguments: args }, options));
    assert.ok(!isError, `${name}: ${content[0].text}`);
    return content.map(({ text }) => text).join("");
  }

  /** Before the answer, by the wire, because the SDK drops what arrives in one read with the answer. */
  progress() {
    const messages = this.stdout.trim().split("\n").map((line) => JSON.parse(line));
    const answered = messages.findLastIndex(({ result }) => result);
    const told = messages.slice(0, answered).filter(({ method }) => method === "notifications/progress");
    return told.map(({ params: { progress, total } }) => `${progress} of ${total}`);
  }

  /** The SDK kills a server that is not gone 2 s after its input closed. */
  async leave() {
    const exited = once(this.child, "exit");
    await this.client.close();
    const [code, signal] = await within(PATIENCE, "the bridge exits", exited);
    assert.deepEqual({ code, signal }, { code: 0, signal: null }, "the bridge ends by itself, with code 0");
  }
}
