// Programs that run to their end, mcpbridge among them, and what they said.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { BRIDGE, homely, neverOutlive } from "./processes.mjs";
import { within } from "./wait.mjs";

/** Runs a program to its end; `output` is what it wrote to stdout and stderr. */
export async function ran(program, args, options = {}, patience = 30_000) {
  const child = neverOutlive(spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], ...options }));
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (output += text));
  const [code] = await within(patience, `the end of ${args.join(" ")}`, once(child, "close"));
  return { code, output };
}

/** Runs `mcpbridge` in a home, perhaps with further variables. */
export function bridge(home, env, ...args) {
  return ran(BRIDGE, args, { env: { ...process.env, ...homely(home), ...env } });
}
