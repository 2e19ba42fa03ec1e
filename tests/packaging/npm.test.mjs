// The npm packages, taken by `npx` from a registry as on any machine: the registry serves what `npm pack` made.

import assert from "node:assert/strict";
import { execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { after, before } from "node:test";
import { promisify } from "node:util";
import { BRIDGE, converse, Demo, HOST, release, run, scratch } from "./lib.mjs";
import { Registry } from "./registry.mjs";

const folder = scratch();
const FITTING = `@mcpbridge/${HOST.npm}`;
const DEADLINE = 60_000;
const home = scratch();
let registry, demo, starter;

before(async () => {
  release("archive", HOST.target, BRIDGE, folder);
  // A second system, so that one has to be chosen.
  release("archive", "aarch64-pc-windows-msvc", BRIDGE, folder);
  release("npm", folder);
  registry = await Registry.start(readdirSync(folder).filter((name) => name.endsWith(".tgz")).map((name) => join(folder, name)));
  demo = await Demo.start();
  starter = await install(scratch());
});
after(() => {
  registry?.server.close();
  demo?.child.kill();
});

test("npx runs the program of this machine, and an editor talks to it", { timeout: DEADLINE }, async () => {
  const child = spawn("npx", ["-y", "mcpbridge", demo.url], { env: environment(), stdio: ["pipe", "pipe", "inherit"] });
  assert.deepEqual(await converse(child), [0, null]);
  // The program of another system was described, and never downloaded.
  assert.deepEqual([...registry.fetched].sort(), [FITTING, "mcpbridge"]);
});

test("no script runs while npm installs", () => {
  for (const about of registry.packages.values()) assert.equal(about.scripts, undefined, about.name);
});

test("the program has the very stdin, stdout and stderr that its starter was given", { timeout: DEADLINE, skip: process.platform !== "linux" }, async () => {
  const { child, program } = await relay();
  for (const number of [0, 1, 2]) {
    assert.equal(readlinkSync(`/proc/${program}/fd/${number}`), readlinkSync(`/proc/${child.pid}/fd/${number}`));
  }
  child.stdin.end();
  assert.deepEqual(await once(child, "exit"), [0, null]);
});

test("the exit code and a signal arrive at their destination", { timeout: DEADLINE }, async () => {
  assert.equal(spawnSync(starter, ["--no-such-flag"]).status, 2);
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) {
    const direct = await relay(BRIDGE);
    direct.child.kill(signal);
    const expected = await once(direct.child, "exit");
    const { child, program } = await relay();
    child.kill(signal);
    assert.deepEqual(await once(child, "exit"), expected, signal);
    assert.throws(() => process.kill(program, 0), { code: "ESRCH" }, `${signal}: the program is left`);
  }
});

test("a program that is killed is told of as such", { timeout: DEADLINE }, async () => {
  const { child, program } = await relay();
  process.kill(program, "SIGKILL");
  assert.deepEqual(await once(child, "exit"), [null, "SIGKILL"]);
});

test("a starter that is killed takes the program with it", { timeout: DEADLINE }, async () => {
  const { child, program } = await relay();
  child.kill("SIGKILL");
  for (;;) {
    try {
      process.kill(program, 0);
    } catch {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
});

test("without the package of this machine there is a sentence that says what to do", async () => {
  const alone = await install(scratch(), "--omit=optional");
  const { status, stdout, stderr } = spawnSync(alone, [demo.url], { encoding: "utf8" });
  assert.deepEqual([status, stdout], [1, ""]);
  assert.match(stderr, new RegExp(`^mcpbridge: the package ${FITTING} is not installed: install mcpbridge again`));
});

test("a machine that no package fits is named", () => {
  const other = join(folder, "other.cjs");
  writeFileSync(other, 'Object.defineProperty(process, "arch", { value: "riscv64" });');
  const { status, stderr } = spawnSync(starter, [], { encoding: "utf8", env: { ...process.env, NODE_OPTIONS: `--require=${other}` } });
  assert.equal(status, 1);
  assert.match(stderr, new RegExp(`^mcpbridge: there is no package for ${process.platform} on riscv64: build`));
});

/** A started relay that has answered its editor, and the process id of the program below the starter. */
async function relay(command = starter) {
  const child = spawn(command, [demo.url], { env: environment(), stdio: ["pipe", "pipe", "inherit"] });
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "editor", version: "0" } };
  child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params })}\n`);
  await once(child.stdout, "data");
  return { child, program: command === starter && Number(run("pgrep", ["-P", String(child.pid)])) };
}

async function install(at, ...more) {
  await promisify(execFile)("npm", ["install", ...more, "mcpbridge"], { cwd: at, env: environment() });
  return join(at, "node_modules/.bin/mcpbridge");
}

/** npm with nothing of the user's: no settings, no cache, and no other registry. */
function environment() {
  const env = { PATH: process.env.PATH, HOME: home, MCPBRIDGE_CONFIG_DIR: join(home, "mcpbridge") };
  const settings = { registry: registry.url, cache: join(home, "npm"), update_notifier: "false", audit: "false", fund: "false" };
  for (const [name, value] of Object.entries(settings)) env[`npm_config_${name}`] = value;
  return env;
}
