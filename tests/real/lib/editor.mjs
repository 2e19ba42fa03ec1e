// An editor as others write them: the client of the official SDK with mcpbridge as its server.

import assert from "node:assert/strict";
import { once } from "node:events";
import test from "node:test";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { BRIDGE, HOME, homely, neverOutlive } from "./processes.mjs";
import { eventually, within } from "./wait.mjs";

/** After 2 s the SDKs stop waiting for a server whose input they closed, and kill it. */
const PATIENCE_OF_CLIENTS = 2_000;

/** One test, one session: the bridge is started for it, watched, and must end well. */
export function session(name, server, body) {
  test(name, { timeout: 60_000 }, async () => {
    const editor = new Editor(server().url);
    try {
      await editor.connect();
      await body(editor, server());
      await editor.close();
    } catch (error) {
      const lastWords = `The server's last words:\n${server().output.slice(-2_000)}`;
      throw new Error(`${error.message}\n${editor.story()}\n${lastWords}`, { cause: error });
    } finally {
      editor.kill();
    }
  });
}

/** A second client comes and goes, and the server sees exactly one more session open and end. */
export async function comeAndGo(server, work) {
  await eventually(5_000, "the server sees the first session", () => server.opened > 0);
  const { opened, ended } = server;
  const editor = new Editor(server.url);
  try {
    await editor.connect();
    await work(editor);
    assert.equal(server.ended, ended, "the session lasts as long as the client");
    await editor.close();
    assert.equal(editor.transport.stderr, "", "a session without incidents is no news for stderr");
  } finally {
    editor.kill();
  }
  await eventually(5_000, "the server sees the session end", () => server.ended > ended);
  assert.deepEqual([server.opened - opened, server.ended - ended], [1, 1], "one session opened, one ended");
}

/** An editor built on the TypeScript SDK that uses `mcpbridge URL` as its stdio server. */
export class Editor {
  /** What the user and the model behind this editor say; a test sets what it expects to be asked. */
  answers = {
    sampling: () => assert.fail("the server asked for sampling, which this test does not expect"),
    elicitation: () => assert.fail("the server asked for input, which this test does not expect"),
    roots: [{ uri: "file:///home/ada/project", name: "project" }],
  };
  asked = [];
  notifications = [];
  problems = [];
  /** The exit code that the bridge owes: 0 if every request was answered by the server. */
  exit = 0;
  #waiting = [];

  /**
   * `args` and `env` are the bridge's; `home` is where it remembers. `name` is the editor's own, and
   * `links` says whether it shows a link that it is asked to show.
   */
  constructor(url, { args = [], env = {}, home = HOME, name = "editor", links = true } = {}) {
    this.transport = new WatchedTransport([url, ...args], { ...homely(home), ...env });
    this.client = new Client(
      { name, version: "1.0.0" },
      { capabilities: { sampling: {}, elicitation: { form: {}, ...(links && { url: {} }) }, roots: { listChanged: true } } },
    );
    this.client.onerror = (error) => this.problems.push(error.message);
    this.client.fallbackNotificationHandler = async (notification) => {
      this.notifications.push(notification);
      this.#waiting = this.#waiting.filter((wait) => !wait(notification));
    };
    this.#answer(CreateMessageRequestSchema, (params) => this.answers.sampling(params));
    this.#answer(ElicitRequestSchema, (params) => this.answers.elicitation(params));
    this.#answer(ListRootsRequestSchema, () => ({ roots: this.answers.roots }));
  }

  async connect() {
    await within(15_000, "the session is open", this.client.connect(this.transport));
  }

  /** The text of a tool's result. */
  async call(name, args = {}, options = {}) {
    return text(await this.callTool(name, args, options));
  }

  callTool(name, args = {}, options = {}) {
    return within(20_000, `an answer of the tool ${name}`, this.client.callTool({ name, arguments: args }, undefined, options));
  }

  /** The first such notification of the session, past or to come. */
  async hears(method, matches = () => true) {
    const wanted = (notification) => notification.method === method && matches(notification.params ?? {});
    const heard = this.notifications.find(wanted);
    if (heard) return heard;
    const coming = new Promise((resolve) =>
      this.#waiting.push((notification) => wanted(notification) && (resolve(notification), true)),
    );
    return within(10_000, `a ${method} that fits`, coming);
  }

  /**
   * The progress of a request that was written before its answer. Looked up on the wire because
   * the SDK drops what arrives in one read with the answer, and then complains about it.
   */
  progressOf({ id, params }) {
    const { received } = this.transport;
    const answered = received.findIndex((message) => message.id === id && !message.method);
    this.forgive(/unknown token/);
    return received
      .slice(0, answered)
      .filter(({ method, params: news }) => method === "notifications/progress" && news.progressToken === params._meta.progressToken)
      .map((message) => message.params);
  }

  /** For complaints of the editor that the bridge is not to blame for. */
  forgive(complaint) {
    this.problems = this.problems.filter((problem) => !complaint.test(problem));
  }

  /** Leaves as an editor leaves, and holds the bridge to a clean end. A second call changes nothing. */
  close() {
    return (this.closed ??= this.#leave());
  }

  kill() {
    this.transport.child?.kill("SIGKILL");
  }

  async #leave() {
    const { child } = this.transport;
    const exited = once(child, "exit");
    const start = performance.now();
    await this.client.close();
    const [code, signal] = await within(3_000, "the bridge exits", exited);
    const took = Math.round(performance.now() - start);
    assert.ok(!child.killed && took < PATIENCE_OF_CLIENTS, `the bridge had to be killed ${took} ms after its input closed`);
    assert.deepEqual({ code, signal }, { code: this.exit, signal: null }, `the bridge exits with code ${this.exit}`);
    assert.deepEqual(this.transport.faults(), [], "the bridge writes nothing but messages to stdout");
    assert.deepEqual(this.problems, [], "the editor has nothing to complain about");
  }

  /** What happened, for whoever reads a failed test. */
  story() {
    const { sent, received, stderr } = this.transport;
    const lines = (messages) => messages.slice(-8).map((message) => `  ${JSON.stringify(message).slice(0, 400)}\n`).join("");
    return `The bridge's stderr:\n${stderr}\nLast sent:\n${lines(sent)}Last received:\n${lines(received)}Problems: ${JSON.stringify(this.problems)}`;
  }

  #answer(schema, reply) {
    this.client.setRequestHandler(schema, async (request) => {
      this.asked.push(request);
      return reply(request.params);
    });
  }
}

/** The SDK's own transport, with a look at what goes over it. */
class WatchedTransport extends StdioClientTransport {
  sent = [];
  stdout = [];
  stderr = "";

  constructor(args, env) {
    super({ command: BRIDGE, args, env, stderr: "pipe" });
  }

  start() {
    const started = super.start();
    this.child = neverOutlive(this._process);
    this.child.stdout.on("data", (chunk) => this.stdout.push(chunk));
    this.child.stderr.on("data", (chunk) => (this.stderr += chunk));
    return started;
  }

  send(message, options) {
    this.sent.push(message);
    return super.send(message, options);
  }

  get received() {
    return this.#lines().filter(isMessage).map((line) => JSON.parse(line));
  }

  /** The request that the client sent for this method last. */
  lastRequest(method) {
    return this.sent.findLast((message) => message.method === method);
  }

  answersTo(id) {
    return this.received.filter((message) => message.id === id && !message.method);
  }

  /** Whatever was written to stdout and is not a message on a line of its own. */
  faults() {
    return this.#lines().filter((line) => !isMessage(line));
  }

  #lines() {
    const lines = Buffer.concat(this.stdout).toString("utf8").split("\n");
    if (lines.at(-1) === "") lines.pop();
    return lines;
  }
}

export function text(result) {
  return result.content
    .filter((block) => block.type === "text")
    .map((block) => block.text)
    .join("\n");
}

function isMessage(line) {
  try {
    return JSON.parse(line).jsonrpc === "2.0";
  } catch {
    return false;
  }
}
