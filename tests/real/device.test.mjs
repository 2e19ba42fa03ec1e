// Signing in with a code at a real authorization server. The person confirms it on another device: with a client of
// HTTP that has cookies and fills in forms. oidc-provider never answers slow_down, so that is not met here.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { Editor } from "./lib/editor.mjs";
import { Person } from "./lib/person.mjs";
import { BRIDGE, homely, neverOutlive, newHome } from "./lib/processes.mjs";
import { SERVERS, Server } from "./lib/servers.mjs";
import { eventually, within } from "./lib/wait.mjs";

/** Of an access token, with this server. */
const LIFETIME = 5_000;

describe("a sign-in with a code at oidc-provider", () => {
  let server;
  before(async () => (server = await Server.start(SERVERS.oidcProvider)));
  after(() => server?.stop());

  test("lets an editor in when the person has confirmed the code", { timeout: 90_000 }, async () => {
    const [home, person] = [newHome(), await Person.start()];
    const editor = new Editor(server.url, { home, links: false, args: ["--device-code"], env: { BROWSER: person.browser } });
    try {
      await editor.connect();
      const sum = editor.call("add", { a: 1, b: 2 });
      const { url, code } = await invitation(() => editor.transport.stderr);
      const page = await person.visit(url);
      assert.match(page.body, /Sign-in Success/, page.steps.join("\n"));
      assert.ok(page.steps.length >= 4, page.steps.join("\n"));
      assert.match(code, /^[A-Z]{4}-[A-Z]{4}$/);
      assert.equal(await sum, "3");
      assert.match(await editor.call("whoami"), /client_?id/i);
      assert.equal(server.said("granted urn:ietf:params:oauth:grant-type:device_code"), 1);

      // It is renewed like any other grant, and another editor needs no code.
      const renewed = server.said("granted refresh_token");
      const start = performance.now();
      while (performance.now() - start < 2 * LIFETIME) {
        assert.equal(await editor.call("add", { a: 20, b: 22 }), "42");
        await new Promise((resolve) => setTimeout(resolve, 250));
      }
      assert.ok(server.said("granted refresh_token") > renewed, server.output);
      const other = new Editor(server.url, { home, links: false, env: { BROWSER: person.browser } });
      await other.connect();
      assert.equal(await other.call("add", { a: 2, b: 2 }), "4");
      await other.close();
      await editor.close();
      assert.equal(person.windows.length, 0);
    } catch (error) {
      throw new Error(`${error.message}\n${editor.story()}\nThe server's last words:\n${server.output.slice(-2_000)}`, { cause: error });
    } finally {
      editor.kill();
    }
  });

  test("shows address and code in an editor that shows links", { timeout: 90_000 }, async () => {
    const [home, person] = [newHome(), await Person.start()];
    const editor = new Editor(server.url, { home, args: ["--device-code"], env: { BROWSER: person.browser } });
    let page;
    editor.answers.elicitation = ({ mode, url, message }) => {
      assert.equal(mode, "url");
      assert.match(message, new RegExp(`code for it is ${new URL(url).searchParams.get("user_code")}$`));
      page = person.visit(url);
      return { action: "accept" };
    };
    try {
      await editor.connect();
      await editor.client.listTools();
      assert.equal(await editor.call("add", { a: 1, b: 2 }), "3");
      assert.match((await page).body, /Sign-in Success/);
      assert.deepEqual([editor.asked.length, person.windows.length], [1, 0]);
      await editor.close();
    } finally {
      editor.kill();
    }
  });

  test("is begun by itself where no browser opens, and the code can be typed", { timeout: 90_000 }, async () => {
    const home = newHome();
    const login = new Login(server.url, { home, env: { BROWSER: "none" } });
    const { url, code } = await invitation(() => login.output);
    const person = await Person.start({ answers: { user_code: code } });
    // As one types it who has no camera: the address alone, and then the code.
    const page = await person.visit(new URL(url).origin + new URL(url).pathname);
    assert.match(page.body, /Sign-in Success/, page.steps.join("\n"));
    assert.equal(await login.end(), 0, login.output);
    assert.match(login.output, /signed in to/);
  });

  test("comes to nothing when the person says no", { timeout: 60_000 }, async () => {
    const login = new Login(server.url, { args: ["--device-code"] });
    const { url } = await invitation(() => login.output);
    const person = await Person.start();
    const page = await person.visit(url, false);
    assert.match(page.body, /interrupted/, page.steps.join("\n"));
    assert.equal(await login.end(), 4, login.output);
    assert.match(login.output, /the sign-in was declined at .*; to try again, run: mcpbridge login/);
  });

  test("a client that nobody knows is refused", { timeout: 60_000 }, async () => {
    const info = JSON.stringify({ client_id: "nobody" });
    const login = new Login(server.url, { args: ["--device-code", "--static-oauth-client-info", info] });
    assert.equal(await login.end(), 4, login.output);
    assert.match(login.output, /invalid_client.*--static-oauth-client-info/);
  });
});

test("a code that oidc-provider lets expire ends the sign-in", { timeout: 60_000 }, async () => {
  const server = await Server.start(SERVERS.oidcProviderInHaste);
  try {
    const login = new Login(server.url, { args: ["--device-code"] });
    await invitation(() => login.output);
    assert.equal(await login.end(), 4, login.output);
    assert.match(login.output, /the code .*; to try again, run: mcpbridge login/);
  } finally {
    await server.stop();
  }
});

/** `mcpbridge login`, with what it says. */
class Login {
  output = "";

  constructor(url, { home = newHome(), args = [], env = {} } = {}) {
    const options = { env: { ...process.env, ...homely(home), ...env }, stdio: ["ignore", "pipe", "pipe"] };
    const child = neverOutlive(spawn(BRIDGE, ["login", url, ...args], options));
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (this.output += text));
    this.closed = once(child, "close");
  }

  async end() {
    const [code] = await within(30_000, "the end of login", this.closed);
    return code;
  }
}

/** The address and the code, once they are said. */
async function invitation(said) {
  const url = await eventually(20_000, "an address is said", () => said().match(/https?:\/\/\S+\/device\S*/)?.[0]);
  const code = new URL(url).searchParams.get("user_code");
  await eventually(5_000, "the code is said", () => said().split(code).length > 2);
  return { url, code };
}
