// The commands that use a server from the shell, as scripts use them: piped, redirected, by their exit codes; and a
// session that was recorded, replayed without the server.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import test, { after, before, describe } from "node:test";
import { BRIDGE, HERE, HOME, homely, neverOutlive, newHome, witnessedBridge } from "./lib/processes.mjs";
import { SERVERS, Server } from "./lib/servers.mjs";
import { eventually, within } from "./lib/wait.mjs";

/** Where scripts find `mcpbridge`. */
const BIN = mkdtempSync(join(HOME, "bin-"));
symlinkSync(BRIDGE, join(BIN, "mcpbridge"));

const INSPECTOR = join(HERE, "node_modules/@modelcontextprotocol/inspector/cli/build/cli.js");

const EVERYTHING = {
  tool: "get-sum",
  sum: "The sum of 2 and 40 is 42.",
  prompt: ["args-prompt", "city=Turin", "What's weather in Turin?"],
  uri: "demo://resource/static/document/features.md",
  starts: "# ",
  binary: ["demo://resource/dynamic/blob/4", /^Resource 4: /],
  template: "demo://resource/dynamic/text/{resourceId}",
};
const FASTMCP = {
  tool: "add",
  sum: "42",
  prompt: ["greet", "name=Ada", "Say hello to Ada."],
  uri: "note://today",
  starts: "buy milk",
  binary: ["picture://dot", /^GIF89a\x00\xff$/],
  template: "greeting://{name}",
  failing: ["fail", "reason=out of paper", /out of paper/],
};

shell(SERVERS.everythingHttp, EVERYTHING);
shell(SERVERS.fastmcp, FASTMCP);

function shell(kind, has) {
  describe(`scripts and ${kind.name}`, () => {
    let server;
    before(async () => (server = await Server.start(kind)));
    after(() => server?.stop());
    const it = (sentence, body) =>
      test(sentence, { timeout: 240_000 }, () => {
        const folder = mkdtempSync(join(HOME, "script-"));
        return body((script, variables, code) => run(script, { U: server.url, ...variables }, folder, code), folder);
      });

    it("tools: a table for a pipe, JSON for a file, and a schema", async (sh, folder) => {
      assert.equal((await sh(`mcpbridge tools "$U" | grep -c '^${has.tool} '`)).stdout, "1\n");
      await sh(`mcpbridge tools "$U" --json > tools.json`);
      const told = JSON.parse(readFileSync(join(folder, "tools.json"), "utf8"));
      assert.equal(told.schema_version, 1);
      assert.ok(told.tools.some((tool) => tool.name === has.tool));
      const { stdout } = await sh(`mcpbridge tools "$U" --schema ${has.tool}`);
      assert.deepEqual(Object.keys(JSON.parse(stdout).inputSchema?.properties ?? JSON.parse(stdout).properties), ["a", "b"]);
      // Who has read enough is no error.
      assert.equal((await sh(`set -o pipefail; mcpbridge tools "$U" | head -1 >/dev/null`)).code, 0);
    });

    it("call: arguments from the line, from stdin and from a file", async (sh) => {
      assert.equal((await sh(`mcpbridge call "$U" ${has.tool} a=2 b=40`)).stdout, `${has.sum}\n`);
      assert.equal((await sh(`echo '{"a":2,"b":40}' | mcpbridge call "$U" ${has.tool} -`)).stdout, `${has.sum}\n`);
      await sh(`echo '{"a":2,"b":40}' > arguments.json`);
      const { stdout } = await sh(`mcpbridge call "$U" ${has.tool} @arguments.json --json`);
      assert.equal(JSON.parse(stdout).content[0].text, has.sum);
    });

    it("call: what is wrong is said on stderr alone, with the exit code for it", async (sh) => {
      const wrong = async (code, words, script) => {
        const told = await sh(script, {}, code);
        assert.equal(told.stdout, "", script);
        assert.match(told.stderr, words, script);
      };
      await wrong(2, /no argument "c"/, `mcpbridge call "$U" ${has.tool} a=1 c=2`);
      await wrong(2, /needs b/, `mcpbridge call "$U" ${has.tool} a=1`);
      await wrong(2, /no-such/, `mcpbridge call "$U" no-such-tool`);
      const { stdout, stderr } = await sh(`mcpbridge call http://127.0.0.1:9/mcp ${has.tool} a=1 b=2 --json`, {}, 5);
      assert.deepEqual([stdout, JSON.parse(stderr).error.code], ["", "unreachable"]);
      if (has.failing) {
        const [tool, argument, words] = has.failing;
        const told = await sh(`mcpbridge call "$U" ${tool} '${argument}' 2>&1`, {}, 7);
        assert.match(told.stdout, words);
      }
    });

    it("prompts: the list, and one of them", async (sh) => {
      const [name, argument, says] = has.prompt;
      assert.match((await sh(`mcpbridge prompts "$U" | sort`)).stdout, new RegExp(`^${name}`, "m"));
      assert.match((await sh(`mcpbridge prompts "$U" ${name} ${argument}`)).stdout, new RegExp(says.replace(/[.?]/g, "\\$&")));
      await sh(`mcpbridge prompts "$U" ${name}`, {}, 2);
      const { stdout } = await sh(`mcpbridge prompts "$U" ${name} ${argument} --json`);
      assert.equal(JSON.parse(stdout).messages[0].content.text, says);
    });

    it("resources: what there is, and the templates", async (sh) => {
      const { stdout } = await sh(`mcpbridge resources "$U" | cut -d ' ' -f 1`);
      const uris = stdout.split("\n");
      assert.ok(uris.includes(has.uri) && uris.includes(has.template), stdout);
      const json = JSON.parse((await sh(`mcpbridge resources "$U" --json`)).stdout);
      assert.ok(json.resources.some(({ uri }) => uri === has.uri));
      assert.ok(json.resourceTemplates.some(({ uriTemplate }) => uriTemplate === has.template));
    });

    it("read: text for a pipe, bytes for a file", async (sh, folder) => {
      assert.ok((await sh(`mcpbridge read "$U" ${has.uri} | head -1`)).stdout.startsWith(has.starts));
      const [uri, bytes] = has.binary;
      await sh(`mcpbridge read "$U" ${uri} > redirected && mcpbridge read "$U" ${uri} -o saved`);
      for (const name of ["redirected", "saved"]) assert.match(readFileSync(join(folder, name), "latin1"), bytes);
      assert.notEqual((await sh(`mcpbridge read "$U" nowhere://at-all`, {}, 6)).stderr, "");
    });

    it("request: any method, with parameters from stdin", async (sh) => {
      const listed = await sh(`mcpbridge request "$U" tools/list`);
      assert.ok(JSON.parse(listed.stdout).tools.some((tool) => tool.name === has.tool));
      const params = JSON.stringify({ name: has.tool, arguments: { a: 2, b: 40 } });
      const called = await sh(`printf %s "$P" | mcpbridge request "$U" tools/call -`, { P: params });
      assert.equal(JSON.parse(called.stdout).content[0].text, has.sum);
      assert.match((await sh(`mcpbridge request "$U" no/such`, {}, 6)).stderr, /no\/such/);
    });

    it("listen: goes on until it is interrupted, and says so with its exit code", async (sh, folder) => {
      const ended = sh(LISTEN);
      await written(folder, "said", "listening to");
      process.kill(Number(readFileSync(join(folder, "pid"), "utf8")), "SIGINT");
      assert.equal((await ended).stdout, "130\n");
      assert.equal(readFileSync(join(folder, "changes"), "utf8"), "");
    });

    it("replay: the Inspector gets from a recording what it got from the server", async (sh, folder) => {
      const [prompt, argument] = has.prompt;
      const methods = [
        ["tools/list"],
        ["tools/call", "--tool-name", has.tool, "--tool-arg", "a=2", "--tool-arg", "b=40"],
        ["prompts/get", "--prompt-name", prompt, "--prompt-args", argument],
        ["resources/read", "--uri", has.uri],
      ];
      const log = join(folder, "log");
      const live = [];
      for (const [index, [method, ...flags]] of methods.entries()) {
        const file = join(folder, `${index}.jsonl`);
        const variables = {
          MCPBRIDGE_HEADER: "X-Key: s3cret-key\nAuthorization: Bearer s3cret-token",
          MCPBRIDGE_RECORD: file,
          MCPBRIDGE_DEBUG: "1",
          MCPBRIDGE_LOG_FILE: log,
        };
        live.push(await inspector([`${server.url}?key=s3cret-query`], variables, method, ...flags));
      }
      await server.stop();
      for (const [index, [method, ...flags]] of methods.entries()) {
        const file = join(folder, `${index}.jsonl`);
        assert.deepEqual(await inspector(["replay", file], {}, method, ...flags), live[index], method);
        assert.ok(!readFileSync(file, "utf8").includes("s3cret"), "a secret is in the recording");
      }
      assert.ok(!readFileSync(log, "utf8").includes("s3cret"), "a secret is in the log");
      // A script can ask it as well, and hears what it has not.
      const lines = [
        { jsonrpc: "2.0", id: "a", method: "tools/list" },
        { jsonrpc: "2.0", id: "b", method: "no/such" },
      ].map((line) => JSON.stringify(line));
      const { stdout } = await sh(`printf '%s\\n' "$A" "$B" | mcpbridge replay 0.jsonl`, { A: lines[0], B: lines[1] });
      const [listed, refused] = stdout.trim().split("\n").map((line) => JSON.parse(line));
      assert.deepEqual([listed.id, listed.result], ["a", live[0]]);
      assert.match(refused.error.message, /no no\/such; it has initialize, .*tools\/list/);
      await sh(`echo junk > junk; mcpbridge replay junk`, {}, 2);
      await server.restart();
    });
  });
}

describe("scripts and a server that tells everybody what changes", () => {
  let server;
  before(async () => (server = await Server.start(SERVERS.typescript2Modern)));
  after(() => server?.stop());

  test("listen: one line for each change, and the same ones from the recording", { timeout: 120_000 }, async () => {
    const folder = mkdtempSync(join(HOME, "script-"));
    const sh = (script, variables) => run(script, { U: server.url, ...variables }, folder);
    const ended = sh(LISTEN, { MCPBRIDGE_RECORD: join(folder, "session.jsonl") });
    await written(folder, "said", "listening to");
    assert.equal((await sh(`mcpbridge call "$U" grow`)).stdout, "grown\n");
    await written(folder, "changes", "notifications/tools/list_changed");
    process.kill(Number(readFileSync(join(folder, "pid"), "utf8")), "SIGINT");
    assert.equal((await ended).stdout, "130\n");
    const said = readFileSync(join(folder, "session.jsonl"), "utf8").trim().split("\n").slice(1).map((line) => JSON.parse(line));
    const asked = said.filter(({ from }) => from === "editor").map(({ message }) => JSON.stringify(message)).join("\n");
    const { stdout } = await sh(`printf '%s\\n' "$A" | mcpbridge replay session.jsonl`, { A: asked });
    const told = said.filter(({ from }) => from === "server").map(({ message }) => message);
    assert.ok(told.some(({ method }) => method === "notifications/tools/list_changed"), JSON.stringify(told));
    assert.deepEqual(stdout.trim().split("\n").map((line) => JSON.parse(line)), told);
  });
});

describe("what a recording of a signed-in session has", () => {
  let server;
  before(async () => (server = await Server.start(SERVERS.oidcProvider)));
  after(() => server?.stop());

  test("everything but the token that the server repeats", { timeout: 60_000 }, async () => {
    const folder = mkdtempSync(join(HOME, "script-"));
    const client = JSON.stringify({ client_id: "secret", client_secret: "only a test" });
    const script = `mcpbridge call "$U" whoami --client-credentials --static-oauth-client-info "$C" --record "$PWD" --debug --log-file log`;
    const { stdout, stderr } = await run(script, { U: server.url, C: client }, folder);
    const { token, clientId } = JSON.parse(stdout);
    assert.ok(token.length > 20, stdout);
    const [name] = readdirSync(folder).filter((name) => name.endsWith(".jsonl"));
    const recorded = readFileSync(join(folder, name), "utf8");
    assert.ok(recorded.includes("whoami") && recorded.includes(clientId) && recorded.includes("(hidden)"), recorded);
    for (const secret of [token, "only a test"]) {
      for (const text of [recorded, stderr, readFileSync(join(folder, "log"), "utf8")]) {
        assert.ok(!text.includes(secret), `${secret} is in ${text}`);
      }
    }
  });
});

/** Listens until somebody interrupts it, and says with which code it ended. */
const LISTEN = `mcpbridge listen "$U" > changes 2> said & echo $! > pid; wait $!; echo $?`;

/** Waits until a file has these words. */
function written(folder, name, words) {
  const has = () => existsSync(join(folder, name)) && readFileSync(join(folder, name), "utf8").includes(words);
  return eventually(30_000, `${name} says ${words}`, has);
}

/** What a script says, and with which code it ends. `mcpbridge` is the bridge under test. */
async function run(script, variables, folder, code) {
  const env = { ...process.env, PATH: `${BIN}:${process.env.PATH}`, ...homely(newHome()), ...variables };
  const child = neverOutlive(spawn("bash", ["-c", script], { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] }));
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text) => (stderr += text));
  const [ended] = await within(40_000, `the end of ${script}`, once(child, "close"));
  assert.equal(ended, code ?? 0, `${script}\n${stdout}\n${stderr}`);
  return { code: ended, stdout, stderr };
}

/** What the Inspector prints for one method, with a bridge of these arguments as its server, which must end well. */
async function inspector(args, variables, method, ...flags) {
  const { command, endedWell } = witnessedBridge(args, variables);
  const child = neverOutlive(
    spawn(process.execPath, [INSPECTOR, "--cli", ...command, "--method", method, ...flags], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...homely(HOME) },
    }),
  );
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text) => (stderr += text));
  const [code] = await within(40_000, `the Inspector is done with ${method}\n${stderr}`, once(child, "close"));
  assert.equal(code, 0, `the Inspector succeeds: ${stdout}${stderr}`);
  endedWell();
  return JSON.parse(stdout);
}
