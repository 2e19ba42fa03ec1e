// What stands between an editor and a server in companies: nginx with an authority of its own that demands a
// client certificate, tinyproxy and microsocks that demand a password, and a resolver that comes late.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Editor } from "./lib/editor.mjs";
import { Certificates, microsocks, missing, nginx, ownAddress, tinyproxy } from "./lib/networks.mjs";
import { BRIDGE, homely, neverOutlive, newHome } from "./lib/processes.mjs";
import { SERVERS, Server, freePort } from "./lib/servers.mjs";
import { eventually, within } from "./lib/wait.mjs";

const PASSWORD = "s3cret-Passw0rd";
const WRONG = "s3cret-guess";
/** Exit codes of the README. */
const UNREACHABLE = 5;
const HELLO = {
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "editor", version: "1.0.0" } },
};

/** Root needs no user namespace, and may not be allowed to make one. */
const NAMESPACE = process.getuid?.() === 0 ? ["-m"] : ["-r", "-m"];

const lacking = missing();
const skip = process.platform !== "linux" && lacking.length > 0 && `not here: ${lacking.join(", ")}`;

describe("behind the networks of companies", { skip }, () => {
  let own, server, certificates, front, http, socks;
  const url = (kind) => `${kind === "plain" ? "http" : "https"}://${own.address}:${front.ports[kind]}/mcp`;
  const proxied = (user = "", daemon = http, scheme = "http") => `${scheme}://${user}127.0.0.1:${daemon.ports.proxy}`;
  const trusting = () => ["--ca-cert", certificates.file("authority.pem")];
  const as = (name) => ["--client-cert", certificates.file(`${name}.pem`), "--client-key", certificates.file(`${name}.key`)];

  before(async () => {
    assert.deepEqual(lacking, [], `missing; on Debian: apt-get install ${lacking.join(" ")}`);
    own = ownAddress();
    certificates = new Certificates();
    for (const name of ["authority", "clients", "strangers"]) certificates.authority(name);
    certificates.issue("authority", "server", own.address);
    certificates.issue("clients", "ada");
    certificates.issue("strangers", "eve");
    server = await Server.start(SERVERS.everythingHttp);
    front = await nginx(own.address, certificates, server.port);
    http = await tinyproxy(PASSWORD, [front.ports.tls, front.ports.mutual]);
    socks = await microsocks(PASSWORD);
  });
  after(async () => {
    for (const each of [socks, http, front, server]) await each?.stop();
    own?.giveBack();
  });

  describe("nginx with an authority of its own", () => {
    it("serves who trusts it, over HTTP/2", async () => {
      const lines = await seenBy(front, () => works(url("tls"), trusting()));
      assert.ok(lines.length > 3 && lines.every((line) => line.startsWith("HTTP/2.0 ")), lines.join("\n"));
    });

    it("is believed by the variables that other programs know, too", async () => {
      for (const name of ["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"]) await works(url("tls"), [], { [name]: certificates.file("authority.pem") });
    });

    it("lets in who shows a certificate of the right authority, over HTTP/2", async () => {
      const lines = await seenBy(front, () => works(url("mutual"), [...trusting(), ...as("ada")]));
      assert.ok(lines.length > 3 && lines.every((line) => /^HTTP\/2.0 .* SUCCESS CN=ada$/.test(line)), lines.join("\n"));
    });

    it("is told apart from one that nobody trusts, with the flag that helps", () => refused(url("tls"), [], {}, [/issued by "authority", whom this machine does not trust/, /--ca-cert FILE/]));

    it("says that it wants a certificate, with the flags that give one", () =>
      refused(url("mutual"), trusting(), {}, [/wants a client certificate/, /--client-cert FILE and --client-key FILE/]));

    it("says that it wants another certificate than that of a stranger", () =>
      refused(url("mutual"), [...trusting(), ...as("eve")], {}, [/wants a client certificate, or another one/, /--client-cert FILE/]));
  });

  describe("tinyproxy with a password", () => {
    it("is used as a flag or a variable names it, for https and for a client certificate behind it", async () => {
      const right = proxied(`me:${PASSWORD}@`);
      const connects = (port) => new RegExp(`CONNECT ${own.address}:${port}`);
      const ways = [[["--proxy", right], {}], [[], { HTTPS_PROXY: right }], [[], { https_proxy: right }], [[], { ALL_PROXY: right }]];
      for (const [args, env] of ways) {
        const lines = await seenBy(http, () => works(url("tls"), [...trusting(), ...args], env));
        assert.ok(lines.some((line) => connects(front.ports.tls).test(line)), lines.join("\n"));
      }
      const lines = await seenBy(http, () => works(url("mutual"), [...trusting(), ...as("ada"), "--proxy", right]));
      assert.ok(lines.some((line) => connects(front.ports.mutual).test(line)), lines.join("\n"));
    });

    it("is asked for the whole URL of plain http", async () => {
      const right = proxied(`me:${PASSWORD}@`);
      for (const [args, env] of [[["--proxy", right], {}], [[], { HTTP_PROXY: right }]]) {
        const lines = await seenBy(http, () => works(url("plain"), ["--allow-http", ...args], env));
        assert.ok(lines.some((line) => line.includes(`POST ${url("plain")} HTTP/1.1`)), lines.join("\n"));
      }
    });

    it("is told with what helps where the password is wrong or missing", async () => {
      const missing = [/the proxy http:\/\/127\.0\.0\.1:\d+ wants a user and a password, or refuses those it was given \(HTTP 407\)/, /USER:PASSWORD@127\.0\.0\.1:\d+/];
      // It says so with HTTP 401, as if it were the server.
      const [wrong, forwarded] = [/the proxy http:\/\/127\.0\.0\.1:\d+ refuses to connect/, /the proxy http:\/\/127\.0\.0\.1:\d+, or \S+ behind it, refuses the user and the password it was given/];
      const guess = proxied(`me:${WRONG}@`);
      await Promise.all([
        refused(url("tls"), [...trusting(), "--proxy", proxied()], {}, [...missing, /into --proxy/]),
        refused(url("tls"), trusting(), { HTTPS_PROXY: proxied() }, [...missing, /into its variable/]),
        refused(url("plain"), ["--allow-http"], { HTTP_PROXY: proxied() }, missing),
        refused(url("tls"), [...trusting(), "--proxy", guess], {}, [wrong, /check the user and the password, .* check --proxy/]),
        refused(url("tls"), trusting(), { HTTPS_PROXY: guess }, [wrong, /check the user and the password, .* check HTTPS_PROXY/]),
        refused(url("plain"), ["--allow-http"], { HTTP_PROXY: guess }, [forwarded, /check them in the variable that names it/]),
        refused(url("plain"), ["--allow-http", "--proxy", guess], {}, [forwarded, /check them in --proxy/]),
      ]);
    });

    it("that does not connect to a port says so", () =>
      refused(`https://${own.address}:1/mcp`, ["--proxy", proxied(`me:${PASSWORD}@`)], {}, [/the proxy http:\/\/127\.0\.0\.1:\d+ refuses to connect to/, /check --proxy/]));

    it("that is down is named as such", async () => {
      const down = `http://me:${PASSWORD}@127.0.0.1:${await freePort()}`;
      const words = [/cannot reach the proxy http:\/\/127\.0\.0\.1:\d+ on the way to/, /nothing listens there/];
      await Promise.all([
        refused(url("tls"), ["--proxy", down], {}, [...words, /check --proxy/]),
        refused(url("tls"), [], { HTTPS_PROXY: down }, [...words, /check HTTPS_PROXY/]),
      ]);
    });

    it("is left out for what NO_PROXY names, and for this machine itself", async () => {
      const down = `http://127.0.0.1:${await freePort()}`;
      const everywhere = { HTTP_PROXY: down, HTTPS_PROXY: down, ALL_PROXY: down };
      for (const names of [own.address, "*"]) {
        await works(url("tls"), trusting(), { ...everywhere, NO_PROXY: names });
        await works(url("tls"), [...trusting(), "--proxy", down], { NO_PROXY: names });
      }
      await works(server.url, [], everywhere);
      await works(server.url, ["--proxy", down]);
    });
  });

  describe("microsocks with a password", () => {
    it("is used as a flag or a variable names it", async () => {
      for (const scheme of ["socks5", "socks5h"]) {
        const right = proxied(`me:${PASSWORD}@`, socks, scheme);
        for (const [args, env] of [[["--proxy", right], {}], [[], { ALL_PROXY: right }], [[], { HTTPS_PROXY: right }]]) {
          const lines = await clientsOf(socks, () => works(url("tls"), [...trusting(), ...args], env));
          assert.ok(lines.some((line) => line.includes(`connected to ${own.address}:${front.ports.tls}`)), lines.join("\n"));
        }
      }
      const right = proxied(`me:${PASSWORD}@`, socks, "socks5h");
      await works(url("mutual"), [...trusting(), ...as("ada"), "--proxy", right]);
      await works(url("plain"), ["--allow-http"], { ALL_PROXY: right });
    });

    it("is told with what helps where the password is wrong or missing", async () => {
      const words = [/the proxy socks5h:\/\/127\.0\.0\.1:\d+ wants a user and a password, or refuses those it was given;/, /socks5h:\/\/USER:PASSWORD@127\.0\.0\.1:\d+/];
      for (const user of [`me:${WRONG}@`, ""]) {
        await refused(url("tls"), [...trusting(), "--proxy", proxied(user, socks, "socks5h")], {}, words);
        await refused(url("tls"), trusting(), { ALL_PROXY: proxied(user, socks, "socks5h") }, words);
      }
    });

    it("that is down is named as such", async () => {
      const down = `socks5h://me:${PASSWORD}@127.0.0.1:${await freePort()}`;
      await refused(url("tls"), ["--proxy", down], {}, [/cannot reach the proxy socks5h:\/\/127\.0\.0\.1:\d+ on the way to/, /check --proxy/]);
    });
  });

  test("a name that cannot be resolved yet, as when a laptop has just found its network, is waited for", { timeout: 60_000, skip: noNamespace() }, async () => {
    const home = newHome();
    const [hosts, services] = [join(home, "hosts"), join(home, "nsswitch.conf")];
    writeFileSync(hosts, "127.0.0.1 localhost\n");
    writeFileSync(services, "hosts: files\n");
    const mounted = `mount --bind '${hosts}' /etc/hosts && mount --bind '${services}' /etc/nsswitch.conf && exec "$@"`;
    const named = `http://mcp.example.test:${front.ports.plain}/mcp`;
    const relay = run("unshare", [...NAMESPACE, "sh", "-c", mounted, "sh", BRIDGE, named, "--allow-http", "--debug"], {}, home);
    relay.child.stdin.write(`${JSON.stringify(HELLO)}\n`);
    // Some attempts: what takes this long is what the test is about.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    assert.deepEqual(relay.messages(), [], "it has given up too soon");
    writeFileSync(hosts, `127.0.0.1 localhost\n${own.address} mcp.example.test\n`);
    await eventually(20_000, `an answer; ${relay.stderr}`, () => relay.messages().length > 0);
    assert.equal(relay.messages()[0].result?.serverInfo.name, "mcp-servers/everything", relay.stdout);
    relay.child.stdin.end();
    assert.equal(await relay.exit(), 0);
  });

  function it(sentence, body) {
    test(sentence, { timeout: 120_000 }, body);
  }

  /** A session in which answers, a stream of progress and a question pass, and that ends well. */
  async function works(url, args = [], env = {}) {
    const editor = new Editor(url, { args, env, home: newHome() });
    editor.answers.elicitation = () => ({ action: "decline" });
    try {
      await editor.connect();
      assert.equal(await editor.call("echo", { message: "Grüße" }), "Echo: Grüße");
      await editor.call("trigger-long-running-operation", { duration: 0.1, steps: 2 }, { onprogress: () => {} });
      assert.equal(editor.progressOf(editor.transport.lastRequest("tools/call")).length, 2);
      assert.match(await editor.call("trigger-elicitation-request"), /User declined/);
      await editor.close();
      assertSilent(editor.transport.stderr);
    } catch (error) {
      throw new Error(`${error.message}\n${editor.story()}\nnginx:\n${front.output.slice(-1_000)}`, { cause: error });
    } finally {
      editor.kill();
    }
  }
});

/**
 * The relay and a command say these words in one sentence, with the exit code of what cannot be reached, and
 * show no password.
 */
async function refused(url, args, env, words) {
  const relay = run(BRIDGE, [url, ...args], env);
  const command = run(BRIDGE, ["tools", url, ...args], env);
  relay.child.stdin.end(`${JSON.stringify(HELLO)}\n`);
  command.child.stdin.end();
  const codes = await Promise.all([relay.exit(), command.exit()]);
  const all = [relay.stdout, relay.stderr, command.stdout, command.stderr].join("\n");
  assert.deepEqual(codes, [UNREACHABLE, UNREACHABLE], all);
  assertSilent(all);
  const [answer, ...rest] = relay.messages();
  assert.deepEqual([answer.id, answer.error?.data?.mcpbridge, rest], [HELLO.id, "unreachable", []], all);
  const said = command.stderr.trim();
  assert.equal(said.split("\n").length, 1, `one sentence:\n${all}`);
  assert.equal(command.stdout, "");
  for (const word of words) {
    assert.match(answer.error.message, word);
    assert.match(said, word);
  }
}

/** A process with what it writes, which gets the environment of the test without what names a proxy. */
function run(program, args, env, home = newHome()) {
  const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/_proxy$/i.test(name)));
  const child = neverOutlive(spawn(program, args, { env: { ...clean, ...homely(home), ...env }, stdio: "pipe" }));
  const it = {
    child,
    stdout: "",
    stderr: "",
    messages: () => it.stdout.split("\n").filter(Boolean).map((line) => JSON.parse(line)),
    exit: async () => (await within(40_000, `the end of ${args.join(" ")}`, closed))[0],
  };
  const closed = once(child, "close");
  for (const name of ["stdout", "stderr"]) child[name].setEncoding("utf8").on("data", (text) => (it[name] += text));
  return it;
}

/** What a log gains meanwhile. */
async function seenBy(daemon, body) {
  const before = daemon.seen().length;
  await body();
  return daemon.seen().slice(before);
}

/** The same of one that tells of its clients on stderr. */
async function clientsOf(daemon, body) {
  const before = daemon.output.length;
  await body();
  return daemon.output.slice(before).split("\n");
}

function assertSilent(text) {
  for (const secret of [PASSWORD, WRONG, Buffer.from(`me:${PASSWORD}`).toString("base64")]) {
    assert.ok(!text.includes(secret), `a password was told:\n${text}`);
  }
}

function noNamespace() {
  const tried = spawnSync("unshare", [...NAMESPACE, "mount", "--bind", "/etc/hosts", "/etc/hosts"], { encoding: "utf8" });
  return tried.status === 0 ? false : `no mount namespace can be made here: ${tried.stderr ?? tried.error}`;
}
