// The Python SDK's stdio client, with `mcpbridge URL` as its server, to every real server.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import test from "node:test";
import { HERE, HOME, PYTHON, neverOutlive, witnessedBridge } from "./lib/processes.mjs";
import { SERVERS, Server } from "./lib/servers.mjs";
import { within } from "./lib/wait.mjs";

const EVERYTHING = {
  plain: ["echo", { message: "hello" }],
  progress: ["trigger-long-running-operation", { duration: 0.5, steps: 4 }],
  log: ["toggle-simulated-logging", {}],
  sampling: ["trigger-sampling-request", { prompt: "a poem" }],
  elicitation: ["trigger-elicitation-request", {}],
  answer: { name: "Grace" },
  roots: ["get-roots-list", {}],
  prompt: ["args-prompt", { city: "Turin" }],
  resource: "demo://resource/dynamic/text/1",
  says: {
    plain: /^Echo: hello$/,
    counted: /completed/,
    logged: /^Started/,
    sampled: /answer to Resource trigger-sampling-request context: a poem/,
    elicited: /User provided/,
    rooted: /file:\/\/\/home\/grace/,
    prompt: /Turin/,
    resource: /^Resource 1/,
  },
};
const PYTHON_SERVER = {
  plain: ["add", { a: 1, b: 2 }],
  progress: ["count", { to: 4 }],
  log: ["log", { message: "dear diary" }],
  sampling: ["sample", { question: "a poem?" }],
  elicitation: ["elicit", { question: "where to?" }],
  answer: { street: "Rue de la Paix", number: 5 },
  roots: ["roots", {}],
  prompt: ["greet", { name: "Ada" }],
  resource: "note://today",
  says: {
    plain: /^3$/,
    counted: /^counted to 4$/,
    logged: /^logged$/,
    sampled: /says: answer to a poem\?$/,
    elicited: /^Rue de la Paix 5$/,
    rooted: /^file:\/\/\/home\/grace$/,
    prompt: /^Say hello to Ada\.$/,
    resource: /^buy milk$/,
  },
};

for (const [kind, plan] of [
  [SERVERS.everythingHttp, EVERYTHING],
  [SERVERS.everythingSse, EVERYTHING],
  [SERVERS.pythonSdk, PYTHON_SERVER],
  [SERVERS.fastmcp, PYTHON_SERVER],
]) {
  test(`the Python SDK's client works with ${kind.name}`, { timeout: 120_000 }, async () => {
    const server = await Server.start(kind);
    try {
      const { version, progress, notifications, faults, pinged, ...said } = await edit(server.url, plan);
      assert.match(version, /^20\d\d-\d\d-\d\d$/);
      for (const [step, expected] of Object.entries(plan.says)) assert.match(said[step], expected, step);
      assert.ok(said.tools.includes(plan.plain[0]));
      assert.deepEqual(progress, [1, 2, 3, 4].map((step) => [step, 4]));
      assert.ok(notifications.includes("notifications/message"), `a log message is among ${notifications}`);
      assert.deepEqual(pinged, {});
      assert.deepEqual(faults, []);
    } finally {
      await server.stop();
    }
  });
}

async function edit(url, plan) {
  const { command, endedWell } = witnessedBridge(url);
  const child = neverOutlive(
    spawn(PYTHON, [join(HERE, "clients/python_client.py"), ...command], { env: { ...process.env, HOME } }),
  );
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text) => (stderr += text));
  child.stdin.end(JSON.stringify(plan));
  const [code] = await within(90_000, "the Python client is done", once(child, "close"));
  assert.equal(code, 0, stderr);
  endedWell();
  return JSON.parse(stdout);
}
