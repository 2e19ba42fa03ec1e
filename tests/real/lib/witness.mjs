// `node witness.mjs REPORT COMMAND…` runs the command on its own stdin, stdout and stderr, and
// writes how it ended to REPORT. A client that is tired of waiting kills it with SIGTERM.

import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";

const [report, program, ...args] = process.argv.slice(2);
const child = spawn(program, args, { stdio: "inherit" });
let killed = false;
process.on("SIGTERM", () => {
  killed = true;
  child.kill("SIGKILL");
});
child.once("exit", (code, signal) => {
  writeFileSync(report, JSON.stringify({ code, signal, killed }));
  process.exit(code ?? 1);
});
