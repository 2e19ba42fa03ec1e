// The client that the conformance suite starts: `node conformance.mjs ERA SERVER_URL`, with the scenario
// in the environment. It is an editor of the legacy or the modern era that uses `mcpbridge SERVER_URL` as
// its stdio server, and it ends with 0 if the bridge behaved, whether or not the scenario's server did.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { Person } from "../lib/person.mjs";
import { BRIDGE, homely, neverOutlive } from "../lib/processes.mjs";
import { within } from "../lib/wait.mjs";

const MODERN = "2026-07-28";
/** Of the scenario's server. */
const SERVER = process.env.MCP_CONFORMANCE_PROTOCOL_VERSION ?? "2025-11-25";
/** What the editor of the legacy era says: it knows no version of the modern one. */
const LEGACY = SERVER === MODERN ? "2025-11-25" : SERVER;
/** Below the suite's own 30 s, so that it is this client that says what was waited for. */
const PATIENCE = 20_000;
/** Of the bridge after its input closed; the SDKs kill after 2 s, but this machine may be busy. */
const FAREWELL = 10_000;

const INFO = { name: "conformance-editor", version: "1.0.0" };
const CAPABILITIES = { elicitation: { form: { applyDefaults: true } }, roots: { listChanged: true }, sampling: {} };
/** What every request of a modern editor carries. */
const META = {
  "io.modelcontextprotocol/protocolVersion": MODERN,
  "io.modelcontextprotocol/clientInfo": INFO,
  "io.modelcontextprotocol/clientCapabilities": CAPABILITIES,
};

/**
 * These scenarios judge modern requests, and yet their servers answer `initialize`: a legacy editor and
 * such a server make the legacy pair, by design, unless the bridge is told that the server is modern.
 */
const BOTH_ERAS = { flags: (_, era) => (era === "legacy" ? ["--protocol", "modern"] : []) };

/** The suite has signed in at the identity provider already, and gives its id token. */
const ORGANIZATION = {
  flags: ({ idp_issuer, idp_client_id, ...context }) => [
    ...["--idp", idp_issuer, "--idp-client-id", idp_client_id, "--idp-token", "env:ID_TOKEN"],
    ...client(context),
  ],
  env: ({ idp_id_token }) => ({ ID_TOKEN: idp_id_token }),
};

/** What a scenario wants beyond a list of the tools and a call of the first. */
const PLANS = {
  "auth/basic-cimd": { flags: () => ["--client-metadata-url", "https://conformance-test.local/client-metadata.json"] },
  "auth/pre-registration": { flags: client },
  // Nobody signs in for these: what they need is in the environment, and no argument has a secret key or token.
  "auth/client-credentials-basic": { flags: (context) => ["--client-credentials", ...client(context)] },
  "auth/client-credentials-jwt": {
    flags: ({ client_id, signing_algorithm }) => [
      ...["--client-credentials", ...client({ client_id })],
      ...["--private-key", "env:CLIENT_KEY", "--signing-algorithm", signing_algorithm],
    ],
    env: ({ private_key_pem }) => ({ CLIENT_KEY: private_key_pem }),
  },
  "auth/wif-jwt-bearer": {
    flags: ({ client_id }) => ["--workload-token", "env:WORKLOAD_TOKEN", ...client({ client_id })],
    env: ({ valid_jwt }) => ({ WORKLOAD_TOKEN: valid_jwt }),
  },
  "auth/enterprise-managed-authorization": ORGANIZATION,
  "auth/cross-app-access-complete-flow": ORGANIZATION,
  // Each of these servers must be refused, and the host must be told so.
  "auth/scope-retry-limit": { refused: true },
  "auth/resource-mismatch": { refused: true },
  "auth/iss-supported-missing": { refused: true },
  "auth/iss-wrong-issuer": { refused: true },
  "auth/iss-unexpected": { refused: true },
  "auth/iss-normalized": { refused: true },
  "auth/metadata-issuer-mismatch": { refused: true },
  tools_call: { calls: () => [["add_numbers", { a: 5, b: 3 }]] },
  "json-schema-2020-12-preservation": {
    calls: (tools) => [
      ["json_schema_echo", { schema: tools.find(({ name }) => name === "json_schema_2020_12_tool").inputSchema }],
    ],
  },
  // Its server has a list and nothing else.
  "json-schema-ref-no-deref": { calls: () => [] },
  "sep-2322-client-request-state": { calls: (tools) => tools.map(({ name }) => [name, {}]) },
  "http-custom-headers": { ...BOTH_ERAS, calls: (_, { toolCalls }) => toolCalls.map((call) => [call.name, call.arguments]) },
  // A host calls whatever is listed, and whatever is invalid must not be.
  "http-invalid-tool-headers": { ...BOTH_ERAS, calls: (tools) => tools.map(({ name }) => [name, { region: "us-west1" }]) },
  "http-standard-headers": { ...BOTH_ERAS, calls: (tools) => tools.map(({ name }) => [name, {}]), reads: true },
  "request-metadata": BOTH_ERAS,
};

/** What the editors of both eras have in common: a bridge, requests to it, and what they hear of it. */
class Editor {
  #next = 1;
  #waiting = new Map();
  #heard = new Map();

  constructor(args, env) {
    this.child = neverOutlive(spawn(BRIDGE, args, { stdio: ["pipe", "pipe", "inherit"], env }));
    this.exited = once(this.child, "exit");
    createInterface({ input: this.child.stdout }).on("line", (line) => this.#receive(line));
  }

  async request(method, params = {}) {
    const id = this.#next++;
    const answered = new Promise((resolve) => this.#waiting.set(id, resolve));
    this.send({ jsonrpc: "2.0", id, method, params });
    const gone = this.exited.then(([code]) => {
      throw new Error(`the bridge exited with ${code} before it answered ${method}`);
    });
    const { result, error } = await within(PATIENCE, `an answer to ${method}`, Promise.race([answered, gone]));
    if (error) throw new Refused(method, error);
    return result;
  }

  /** The next notification of this kind. */
  hears(method) {
    return within(PATIENCE, method, new Promise((resolve) => this.#heard.set(method, resolve)));
  }

  async leave() {
    this.child.stdin.end();
    const [code, signal] = await within(FAREWELL, "the bridge exits", this.exited);
    return signal ?? code;
  }

  send(message) {
    this.child.stdin.write(`${JSON.stringify(message)}\n`);
  }

  #receive(line) {
    const message = JSON.parse(line);
    if (message.jsonrpc !== "2.0") throw new Error(`not a message: ${line}`);
    if (message.method && message.id !== undefined) {
      this.asked(message);
    } else if (message.method) {
      this.#heard.get(message.method)?.(message);
    } else {
      const resolve = this.#waiting.get(message.id);
      if (!resolve) throw new Error(`an answer to nothing: ${line}`);
      this.#waiting.delete(message.id);
      resolve(message);
    }
  }
}

/** It opens with `initialize`, and is asked by requests of the server. */
class LegacyEditor extends Editor {
  async open() {
    const { capabilities } = await this.request("initialize", {
      protocolVersion: LEGACY,
      capabilities: CAPABILITIES,
      clientInfo: INFO,
    });
    this.send({ jsonrpc: "2.0", method: "notifications/initialized" });
    return capabilities;
  }

  /** An early list may be empty, while somebody signs in; then it is said when there is more. */
  async tools(capabilities) {
    // A server may have no tools, and then no news of them is to come.
    if (!capabilities.tools) return (await this.request("tools/list")).tools;
    const changed = this.hears("notifications/tools/list_changed");
    changed.catch(() => {});
    const { tools } = await this.request("tools/list");
    if (tools.length) return tools;
    await changed;
    return (await this.request("tools/list")).tools;
  }

  asked({ id, method, params }) {
    const result = answer(method, params);
    const said = result ? { result } : { error: { code: -32601, message: `this editor does not know ${method}` } };
    this.send({ jsonrpc: "2.0", id, ...said });
  }
}

/** It opens with nothing, says with every request who it is, and is asked by results. */
class ModernEditor extends Editor {
  async open() {
    return (await this.request("server/discover")).capabilities;
  }

  async request(method, params = {}) {
    for (;;) {
      const result = await super.request(method, { ...params, _meta: META });
      // A modern server that leaves it out means a complete result; a legacy one has the bridge to say it.
      if (!result.resultType && SERVER !== MODERN) throw new Error(`${method} was answered without a resultType`);
      if (result.resultType !== "input_required") return result;
      const { inputRequests = {}, requestState } = result;
      const answers = Object.entries(inputRequests).map(([key, asked]) => [key, answer(asked.method, asked.params)]);
      params = { ...params, inputResponses: Object.fromEntries(answers), requestState };
    }
  }

  async tools(capabilities) {
    const { tools } = await this.request("tools/list");
    if (tools.length || !capabilities.tools) return tools;
    const changed = this.hears("notifications/tools/list_changed");
    this.request("subscriptions/listen", { notifications: { toolsListChanged: true } }).catch(() => {});
    await changed;
    return (await this.request("tools/list")).tools;
  }

  asked({ method }) {
    throw new Error(`an editor of the modern era got the request ${method}`);
  }
}

class Refused extends Error {
  constructor(method, { code, message }) {
    super(`${method} was answered with ${code}: ${message}`);
  }
}

function answer(method, params) {
  switch (method) {
    case "ping":
      return {};
    case "roots/list":
      return { roots: [] };
    case "elicitation/create": {
      const fields = Object.entries(params.requestedSchema?.properties ?? {});
      const content = fields.filter(([, field]) => "default" in field).map(([name, field]) => [name, field.default]);
      return { action: "accept", content: Object.fromEntries(content) };
    }
    default:
      return undefined;
  }
}

function client({ client_id, client_secret }) {
  return ["--static-oauth-client-info", JSON.stringify({ client_id, client_secret })];
}

async function edit(editor, plan, context) {
  const capabilities = await editor.open();
  const listed = await editor.tools(capabilities);
  const calls = plan.calls?.(listed, context) ?? listed.slice(0, 1).map(({ name }) => [name, {}]);
  await Promise.all(calls.map(([name, args]) => editor.request("tools/call", { name, arguments: args })));
  if (plan.reads) await readAll(editor);
}

async function readAll(editor) {
  const { resources } = await editor.request("resources/list");
  for (const { uri } of resources) await editor.request("resources/read", { uri });
  const { prompts } = await editor.request("prompts/list");
  for (const { name } of prompts) await editor.request("prompts/get", { name });
}

async function main([era, url]) {
  const scenario = process.env.MCP_CONFORMANCE_SCENARIO;
  const context = JSON.parse(process.env.MCP_CONFORMANCE_CONTEXT ?? "{}");
  const plan = PLANS[scenario] ?? {};
  const person = await Person.start();
  const editor = new EDITORS[era]([url, ...(plan.flags?.(context, era) ?? [])], {
    ...process.env,
    ...homely(),
    ...plan.env?.(context),
    BROWSER: person.browser,
  });
  let refusal;
  try {
    await edit(editor, plan, context);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    refusal = error;
  }
  const code = await editor.leave();
  if (refusal) console.error(`refused: ${refusal.message}`);
  if (Boolean(refusal) !== Boolean(plan.refused)) throw refusal ?? new Error("this server should have been refused");
  if (!refusal && code !== 0) throw new Error(`the bridge exited with ${code}`);
  console.error(`all is well: ${person.windows.length} windows, exit code ${code}`);
}

const EDITORS = { legacy: LegacyEditor, modern: ModernEditor };

main(process.argv.slice(2)).then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
