// Signing in without a person at a real authorization server, which verifies what a key of the bridge has signed.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Editor } from "./lib/editor.mjs";
import { Person } from "./lib/person.mjs";
import { BRIDGE, HERE, homely, neverOutlive, newHome } from "./lib/processes.mjs";
import { SERVERS, Server } from "./lib/servers.mjs";
import { within } from "./lib/wait.mjs";

/** Of an access token, with this server. */
const LIFETIME = 5_000;

const key = (name) => ["--private-key", `file:${join(HERE, "../keys", name)}`];
const client = (client_id, client_secret) => ["--client-credentials", "--static-oauth-client-info", JSON.stringify({ client_id, client_secret })];

const WAYS = {
  "a secret": client("secret", "only a test"),
  "an RSA key": [...client("rsa"), ...key("rsa_pkcs1.pem")],
  "a P-256 key": [...client("p256"), ...key("p256_sec1.pem")],
  "an Ed25519 key": [...client("ed25519"), ...key("ed25519.jwk")],
};

for (const kind of [SERVERS.oidcProvider, SERVERS.oidcProviderBound]) describe(`${kind.name}, without a person`, () => {
  let server;
  before(async () => (server = await Server.start(kind)));
  after(() => server?.stop());

  for (const [name, flags] of Object.entries(WAYS)) {
    test(`a client with ${name} is let in, and stays`, { timeout: 60_000 }, async () => {
      const [home, person] = [newHome(), await Person.start()];
      const editors = [1, 2].map(() => new Editor(server.url, { home, links: false, args: flags, env: { BROWSER: person.browser } }));
      try {
        const granted = server.said("granted client_credentials");
        await Promise.all(editors.map((editor) => editor.connect()));
        const start = performance.now();
        // Two lifetimes of a token, with calls all the while.
        while (performance.now() - start < 2 * LIFETIME) {
          const sums = await Promise.all(editors.map((editor) => editor.call("add", { a: 20, b: 22 })));
          assert.deepEqual(new Set(sums), new Set(["42"]));
          await new Promise((resolve) => setTimeout(resolve, 250));
        }
        const tokens = server.said("granted client_credentials") - granted;
        assert.ok(tokens >= 2 && tokens <= 5, `${tokens} tokens in two lifetimes, for two editors`);
        assert.equal(person.windows.length, 0);
        for (const editor of editors) await editor.close();
      } catch (error) {
        const stories = editors.map((editor) => editor.story()).join("\n");
        throw new Error(`${error.message}\n${stories}\nThe server's last words:\n${server.output.slice(-2_000)}`, { cause: error });
      } finally {
        for (const editor of editors) editor.kill();
      }
    });
  }

  test("another key is refused, in one sentence", { timeout: 60_000 }, async () => {
    const args = ["login", server.url, ...client("p256"), ...key("rsa_pkcs8.pem")];
    const child = neverOutlive(spawn(BRIDGE, args, { env: { ...process.env, ...homely(newHome()) }, stdio: ["ignore", "pipe", "pipe"] }));
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (output += text));
    const [code] = await within(30_000, "the end of login", once(child, "close"));
    assert.equal(code, 4, output);
    assert.match(output, /invalid_client/);
    assert.match(output, /public half of file:/);
    assert.equal(output.trim().split("\n").length, 1, output);
  });
});
