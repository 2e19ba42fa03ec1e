// The official conformance suite, with the bridge as the client under test: a small editor of ours, of
// either era (clients/conformance.mjs), uses `mcpbridge URL` as its stdio server. A warning fails a
// scenario. Left out of 0.2.0-alpha.12 is the extension skills.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { HERE, neverOutlive } from "./lib/processes.mjs";
import { within } from "./lib/wait.mjs";

/** Of one scenario; the suite's own limit for its client is 30 s. */
const PATIENCE = 60_000;

const COMMON = [
  "initialize",
  "tools_call",
  "elicitation-sep1034-client-defaults",
  "sse-retry",
  "auth/metadata-default",
  "auth/metadata-var1",
  "auth/metadata-var2",
  "auth/metadata-var3",
  "auth/basic-cimd",
  "auth/scope-from-www-authenticate",
  "auth/scope-from-scopes-supported",
  "auth/scope-omitted-when-undefined",
  "auth/scope-step-up",
  "auth/scope-retry-limit",
  "auth/token-endpoint-auth-basic",
  "auth/token-endpoint-auth-post",
  "auth/token-endpoint-auth-none",
  "auth/pre-registration",
];

/** Of legacy servers, and not required by 2025-11-25. */
const BEYOND = [
  ["json-schema-2020-12-preservation", "2025-11-25"],
  ["auth/2025-03-26-oauth-endpoint-fallback", "2025-03-26"],
  ["auth/2025-03-26-oauth-metadata-backcompat", "2025-03-26"],
];

const MODERN = [
  "tools_call",
  "request-metadata",
  "sep-2322-client-request-state",
  "http-standard-headers",
  "http-custom-headers",
  "http-invalid-tool-headers",
  "json-schema-ref-no-deref",
  ...COMMON.filter((scenario) => scenario.startsWith("auth/")),
  "auth/resource-mismatch",
  "auth/offline-access-scope",
  "auth/offline-access-not-supported",
  "auth/authorization-server-migration",
  "auth/iss-supported",
  "auth/iss-not-advertised",
  "auth/iss-supported-missing",
  "auth/iss-wrong-issuer",
  "auth/iss-unexpected",
  "auth/iss-normalized",
  "auth/metadata-issuer-mismatch",
];

/** Extensions: no person signs in to the server. They are of no version, so the suite wants to be told (`forced`). */
const UNATTENDED = [
  "auth/client-credentials-basic",
  "auth/client-credentials-jwt",
  "auth/wif-jwt-bearer",
  "auth/enterprise-managed-authorization",
];

/** An extension as well: the token is bound to a key, without nonces and with them. */
const BOUND = ["auth/dpop", "auth/dpop-nonce"];

/** What is run: a release of the suite, the era of the editor, and the scenarios at a version of the specification. */
const RUNS = [
  {
    name: "0.2.0-alpha.12, legacy editor and legacy server, required by 2025-11-25",
    suite: "conformance-alpha",
    editor: "legacy",
    scenarios: COMMON.map((scenario) => [scenario, "2025-11-25"]),
  },
  {
    name: "0.2.0-alpha.12, legacy editor and legacy server, beyond what is required",
    suite: "conformance-alpha",
    editor: "legacy",
    scenarios: BEYOND,
  },
  {
    name: "0.2.0-alpha.12, legacy editor and modern server, required by 2026-07-28",
    suite: "conformance-alpha",
    editor: "legacy",
    scenarios: MODERN.map((scenario) => [scenario, "2026-07-28"]),
  },
  {
    name: "0.2.0-alpha.12, legacy editor and modern server, beyond what is required",
    suite: "conformance-alpha",
    editor: "legacy",
    scenarios: [["json-schema-2020-12-preservation", "2026-07-28"]],
  },
  {
    name: "0.2.0-alpha.12, modern editor and modern server, required by 2026-07-28",
    suite: "conformance-alpha",
    editor: "modern",
    scenarios: MODERN.map((scenario) => [scenario, "2026-07-28"]),
  },
  {
    name: "0.2.0-alpha.12, modern editor and modern server, beyond what is required",
    suite: "conformance-alpha",
    editor: "modern",
    scenarios: [["json-schema-2020-12-preservation", "2026-07-28"]],
  },
  {
    name: "0.2.0-alpha.12, modern editor and legacy server, required by 2025-11-25",
    suite: "conformance-alpha",
    editor: "modern",
    scenarios: COMMON.map((scenario) => [scenario, "2025-11-25"]),
  },
  {
    name: "0.2.0-alpha.12, modern editor and legacy server, beyond what is required",
    suite: "conformance-alpha",
    editor: "modern",
    scenarios: BEYOND,
  },
  {
    name: "0.2.0-alpha.12, legacy editor and legacy server, without a person",
    suite: "conformance-alpha",
    editor: "legacy",
    forced: true,
    scenarios: UNATTENDED.map((scenario) => [scenario, "2025-11-25"]),
  },
  {
    name: "0.2.0-alpha.12, legacy editor and modern server, without a person",
    suite: "conformance-alpha",
    editor: "legacy",
    forced: true,
    scenarios: UNATTENDED.map((scenario) => [scenario, "2026-07-28"]),
  },
  {
    name: "0.2.0-alpha.12, modern editor and legacy server, without a person",
    suite: "conformance-alpha",
    editor: "modern",
    forced: true,
    scenarios: UNATTENDED.map((scenario) => [scenario, "2025-11-25"]),
  },
  {
    name: "0.2.0-alpha.12, modern editor and modern server, without a person",
    suite: "conformance-alpha",
    editor: "modern",
    forced: true,
    scenarios: UNATTENDED.map((scenario) => [scenario, "2026-07-28"]),
  },
  {
    name: "0.2.0-alpha.12, legacy editor and legacy server, bound to a key",
    suite: "conformance-alpha",
    editor: "legacy",
    forced: true,
    scenarios: BOUND.map((scenario) => [scenario, "2025-11-25"]),
  },
  {
    name: "0.2.0-alpha.12, legacy editor and modern server, bound to a key",
    suite: "conformance-alpha",
    editor: "legacy",
    forced: true,
    scenarios: BOUND.map((scenario) => [scenario, "2026-07-28"]),
  },
  {
    name: "0.2.0-alpha.12, modern editor and legacy server, bound to a key",
    suite: "conformance-alpha",
    editor: "modern",
    forced: true,
    scenarios: BOUND.map((scenario) => [scenario, "2025-11-25"]),
  },
  {
    name: "0.2.0-alpha.12, modern editor and modern server, bound to a key",
    suite: "conformance-alpha",
    editor: "modern",
    forced: true,
    scenarios: BOUND.map((scenario) => [scenario, "2026-07-28"]),
  },
  {
    name: "0.1.16, legacy editor and legacy server",
    suite: "conformance-stable",
    editor: "legacy",
    scenarios: [
      ...COMMON,
      "auth/2025-03-26-oauth-endpoint-fallback",
      "auth/resource-mismatch",
      "auth/offline-access-scope",
      "auth/offline-access-not-supported",
      "auth/client-credentials-basic",
      "auth/client-credentials-jwt",
      "auth/cross-app-access-complete-flow",
    ].map((scenario) => [scenario]),
    leavesOut: {
      "auth/2025-03-26-oauth-metadata-backcompat":
        "its server names ORIGIN/oauth as issuer at the well-known URI of the root, which RFC 8414, section 3.3, says to refuse",
    },
  },
];

for (const run of RUNS) {
  describe(`conformance ${run.name}`, () => {
    const table = [];
    after(() => print(run, table));

    for (const [scenario, version] of run.scenarios) {
      test(`${scenario}${version ? ` at ${version}` : ""}`, { timeout: PATIENCE + 10_000 }, async () => {
        const verdict = await conform(run, scenario, version);
        table.push(verdict);
        const { code, content, failures, warnings, successes, output } = verdict;
        const bad = [...failures, ...warnings].map(({ id, errorMessage, description }) => `${id}: ${errorMessage ?? description}`);
        assert.deepEqual([bad, code], [[], 0], output);
        assert.ok(successes > 0, `the suite checked nothing\n${output}`);
        assert.ok(content, `the editor is not content with the bridge\n${output}`);
      });
    }

    if (run.leavesOut) {
      test("every scenario of the release is run or left out by name", async () => {
        const { output } = await node([entry(run.suite), "list", "--client"]);
        const all = [...output.matchAll(/^ {2}- (\S+)/gm)].map(([, name]) => name);
        const named = [...run.scenarios.map(([name]) => name), ...Object.keys(run.leavesOut)];
        assert.deepEqual(named.sort(), all.sort());
      });
    }
  });
}

async function conform(run, scenario, version) {
  const results = mkdtempSync(join(tmpdir(), "conformance-"));
  const args = ["client", "--command", `node clients/conformance.mjs ${run.editor}`, "--scenario", scenario, "--output-dir", results];
  if (version) args.push("--spec-version", version);
  if (run.forced) args.push("--force");
  const { code, output } = await node([entry(run.suite), ...args]);
  const reports = readdirSync(results, { recursive: true });
  const read = (name) => {
    const path = reports.find((report) => report.endsWith(name));
    return path ? readFileSync(join(results, path), "utf8") : "";
  };
  const checks = JSON.parse(read("checks.json") || "[]");
  const of = (status) => checks.filter((check) => check.status === status);
  return {
    scenario,
    code,
    output,
    // Where a server is to be refused, the suite takes a client that crashed for one that refused.
    content: /^all is well: /m.test(read("stderr.txt")),
    successes: of("SUCCESS").length,
    failures: of("FAILURE"),
    warnings: of("WARNING"),
  };
}

async function node(args) {
  const child = neverOutlive(spawn(process.execPath, ["--import", "./lib/glob_sync.mjs", ...args], { cwd: HERE }));
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (output += text));
  const [code] = await within(PATIENCE, `the end of ${args.join(" ")}`, once(child, "close"));
  return { code, output };
}

function entry(suite) {
  return join(HERE, "node_modules", suite, "dist/index.js");
}

function print(run, table) {
  const rows = table.map(({ scenario, code, content, successes, failures, warnings }) => {
    const passed = code === 0 && content && !failures.length && !warnings.length;
    const counts = `${successes} passed, ${failures.length} failed, ${warnings.length} warned`;
    return `  ${passed ? "pass" : "FAIL"}  ${scenario.padEnd(44)} ${counts}`;
  });
  const passed = rows.filter((row) => row.startsWith("  pass")).length;
  const left = Object.entries(run.leavesOut ?? {}).map(([name, reason]) => `  left out: ${name}: ${reason}`);
  console.log([`${run.name}: ${passed} of ${run.scenarios.length}`, ...rows, ...left].join("\n"));
}
