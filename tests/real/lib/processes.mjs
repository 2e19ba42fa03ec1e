// Where everything is, the homes of the tests, and that no process outlives them.

import assert from "node:assert/strict";
import { accessSync, constants, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
import { fileURLToPath } from "node:url";

export const HERE = fileURLToPath(new URL("..", import.meta.url));
export const PYTHON = join(HERE, ".venv", "bin", "python");
/** With release 2 of the Python SDK, which FastMCP 2 does not go with. */
export const PYTHON_2 = join(HERE, ".venv_2", "bin", "python");
export const BRIDGE = bridge();

/** A home of its own, so that what the bridge remembers about servers never comes from another run. */
export const HOME = mkdtempSync(join(tmpdir(), "mcpbridge-real-"));

/** One more of these, for a test that begins with nothing remembered. */
export function newHome() {
  return mkdtempSync(join(HOME, "home-"));
}

/** What a bridge is started with, so that it touches nothing of the developer's. */
export function homely(home = HOME) {
  return { HOME: home, MCPBRIDGE_CONFIG_DIR: join(home, "mcpbridge"), MCPBRIDGE_CREDENTIAL_STORE: "file", BROWSER: "true" };
}

const children = new Set();

/** Whatever happens to this test process, the child does not outlive it. */
export function neverOutlive(child) {
  children.add(child);
  child.once("exit", () => children.delete(child));
  return child;
}

process.on("exit", () => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(HOME, { recursive: true, force: true });
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit(1));

let reports = 0;

/**
 * The bridge as a command line for a client that starts it and tells nobody how it left,
 * and `endedWell`, to call once that client is gone.
 */
export function witnessedBridge(args, variables = {}) {
  const report = join(HOME, `report-${reports++}.json`);
  // As words, because few clients pass variables on.
  const env = ["env", ...Object.entries(variables).map(([name, value]) => `${name}=${value}`)];
  return {
    command: [process.execPath, join(HERE, "lib/witness.mjs"), report, ...env, BRIDGE, ...[args].flat()],
    endedWell() {
      const end = JSON.parse(readFileSync(report, "utf8"));
      assert.deepEqual(end, { code: 0, signal: null, killed: false }, "the bridge ends by itself, with code 0");
    },
  };
}

function bridge() {
  const path = process.env.MCPBRIDGE_BIN ?? join(HERE, "../../target/debug/mcpbridge");
  if (!isAbsolute(path)) throw new Error(`MCPBRIDGE_BIN must be an absolute path, not ${path}`);
  try {
    accessSync(path, constants.X_OK);
  } catch {
    throw new Error(`there is no bridge to test at ${path}: run cargo build, or set MCPBRIDGE_BIN`);
  }
  return path;
}
