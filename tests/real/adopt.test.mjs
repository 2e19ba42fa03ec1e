// mcp-remote itself signs a person in; `mcpbridge adopt` takes that over, and `--undo` gives it back.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { bridge } from "./lib/command.mjs";
import { Editor, text } from "./lib/editor.mjs";
import { Person } from "./lib/person.mjs";
import { BRIDGE, HERE, neverOutlive, newHome } from "./lib/processes.mjs";
import { SERVERS, Server } from "./lib/servers.mjs";
import { eventually, within } from "./lib/wait.mjs";

const MCP_REMOTE = join(HERE, "node_modules/mcp-remote/dist/proxy.js");
/** Of an access token, in milliseconds: what is taken over must be renewed as well. */
const LIFETIME = 5_000;

let server;
before(async () => (server = await Server.start(SERVERS.oidcProvider)));
after(() => server?.stop());

test("a sign-in of mcp-remote goes to mcpbridge and back, and nobody signs in again", { timeout: 180_000 }, async () => {
  const [home, person] = [newHome(), await Person.start()];
  const file = join(home, ".cursor/mcp.json");
  const entry = { command: process.execPath, args: [MCP_REMOTE, server.url] };
  const before = `${JSON.stringify({ mcpServers: { demo: entry } }, null, 4)}\n`;
  mkdirSync(join(home, ".cursor"));
  writeFileSync(file, before);
  const grants = () => [server.said("registered"), server.said("granted authorization_code"), server.said("refused")];

  await throughMcpRemote(home, person, { signsIn: true });
  assert.deepEqual(grants(), [1, 1, 0]);

  const adopted = await bridge(home, {}, "adopt");
  assert.equal(adopted.code, 0, adopted.output);
  assert.match(adopted.output, /its sign-in was taken over/);
  const { command, args } = JSON.parse(readFileSync(file, "utf8")).mcpServers.demo;
  assert.deepEqual({ command, args }, { command: BRIDGE, args: [server.url] });

  const editor = new Editor(server.url, { home, links: false, env: { BROWSER: person.browser } });
  try {
    await editor.connect();
    assert.equal(await editor.call("add", { a: 1, b: 2 }), "3");
    await expired();
    assert.equal(await editor.call("add", { a: 20, b: 22 }), "42");
    await editor.close();
  } finally {
    editor.kill();
  }
  const renewals = server.said("granted refresh_token");
  assert.ok(renewals > 0, "mcpbridge has renewed it");

  const undone = await bridge(home, {}, "adopt", "--undo");
  assert.equal(undone.code, 0, undone.output);
  assert.match(undone.output, /is with mcp-remote again/);
  assert.equal(readFileSync(file, "utf8"), before);
  assert.equal((await bridge(home, {}, "status", server.url)).code, 3);

  await expired();
  await throughMcpRemote(home, person, { signsIn: false });
  assert.ok(server.said("granted refresh_token") > renewals, "mcp-remote has renewed it");
  assert.deepEqual([grants(), person.windows], [[1, 1, 0], []], server.output.slice(-2_000));
});

/** The access token of the moment has no life left. */
function expired() {
  return new Promise((resolve) => setTimeout(resolve, LIFETIME));
}

/** A session through mcp-remote, whose person goes where it says instead of having a browser. */
async function throughMcpRemote(home, person, { signsIn }) {
  const env = { PATH: process.env.PATH, HOME: home, BROWSER: "true" };
  const transport = new StdioClientTransport({ command: process.execPath, args: [MCP_REMOTE, server.url], env, stderr: "pipe" });
  const client = new Client({ name: "editor", version: "1.0.0" });
  let said = "";
  transport.stderr.on("data", (chunk) => (said += chunk));
  const connected = client.connect(transport);
  neverOutlive(transport._process);
  const asks = () => said.match(/https?:\/\/\S+\/auth\S+client_id=\S+/)?.[0];
  try {
    if (signsIn) {
      const page = await person.visit(await eventually(60_000, `mcp-remote names a URL:\n${said}`, asks));
      assert.equal(page.status, 200, page.steps.join("\n"));
    }
    await within(60_000, "mcp-remote is connected", connected);
    const result = await within(20_000, "mcp-remote answers", client.callTool({ name: "add", arguments: { a: 2, b: 3 } }));
    assert.equal(text(result), "5");
    assert.equal(Boolean(asks()), signsIn, said);
  } catch (error) {
    throw new Error(`${error.message}\nmcp-remote:\n${said}\nThe server:\n${server.output.slice(-2_000)}`, { cause: error });
  } finally {
    await client.close();
  }
}
