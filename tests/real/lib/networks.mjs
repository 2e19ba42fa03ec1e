// What lies between: certificates and their authorities, nginx, proxies, an address of its own.

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { HOME, neverOutlive } from "./processes.mjs";
import { accepts, freePort } from "./servers.mjs";
import { eventually, within } from "./wait.mjs";

/** For documentation alone (RFC 5737), so nobody else has it. */
const LENT = "198.51.100.77";

/**
 * An address of this machine that is not its loopback, because nothing on the loopback is reached through a
 * proxy. Where there is none, root lends one to the loopback device; `giveBack` takes it away again.
 */
export function ownAddress() {
  const own = Object.values(networkInterfaces()).flat().find(({ family, internal }) => family === "IPv4" && !internal);
  if (own) return { address: own.address, giveBack() {} };
  const lo = (verb) => spawnSync("ip", ["address", verb, `${LENT}/32`, "dev", "lo"], { encoding: "utf8", env: { ...process.env, PATH } });
  const lent = lo("add");
  if (lent.status !== 0) throw new Error(`this machine has no address but its loopback, and none can be lent: ${lent.stderr ?? lent.error}`);
  return { address: LENT, giveBack: () => lo("del") };
}

/** Authorities and certificates, made by openssl: `name.pem` and `name.key` in one folder. */
export class Certificates {
  folder = mkdtempSync(join(HOME, "certificates-"));

  file(name) {
    return join(this.folder, name);
  }

  authority(name) {
    this.#openssl("req", "-x509", ...NEW_KEY, "-keyout", `${name}.key`, "-out", `${name}.pem`, "-days", "2", "-subj", `/CN=${name}`);
  }

  /** One that `authority` gives to `name`, for an address if it is a server's. */
  issue(authority, name, address) {
    const usage = address ? `extendedKeyUsage=serverAuth\nsubjectAltName=IP:${address}` : "extendedKeyUsage=clientAuth";
    writeFileSync(this.file(`${name}.cnf`), `${usage}\n`);
    this.#openssl("req", ...NEW_KEY, "-keyout", `${name}.key`, "-out", `${name}.csr`, "-subj", `/CN=${name}`);
    const by = ["-CA", `${authority}.pem`, "-CAkey", `${authority}.key`, "-CAcreateserial"];
    this.#openssl("x509", "-req", "-in", `${name}.csr`, ...by, "-out", `${name}.pem`, "-days", "2", "-extfile", `${name}.cnf`);
  }

  #openssl(...args) {
    const made = spawnSync("openssl", args, { cwd: this.folder, encoding: "utf8" });
    if (made.status !== 0) throw new Error(`openssl ${args.join(" ")}: ${made.stderr ?? made.error}`);
  }
}

const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

/** Where daemons are is not on everybody's. */
const PATH = `${process.env.PATH}:/usr/sbin:/sbin`;

/** What of these this machine lacks, by the names of Debian's packages. */
export function missing() {
  const programs = { nginx: "nginx-light", tinyproxy: "tinyproxy", microsocks: "microsocks", openssl: "openssl" };
  const lacks = (program) => spawnSync("sh", ["-c", `command -v ${program}`], { env: { ...process.env, PATH } }).status !== 0;
  return Object.entries(programs).filter(([program]) => lacks(program)).map(([, name]) => name);
}

/** A daemon of the system that is told to stay in front, with a folder of its own. */
class Daemon {
  constructor(name, ports) {
    this.name = name;
    this.ports = ports;
    this.folder = mkdtempSync(join(HOME, `${name}-`));
    this.output = "";
  }

  async run(address, program, ...args) {
    const child = neverOutlive(spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, PATH } }));
    this.child = child;
    let failure;
    child.once("error", (error) => (failure = error.message));
    child.once("exit", (code) => (failure ??= `it exited with code ${code}`));
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (this.output += text));
    for (const port of Object.values(this.ports)) {
      await eventually(15_000, `${this.name} listens on ${address}:${port}`, () => {
        if (failure) throw new Error(`${this.name} did not start: ${failure}\n${this.output}`);
        return accepts(port, address);
      });
    }
    return this;
  }

  /** The lines of its log. */
  seen() {
    const lines = readFileSync(join(this.folder, "log"), "utf8").split("\n");
    return lines.filter((line) => line !== "");
  }

  async stop() {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, "exit");
    this.child.kill("SIGKILL");
    await within(5_000, `${this.name} is gone`, exited);
  }
}

/**
 * nginx in front of the server on `port`: with TLS (`tls`), with TLS for those who show a certificate
 * (`mutual`), and without (`plain`). A line of its log is protocol, request, status, and who was verified.
 */
export async function nginx(address, certificates, port) {
  const ports = { tls: await freePort(address), mutual: await freePort(address), plain: await freePort(address) };
  const daemon = new Daemon("nginx", ports);
  const { folder } = daemon;
  for (const part of ["body", "proxy", "fastcgi", "uwsgi", "scgi"]) mkdirSync(join(folder, part));
  const paths = ["fastcgi", "uwsgi", "scgi", "proxy"].map((part) => `${part}_temp_path ${join(folder, part)};`).join("\n");
  const shown = `ssl_certificate ${certificates.file("server.pem")}; ssl_certificate_key ${certificates.file("server.key")};`;
  const checked = `ssl_client_certificate ${certificates.file("clients.pem")}; ssl_verify_client on;`;
  const pass = `location / { proxy_pass http://127.0.0.1:${port}; }`;
  const configuration = `
    daemon off; master_process off; pid ${join(folder, "pid")}; error_log stderr info;
    events {}
    http {
      log_format ours '$server_protocol $request_method $uri $status $ssl_client_verify $ssl_client_s_dn';
      access_log ${join(folder, "log")} ours;
      client_body_temp_path ${join(folder, "body")};
      ${paths}
      proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; proxy_read_timeout 1h;
      server { listen ${address}:${ports.tls} ssl http2; ${shown} ${pass} }
      server { listen ${address}:${ports.mutual} ssl http2; ${shown} ${checked} ${pass} }
      server { listen ${address}:${ports.plain}; ${pass} }
    }`;
  writeFileSync(join(folder, "nginx.conf"), configuration);
  return daemon.run(address, "nginx", "-p", folder, "-c", join(folder, "nginx.conf"));
}

/** tinyproxy, which knows `me` by `password`, and connects to these ports alone. */
export async function tinyproxy(password, connects) {
  const daemon = new Daemon("tinyproxy", { proxy: await freePort() });
  const configuration = [
    `Port ${daemon.ports.proxy}`,
    "Listen 127.0.0.1",
    "Timeout 600",
    "MaxClients 100",
    `LogFile "${join(daemon.folder, "log")}"`,
    "LogLevel Connect",
    `BasicAuth me ${password}`,
    ...connects.map((port) => `ConnectPort ${port}`),
  ];
  writeFileSync(join(daemon.folder, "conf"), `${configuration.join("\n")}\n`);
  return daemon.run("127.0.0.1", "tinyproxy", "-d", "-c", join(daemon.folder, "conf"));
}

/** microsocks, which knows `me` by `password`. It tells of its clients on stderr. */
export async function microsocks(password) {
  const daemon = new Daemon("microsocks", { proxy: await freePort() });
  const port = String(daemon.ports.proxy);
  return daemon.run("127.0.0.1", "microsocks", "-i", "127.0.0.1", "-p", port, "-u", "me", "-P", password);
}
