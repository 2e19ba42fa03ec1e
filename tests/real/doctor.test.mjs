// What doctor says of real servers that are well: no step fails or warns, and no session is left behind.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { BRIDGE, homely, neverOutlive, newHome } from "./lib/processes.mjs";
import { SERVERS, Server } from "./lib/servers.mjs";
import { eventually, within } from "./lib/wait.mjs";

const OPEN = ["url", "proxy", "dns", "tcp", "http", "initialize", "era", "session", "tools", "stream", "options"];
/** Python's servers open a session for every request without one, and end it themselves where they refuse that. */
const PYTHONS = [/Created new transport with session ID/g, /Terminating session:/g];
const KINDS = [
  { kind: SERVERS.everythingHttp, era: /Streamable HTTP/, name: /everything/ },
  // The stream is the session, and tells nothing of it.
  { kind: SERVERS.everythingSse, era: /over HTTP\+SSE/, name: /everything/, without: ["session"] },
  { kind: SERVERS.pythonSdk, era: /Streamable HTTP/, name: /./, counted: PYTHONS },
  { kind: SERVERS.fastmcp, era: /Streamable HTTP/, name: /fastmcp/, counted: PYTHONS },
  { kind: SERVERS.typescript2Modern, era: /2026-07-28, without sessions/, name: /./, without: ["session"] },
  { kind: SERVERS.typescript2Dual, era: /both eras/, name: /./ },
  { kind: SERVERS.python2Dual, era: /both eras/, name: /./ },
];

for (const { kind, era, name, without = [], counted = [kind.opened, kind.ended] } of KINDS) {
  describe(kind.name, () => {
    let server;
    before(async () => (server = await Server.start(kind)));
    after(() => server?.stop());

    test("passes every step, and is left as it was", { timeout: 90_000 }, async () => {
      const { code, steps, story } = await doctor(server.url);
      assert.equal(code, 0, story);
      for (const id of OPEN.filter((id) => !without.includes(id))) assert.equal(steps[id].state, "ok", `${id}\n${story}`);
      assert.match(steps.era.detail, era, story);
      assert.match(steps.initialize.detail, name, story);
      if (kind.opened) {
        const [opened, ended] = counted.map((words) => () => [...server.output.matchAll(words)].length);
        assert.ok(opened() > 0, story);
        await eventually(5_000, "every session ends", () => opened() === ended());
      }
    });
  });
}

describe(SERVERS.oidcProvider.name, () => {
  let server;
  before(async () => (server = await Server.start(SERVERS.oidcProvider)));
  after(() => server?.stop());

  test("is looked at up to the sign-in, which nobody is asked for", { timeout: 90_000 }, async () => {
    const { code, steps, story } = await doctor(server.url);
    assert.equal(code, 3, story);
    for (const id of ["http", "metadata", "authorization", "registration"]) assert.equal(steps[id].state, "ok", `${id}\n${story}`);
    assert.equal(steps.token.state, "fail", story);
    assert.match(steps.token.remedy, /mcpbridge login/, story);
    assert.equal(steps.tools.state, "skip", story);
  });
});

/** The steps to a server, by name. */
async function doctor(url) {
  const child = neverOutlive(spawn(BRIDGE, ["doctor", url, "--json"], { env: { ...homely(newHome()), PATH: process.env.PATH } }));
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text) => (stderr += text));
  const [code] = await within(70_000, "doctor is done", once(child, "close"));
  const found = JSON.parse(stdout).parts.find(({ part }) => part === "server").steps;
  const story = `${found.map(({ id, state, detail }) => `${state} ${id}: ${detail}`).join("\n")}\n${stderr}`;
  return { code, story, steps: Object.fromEntries(found.map((step) => [step.id, step])) };
}
