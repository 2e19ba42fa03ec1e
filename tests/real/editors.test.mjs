// Real editors read what `mcpbridge install` has written, start the bridge by it, and reach the server.
// None of them needs an account for that. The version of each is in editors/package.json.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, symlinkSync } from "node:fs";
import { createServer } from "node:http";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { bridge, ran } from "./lib/command.mjs";
import { HERE, neverOutlive, newHome } from "./lib/processes.mjs";
import { within } from "./lib/wait.mjs";
import { mcp } from "./servers/protected_mcp.mjs";

const PACKAGES = join(HERE, "editors/node_modules");
const SYSTEM = `${process.platform}-${process.arch}`;
/** A cold start of these programs on a busy machine takes many seconds. */
const PATIENCE = 90_000;
/** Stays in a variable of the editor, and arrives at the server all the same. */
const TENANT = "acme-of-the-tests";

/** `program` in the package is what its own script would have linked: these packages run none here. */
const EDITORS = [
  {
    name: "claude-code",
    command: "claude",
    program: `@anthropic-ai/claude-code-${SYSTEM}/claude`,
    list: ["mcp", "list"],
    reached: /^demo: .*Connected/m,
  },
  { name: "gemini", command: "gemini", program: ".bin/gemini", list: ["mcp", "list"], reached: /demo: .*Connected/ },
  {
    name: "opencode",
    command: "opencode",
    program: `opencode-${SYSTEM}/bin/opencode`,
    list: ["mcp", "list"],
    reached: /demo .*connected/,
  },
  // Its list only reads the file, so its server for editors is asked as well.
  { name: "codex", command: "codex", program: ".bin/codex", list: ["mcp", "list"], reached: /^demo .*enabled/m, starts: toolsOfCodex },
];

/** Nothing is reported home, and nothing is looked for. */
const QUIET = {
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
  OPENCODE_DISABLE_AUTOUPDATE: "1",
  OPENCODE_DISABLE_MODELS_FETCH: "1",
  // It starts no servers in a folder that nobody has said to be trusted.
  GEMINI_CLI_TRUST_WORKSPACE: "true",
};

describe("what is installed", () => {
  const tenants = [];
  let server, url;
  before(async () => {
    const serve = mcp("editors");
    server = createServer((request, response) => {
      tenants.push(request.headers["x-tenant"]);
      return serve(request, response);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    url = `http://127.0.0.1:${server.address().port}/mcp`;
  });
  after(() => {
    server?.close();
    server?.closeAllConnections();
  });

  for (const editor of EDITORS) {
    test(`${editor.name} reads, and reaches the server by it`, { timeout: 4 * PATIENCE }, async () => {
      const desk = deskOf(editor);
      const install = await desk.bridge("install", editor.name, url, "--name", "demo", "--header", "X-Tenant:${TENANT}");
      assert.equal(install.code, 0, install.output);
      tenants.length = 0;
      const { code, output } = await desk.list();
      assert.equal(code, 0, output);
      assert.match(output, editor.reached);
      if (editor.starts) assert.deepEqual(Object.keys(await editor.starts(desk)).sort(), ["add", "whoami"]);
      assert.ok(tenants.length > 0, "the editor starts the bridge, and the bridge asks the server");
      assert.deepEqual(new Set(tenants), new Set([TENANT]));

      const uninstall = await desk.bridge("uninstall", editor.name, "demo");
      assert.equal(uninstall.code, 0, uninstall.output);
      const without = await desk.list();
      assert.doesNotMatch(without.output, editor.reached);
    });
  }
});

/** A home, a project and a PATH with nothing but this editor, and what is run there. */
function deskOf({ command, program, list }) {
  const home = newHome();
  const [bin, project] = ["bin", "project"].map((name) => join(home, name));
  for (const folder of [bin, project]) mkdirSync(folder);
  symlinkSync(join(PACKAGES, program), join(bin, command));
  const below = { XDG_CONFIG_HOME: ".config", XDG_DATA_HOME: ".local/share", XDG_STATE_HOME: ".local/state", XDG_CACHE_HOME: ".cache" };
  const xdg = Object.fromEntries(Object.entries(below).map(([name, folder]) => [name, join(home, folder)]));
  // None of the developer's variables: there may be keys in them.
  const PATH = [bin, process.env.PATH].join(delimiter);
  const env = { PATH, HOME: home, TMPDIR: process.env.TMPDIR ?? "/tmp", TERM: "dumb", TENANT, ...xdg, ...QUIET };
  return {
    start: (args) => neverOutlive(spawn(join(bin, command), args, { env, cwd: project, stdio: ["pipe", "pipe", "ignore"] })),
    list: () => ran(join(bin, command), list, { env, cwd: project }, PATIENCE),
    bridge: (...args) => bridge(home, { PATH, ...xdg }, ...args),
  };
}

/** The tools of the server, as Codex shows them to an editor around it. */
async function toolsOfCodex(desk) {
  const codex = desk.start(["app-server"]);
  const lines = createInterface({ input: codex.stdout })[Symbol.asyncIterator]();
  const ask = async (id, method, params) => {
    codex.stdin.write(`${JSON.stringify({ id, method, params })}\n`);
    for (;;) {
      const { value, done } = await within(PATIENCE, `Codex answers ${method}`, lines.next());
      assert.ok(!done, "Codex is gone");
      const message = JSON.parse(value);
      if (message.id === id) return message.result ?? assert.fail(JSON.stringify(message.error));
    }
  };
  try {
    await ask(1, "initialize", { clientInfo: { name: "tests", version: "1.0.0" } });
    codex.stdin.write('{"method":"initialized"}\n');
    const { data } = await ask(2, "mcpServerStatus/list", {});
    return data.find(({ name }) => name === "demo").tools;
  } finally {
    const exited = once(codex, "exit");
    codex.kill("SIGTERM");
    await within(PATIENCE, "Codex ends", exited);
  }
}
