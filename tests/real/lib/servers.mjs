// The servers under test, which nobody here has written: how each is started, and when it listens.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { HERE, HOME, PYTHON, PYTHON_2, neverOutlive } from "./processes.mjs";
import { eventually, within } from "./wait.mjs";

const EVERYTHING = join(HERE, "node_modules/@modelcontextprotocol/server-everything/dist/index.js");

/**
 * The servers under test: how to start one on a port, where its MCP endpoint is, and
 * what it prints when a client opens and ends a session.
 */
export const SERVERS = {
  everythingHttp: {
    name: "server-everything over Streamable HTTP",
    command: () => [process.execPath, EVERYTHING, "streamableHttp"],
    path: "/mcp",
    opened: /Session initialized with ID/g,
    ended: /Received session termination request/g,
  },
  everythingSse: {
    name: "server-everything over HTTP+SSE",
    command: () => [process.execPath, EVERYTHING, "sse"],
    path: "/sse",
    opened: /Client Connected:/g,
    ended: /Client Disconnected:/g,
  },
  pythonSdk: {
    name: "the Python SDK server",
    command: (port) => [PYTHON, join(HERE, "servers/python_sdk.py"), port],
    path: "/mcp",
    opened: /Created new transport with session ID/g,
    ended: /"DELETE \/mcp HTTP\/1.1" 200/g,
  },
  typescript2Modern: sdk2("the TypeScript SDK 2 of the modern era", process.execPath, "typescript_sdk_2.mjs", "modern"),
  typescript2Dual: sdk2("the TypeScript SDK 2 of both eras", process.execPath, "typescript_sdk_2.mjs", "dual"),
  typescript2Legacy: sdk2("the TypeScript SDK 2 of the legacy era", process.execPath, "typescript_sdk_2.mjs", "legacy"),
  python2Modern: sdk2("the Python SDK 2 of the modern era", PYTHON_2, "python_sdk_2.py", "modern"),
  python2Dual: sdk2("the Python SDK 2 of both eras", PYTHON_2, "python_sdk_2.py", "dual"),
  fastmcp: {
    name: "the FastMCP server",
    command: (port) => [PYTHON, join(HERE, "servers/fastmcp_server.py"), port],
    path: "/mcp",
    opened: /Created new transport with session ID/g,
    ended: /"DELETE \/mcp HTTP\/1.1" 200/g,
  },
  oidcProvider: {
    name: "an MCP server behind oidc-provider",
    command: (port) => [process.execPath, join(HERE, "servers/oidc_provider.mjs"), port],
    path: "/mcp",
    opened: /session opened/g,
    ended: /session ended/g,
  },
  oidcProviderInHaste: {
    name: "an MCP server behind oidc-provider whose codes live for 6 s",
    command: (port) => [process.execPath, join(HERE, "servers/oidc_provider.mjs"), port, "5", "6"],
    path: "/mcp",
    opened: /session opened/g,
    ended: /session ended/g,
  },
  oidcProviderBound: {
    name: "an MCP server behind oidc-provider that takes tokens with a proof only",
    command: (port) => [process.execPath, join(HERE, "servers/oidc_provider.mjs"), port, "5", "600", "bound"],
    path: "/mcp",
    opened: /session opened/g,
    ended: /session ended/g,
  },
  fastmcpOauth: {
    name: "a FastMCP server behind FastMCP's authorization server",
    command: (port) => [PYTHON, join(HERE, "servers/fastmcp_oauth.py"), port],
    path: "/mcp",
    opened: /Created new transport with session ID/g,
    ended: /"DELETE \/mcp HTTP\/1.1" 200/g,
  },
  sdkAuthRouter: {
    name: "an MCP server behind the TypeScript SDK's authorization server",
    command: (port) => [process.execPath, join(HERE, "servers/sdk_auth_router.mjs"), port],
    path: "/mcp",
    opened: /session opened/g,
    ended: /session ended/g,
  },
};

/** The modern era has no sessions, so there are none to be counted. */
function sdk2(name, program, script, era) {
  return { name, command: (port) => [program, join(HERE, "servers", script), era, port], path: "/mcp" };
}

/** A real server on a free port of this machine. */
export class Server {
  static async start(kind) {
    const server = new Server(kind, await freePort());
    await server.#run();
    return server;
  }

  constructor(kind, port) {
    this.kind = kind;
    this.port = port;
    this.url = `http://127.0.0.1:${port}${kind.path}`;
    this.output = "";
  }

  /** How many sessions clients have opened and ended so far. */
  get opened() {
    return this.output.match(this.kind.opened)?.length ?? 0;
  }
  get ended() {
    return this.output.match(this.kind.ended)?.length ?? 0;
  }

  /** How often it has said something like this so far. */
  said(words) {
    return this.output.split(words).length - 1;
  }

  /** Gone without a goodbye and back on the same port, with no memory of any session. */
  async restart() {
    await this.stop();
    await this.#run();
  }

  async stop() {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, "exit");
    this.child.kill("SIGKILL");
    await within(5_000, `${this.kind.name} is gone`, exited);
  }

  async #run() {
    const [program, ...args] = this.kind.command(String(this.port));
    const child = neverOutlive(
      spawn(program, args, {
        stdio: ["ignore", "pipe", "pipe"],
        // Wide enough that no log line is wrapped; log lines are how sessions are counted.
        env: { ...process.env, HOME, PORT: String(this.port), COLUMNS: "300", PYTHONUNBUFFERED: "1" },
      }),
    );
    this.child = child;
    let failure;
    child.once("error", (error) => (failure = error.message));
    child.once("exit", (code) => (failure ??= `it exited with code ${code}`));
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => (this.output += text));
    }
    // A cold start of Python on a busy machine takes many seconds.
    await eventually(60_000, `${this.kind.name} listens on port ${this.port}`, () => {
      if (failure) throw new Error(`${this.kind.name} did not start: ${failure}\n${this.output}`);
      return accepts(this.port);
    });
  }
}

export async function freePort(address = "127.0.0.1") {
  const probe = createServer().listen(0, address);
  await once(probe, "listening");
  const { port } = probe.address();
  probe.close();
  await once(probe, "close");
  return port;
}

export function accepts(port, address = "127.0.0.1") {
  return new Promise((resolve) => {
    const socket = connect(port, address);
    socket.once("error", () => resolve(false));
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
  });
}
