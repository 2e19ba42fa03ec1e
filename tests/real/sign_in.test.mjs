// Signing in at real authorization servers, and staying signed in. A person without a screen consents.

import assert from "node:assert/strict";
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { bridge } from "./lib/command.mjs";
import { Editor } from "./lib/editor.mjs";
import { Person } from "./lib/person.mjs";
import { newHome } from "./lib/processes.mjs";
import { SERVERS, Server } from "./lib/servers.mjs";

/** Of an access token, with these servers. */
const LIFETIME = 5_000;

const KINDS = [
  { kind: SERVERS.oidcProvider, renews: true, asks: true, revokes: true },
  { kind: SERVERS.oidcProviderBound, renews: true, asks: true, revokes: true },
  { kind: SERVERS.fastmcpOauth, renews: true, revokes: true },
  { kind: SERVERS.sdkAuthRouter },
];

for (const { kind, renews, asks, revokes } of KINDS) {
  describe(kind.name, () => {
    let server;
    before(async () => (server = await Server.start(kind)));
    after(() => server?.stop());

    /** A person, a home where nothing is remembered, and editors that are gone when the test is. */
    function it(sentence, body) {
      test(sentence, { timeout: 90_000 }, async () => {
        const desk = { home: newHome(), person: await Person.start(), editors: [] };
        const open = async (options = {}) => {
          const editor = new Editor(server.url, { home: desk.home, links: false, ...options, env: { BROWSER: desk.person.browser, ...options.env } });
          desk.editors.push(editor);
          options.prepare?.(editor);
          await editor.connect();
          return editor;
        };
        try {
          await body({ ...desk, open });
        } catch (error) {
          const stories = desk.editors.map((editor) => editor.story()).join("\n");
          throw new Error(`${error.message}\n${stories}\nThe server's last words:\n${server.output.slice(-2_000)}`, { cause: error });
        } finally {
          for (const editor of desk.editors) editor.kill();
        }
      });
    }

    it("opens one window and then answers as to the person who consented", async ({ open, person }) => {
      const editor = await open();
      assert.equal(await called(editor, "add", { a: 1, b: 2 }), "3");
      assert.match(await editor.call("whoami"), /client_?id/i);
      const page = await person.page();
      assert.equal(page.status, 200, page.steps.join("\n"));
      assert.equal(person.windows.length, 1);
      await editor.close();
    });

    it("shows the link in an editor that can, and then opens no window", async ({ open, person }) => {
      let page;
      const prepare = (editor) => {
        editor.answers.elicitation = ({ mode, url }) => {
          assert.equal(mode, "url");
          page = person.visit(url);
          return { action: "accept" };
        };
      };
      const editor = await open({ links: true, prepare });
      assert.equal(await called(editor, "add", { a: 1, b: 2 }), "3");
      assert.equal((await page).status, 200);
      assert.deepEqual([editor.asked.length, person.windows.length], [1, 0]);
      await editor.close();
    });

    it("opens no window for an editor that comes later", async ({ open, person }) => {
      const first = await open();
      await called(first, "add", { a: 1, b: 2 });
      await first.close();
      const registered = server.said("registered");
      const second = await open();
      assert.equal(await called(second, "add", { a: 2, b: 2 }), "4");
      await second.close();
      assert.deepEqual([person.windows.length, server.said("registered")], [1, registered]);
    });

    it("opens one window for five editors that start at once", async ({ open, person }) => {
      const editors = await Promise.all(Array.from({ length: 5 }, () => open()));
      const sums = await Promise.all(editors.map((editor, n) => called(editor, "add", { a: n, b: 1 })));
      assert.deepEqual(sums, ["1", "2", "3", "4", "5"]);
      assert.equal(person.windows.length, 1);
    });

    if (renews) {
      it("renews the tokens of five editors, each refresh token used once", async ({ open, person }) => {
        const editors = await Promise.all(Array.from({ length: 5 }, () => open()));
        await Promise.all(editors.map((editor) => called(editor, "add", { a: 1, b: 1 })));
        const [start, before] = [performance.now(), server.said("granted refresh_token")];
        // Two lifetimes of an access token, with calls all the while.
        while (performance.now() - start < 2 * LIFETIME) {
          const sums = await Promise.all(editors.map((editor) => editor.call("add", { a: 20, b: 22 })));
          assert.deepEqual(new Set(sums), new Set(["42"]));
          await new Promise((resolve) => setTimeout(resolve, 250));
        }
        const renewals = server.said("granted refresh_token") - before;
        assert.ok(renewals >= 1 && renewals <= 10, `${renewals} renewals in two lifetimes`);
        // Who renews is a new process, and hears which nonce is wanted now.
        const refused = server.said("refused refresh_token") - server.said("refused refresh_token: nonce is required");
        assert.deepEqual([refused, person.windows.length], [0, 1]);
      });
    } else {
      it("asks the person again when there is no refresh token and the token is void", async ({ open, person }) => {
        const editor = await open();
        await called(editor, "add", { a: 1, b: 2 });
        await fetch(new URL("/forget", server.url), { method: "POST" });
        assert.equal(await called(editor, "add", { a: 3, b: 4 }), "7");
        assert.equal(person.windows.length, 2);
      });
    }

    it("keeps tokens in private files and nowhere else", async ({ open, home }) => {
      const editor = await open();
      await called(editor, "add", { a: 1, b: 2 });
      const whoami = JSON.parse(await editor.call("whoami"));
      await editor.close();
      const files = readdirSync(home, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
      const holding = files.map((entry) => join(entry.parentPath ?? entry.path, entry.name)).filter((path) => readFileSync(path).includes(whoami.token));
      assert.ok(holding.length <= 1, holding.join(" "));
      for (const path of holding) assert.equal(statSync(path).mode & 0o077, 0, path);
      assert.ok(!editor.transport.stderr.includes(whoami.token));
    });

    if (asks) {
      it("tells the editor that the person declined, and does not ask again", async ({ open, person }) => {
        person.consents = false;
        await assert.rejects(async () => called(await open(), "add", { a: 1, b: 2 }), /declined|denied|refused/i);
        await assert.rejects(async () => called(await open(), "add", { a: 1, b: 2 }), /declined|denied|refused/i);
        assert.equal(person.windows.length, 1);
      });
    }

    if (revokes) {
      it("revokes and forgets at logout", async ({ open, home }) => {
        const editor = await open();
        await called(editor, "add", { a: 1, b: 2 });
        await editor.close();
        assert.equal((await bridge(home, {}, "status", server.url)).code, 0);
        const before = server.said("grant revoked");
        const logout = await bridge(home, {}, "logout", server.url);
        assert.equal(logout.code, 0, logout.output);
        assert.ok(server.said("grant revoked") > before, server.output.slice(-1_000));
        assert.equal((await bridge(home, {}, "status", server.url)).code, 3);
      });
    }
  });
}

/** A call that waits for a sign-in: it may find an early list of tools, which is empty, and come again. */
async function called(editor, name, args) {
  const { tools } = await editor.client.listTools();
  if (!tools.length) await editor.hears("notifications/tools/list_changed");
  return editor.call(name, args);
}
