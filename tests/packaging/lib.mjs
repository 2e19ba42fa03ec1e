// What the tests of this folder have in common: the program, a folder that goes, and packaging/release.py.

import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
export const BRIDGE = process.env.MCPBRIDGE_BIN ?? join(ROOT, "target/debug/mcpbridge");
export const TARGETS = JSON.parse(readFileSync(join(ROOT, "packaging/targets.json"), "utf8"));
export const HOST = TARGETS.find(({ npm }) => npm === `${process.platform}-${process.arch}`);
export const VERSION = /^version = "(.+)"$/m.exec(readFileSync(join(ROOT, "Cargo.toml"), "utf8"))[1];
/** Where a release would be; nothing is there. */
export const REPOSITORY = "https://repository.invalid/owner/mcpbridge";

assert.ok(existsSync(BRIDGE), `there is no bridge to test at ${BRIDGE}: run cargo build, or set MCPBRIDGE_BIN`);

const everything = mkdtempSync(join(tmpdir(), "mcpbridge-packaging-"));
process.on("exit", () => rmSync(everything, { recursive: true, force: true }));

/** An empty folder, for as long as the tests run. */
export function scratch() {
  return mkdtempSync(join(everything, "/"));
}

/** A step of packaging/release.py: what it prints. */
export function release(...args) {
  const { status, stdout, stderr } = attempt(...args);
  assert.equal(status, 0, `release.py ${args.join(" ")}: ${stderr}`);
  return stdout.trim();
}

export function attempt(...args) {
  return spawnSync("python3", [join(ROOT, "packaging/release.py"), ...args], { encoding: "utf8" });
}

/** What a command prints, which has to succeed. */
export function run(program, args, options) {
  return execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], ...options });
}

export function sha256(path) {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

/** An editor's session with the relay `child`, to its end: the exit code and the signal. */
export async function converse(child) {
  child.stderr?.pipe(process.stderr);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const say = (message) => child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  const answer = async () => {
    const { value, done } = await lines.next();
    assert.ok(!done, "the relay ended without an answer");
    return JSON.parse(value);
  };
  try {
    const client = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "editor", version: "0" } };
    say({ id: 1, method: "initialize", params: client });
    assert.equal((await answer()).result?.protocolVersion, "2025-11-25");
    say({ method: "notifications/initialized" });
    say({ id: 2, method: "tools/list" });
    assert.ok((await answer()).result?.tools.length > 0);
    child.stdin.end();
    return await once(child, "exit");
  } finally {
    child.kill();
  }
}

/** The sample server of the program under test. */
export class Demo {
  static async start() {
    const it = new Demo();
    it.child = spawn(BRIDGE, ["demo", "--serve", "--port", "0"], { stdio: ["ignore", "pipe", "inherit"] });
    for await (const line of createInterface({ input: it.child.stdout })) {
      it.url = /http:\S+/.exec(line)?.[0];
      if (it.url) return it;
    }
    throw new Error("the demo server did not say where it is");
  }
}
