// The static program in a folder where nothing else is, no C library, no certificates, no names and no users, and in
// the container image, which has little more. Started by the script `static`; the servers are outside, on the same
// network.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { createServer } from "node:https";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import test, { after, before, beforeEach } from "node:test";
import { BRIDGE, converse, Demo, release, run, scratch, VERSION } from "./lib.mjs";

const root = scratch();
const DEADLINE = 60_000;
// Only root may change the root; what the program then writes is ours.
const BEFORE = process.getuid() === 0 ? [] : ["sudo", "-n"];
const CHROOT = ["/usr/sbin/chroot", `--userspec=${process.getuid()}:${process.getgid()}`, root];
const NO_IMAGE = spawnSync("buildah", ["--version"]).status !== 0 ? "needs buildah" : process.getuid() !== 0 && "needs root";
let demo, server;

before(async () => {
  demo = await Demo.start();
});
beforeEach(() => {
  for (const name of readdirSync(root)) rmSync(join(root, name), { recursive: true });
  copyFileSync(BRIDGE, join(root, "mcpbridge"));
});
after(() => {
  server?.close();
  demo?.child.kill();
});

test("it runs alone", { timeout: DEADLINE }, async () => {
  assert.deepEqual(readdirSync(root), ["mcpbridge"]);
  assert.deepEqual(await inside(["--version"]), { status: 0, stdout: `mcpbridge ${VERSION}\n`, stderr: "" });
  const page = await inside(["man"]);
  assert.deepEqual([page.status, page.stderr], [0, ""]);
  // The tour starts the program a second time.
  const tour = await inside(["demo"]);
  assert.equal(tour.status, 1);
  assert.match(tour.stderr, /Is \/proc mounted\?/);
  assert.deepEqual(readdirSync(root), ["mcpbridge"], "it left something behind");
});

test("an editor talks to a server through it, without a home and without a user", { timeout: DEADLINE }, async () => {
  assert.deepEqual(await converse(start([demo.url])), [0, null]);
});

test("localhost is found in /etc/hosts, as a container has it", { timeout: DEADLINE }, async () => {
  hosts("127.0.0.1 localhost");
  assert.deepEqual(await converse(start([demo.url.replace("127.0.0.1", "localhost")])), [0, null]);
});

test("without certificates https says what is missing, and with them it works", { timeout: DEADLINE }, async () => {
  const { url, certificate } = await https();
  hosts("127.0.0.1 server.internal");
  const refused = await inside(["tools", url]);
  assert.equal(refused.status, 5, refused.stderr);
  const words = /this machine has no CA certificates; install ca-certificates, or name a file: --ca-cert FILE/;
  assert.match(refused.stderr, words);
  copyFileSync(certificate, join(root, "authority.pem"));
  const named = await inside(["tools", url, "--ca-cert", "/authority.pem"]);
  assert.equal(named.status, 0, named.stderr);
  // Where the container image has them.
  mkdirSync(join(root, "etc/ssl/certs"), { recursive: true });
  copyFileSync(certificate, join(root, "etc/ssl/certs/ca-certificates.crt"));
  const found = await inside(["tools", url]);
  assert.deepEqual(found, named);
});

test("where there is no keychain a secret is kept in a file under HOME", { timeout: DEADLINE }, async () => {
  mkdirSync(join(root, "home"));
  const kept = await inside(["secret", "set", "work"], { input: "s3cret\n", env: { HOME: "/home" } });
  assert.equal(kept.status, 0, kept.stderr);
  assert.doesNotMatch(kept.stdout + kept.stderr, /s3cret/);
  const used = await inside(["tools", demo.url, "--header-from", "X-Key=keychain:work"], { env: { HOME: "/home" } });
  assert.equal(used.status, 0, used.stderr);
});

test("the container image has the program and its certificates, and runs as nobody", { timeout: DEADLINE, skip: NO_IMAGE }, () => {
  const [folder, store] = [scratch(), scratch()];
  const context = join(folder, "context");
  const processor = { x64: "amd64", arm64: "arm64" }[process.arch];
  release("archive", `${processor === "amd64" ? "x86_64" : "aarch64"}-unknown-linux-musl`, BRIDGE, folder);
  release("image", folder, context);
  // Without a daemon and without the stores of the machine.
  const buildah = (...args) => run("buildah", ["--storage-driver", "vfs", "--root", store, "--runroot", `${store}/run`, ...args]).trim();
  buildah("bud", "--isolation", "chroot", "--quiet", "--build-arg", `TARGETARCH=${processor}`, "--build-arg", `VERSION=${VERSION}`,
    "--build-arg", "REVISION=0", "--build-arg", "SOURCE=https://repository.invalid", "--tag", "bridge", context);
  const { config } = JSON.parse(buildah("inspect", "--type", "image", "bridge")).OCIv1;
  assert.deepEqual([config.User, config.Entrypoint], ["65532:65532", ["/usr/bin/mcpbridge"]]);
  assert.equal(config.Labels["org.opencontainers.image.version"], VERSION);
  const container = buildah("from", "bridge");
  const files = run("find", [".", "-type", "f"], { cwd: buildah("mount", container) }).trim().split("\n").sort();
  assert.deepEqual(files, ["./etc/ssl/certs/ca-certificates.crt", "./usr/bin/mcpbridge"]);
  assert.match(buildah("run", "--isolation", "chroot", container, "--", ...config.Entrypoint, "demo"), /Hello, Ada!/);
  buildah("umount", container);
});

function hosts(line) {
  mkdirSync(join(root, "etc"));
  writeFileSync(join(root, "etc/hosts"), `${line}\n`);
}

/** The program below the new root, without a single variable but those of `env`. */
function start(args, env = {}) {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const [program, ...rest] = [...BEFORE, "env", "-i", ...variables, ...CHROOT, "/mcpbridge", ...args];
  return spawn(program, rest);
}

/** What it says, with `input` on its stdin. */
async function inside(args, { input = "", env } = {}) {
  const child = start(args, env);
  child.stdin.end(input);
  const [[status], stdout, stderr] = await Promise.all([once(child, "close"), text(child.stdout), text(child.stderr)]);
  return { status, stdout, stderr };
}

/** The sample server behind TLS, with a certificate that is its own authority. */
async function https() {
  const folder = scratch();
  const [key, certificate] = [join(folder, "key.pem"), join(folder, "certificate.pem")];
  run("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key,
    "-out", certificate, "-days", "2", "-subj", "/CN=test", "-addext", "subjectAltName=DNS:server.internal",
    "-addext", "basicConstraints=critical,CA:FALSE"]);
  server = createServer({ key: readFileSync(key), cert: readFileSync(certificate) }, (request, response) => {
    const { method, headers } = request;
    const onward = httpRequest(demo.url, { method, headers: { ...headers, host: new URL(demo.url).host } }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { url: `https://server.internal:${server.address().port}/mcp`, certificate };
}
