// The MCP Inspector's command line, with `mcpbridge URL` as its stdio server, to every real server.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import test, { after, before, describe } from "node:test";
import { HERE, HOME, neverOutlive, witnessedBridge } from "./lib/processes.mjs";
import { SERVERS, Server } from "./lib/servers.mjs";
import { within } from "./lib/wait.mjs";

const INSPECTOR = join(HERE, "node_modules/@modelcontextprotocol/inspector/cli/build/cli.js");

const EVERYTHING = {
  tool: { name: "get-sum", args: ["a=2", "b=40"], says: "The sum of 2 and 40 is 42." },
  prompt: { name: "args-prompt", args: ["city=Turin"], says: "What's weather in Turin?" },
  resource: { uri: "demo://resource/static/document/features.md", says: /^# / },
  template: "demo://resource/dynamic/text/{resourceId}",
};
const PYTHON = {
  tool: { name: "add", args: ["a=2", "b=40"], says: "42" },
  prompt: { name: "greet", args: ["name=Ada"], says: "Say hello to Ada." },
  resource: { uri: "note://today", says: /^buy milk$/ },
  template: "greeting://{name}",
};

inspect(SERVERS.everythingHttp, EVERYTHING);
inspect(SERVERS.everythingSse, EVERYTHING);
inspect(SERVERS.pythonSdk, PYTHON);
inspect(SERVERS.fastmcp, PYTHON);

function inspect(kind, has) {
  describe(`the Inspector and ${kind.name}`, () => {
    let server;
    before(async () => (server = await Server.start(kind)));
    after(() => server?.stop());
    const it = (sentence, body) =>
      test(sentence, { timeout: 60_000 }, () => body((...args) => inspector(server, ...args)));

    it("lists tools", async (ask) => {
      const { tools } = await ask("tools/list");
      assert.ok(tools.some((tool) => tool.name === has.tool.name));
    });

    it("calls a tool", async (ask) => {
      const { name, args, says } = has.tool;
      const flags = args.flatMap((arg) => ["--tool-arg", arg]);
      assert.equal((await ask("tools/call", "--tool-name", name, ...flags)).content[0].text, says);
    });

    it("lists prompts", async (ask) => {
      const { prompts } = await ask("prompts/list");
      assert.ok(prompts.some((prompt) => prompt.name === has.prompt.name));
    });

    it("gets a prompt", async (ask) => {
      const { name, args, says } = has.prompt;
      const prompt = await ask("prompts/get", "--prompt-name", name, "--prompt-args", ...args);
      assert.equal(prompt.messages[0].content.text, says);
    });

    it("lists resources", async (ask) => {
      const { resources } = await ask("resources/list");
      assert.ok(resources.some((resource) => resource.uri === has.resource.uri));
    });

    it("reads a resource", async (ask) => {
      const { contents } = await ask("resources/read", "--uri", has.resource.uri);
      assert.match(contents[0].text, has.resource.says);
    });

    it("lists resource templates", async (ask) => {
      const { resourceTemplates } = await ask("resources/templates/list");
      assert.ok(resourceTemplates.some((template) => template.uriTemplate === has.template));
    });

    // FastMCP 2 has log messages, but no level to set.
    if (kind !== SERVERS.fastmcp) {
      it("sets the log level", async (ask) => {
        assert.deepEqual(await ask("logging/setLevel", "--log-level", "error"), {});
      });
    }
  });
}

/** What the Inspector prints for one method; each time it starts a bridge of its own, which must end well. */
async function inspector(server, method, ...flags) {
  const { command, endedWell } = witnessedBridge(server.url);
  const child = neverOutlive(
    spawn(process.execPath, [INSPECTOR, "--cli", ...command, "--method", method, ...flags], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, HOME },
    }),
  );
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text) => (stderr += text));
  const [code] = await within(40_000, `the Inspector is done with ${method}\n${stderr}`, once(child, "close"));
  assert.equal(code, 0, `the Inspector succeeds: ${stdout}${stderr}`);
  endedWell();
  return JSON.parse(stdout);
}
