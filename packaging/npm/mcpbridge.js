#!/usr/bin/env node
// Starts the native program, which npm has installed as the one optional package that fits this
// machine. The program gets stdin, stdout and stderr themselves, so no message passes through here.
"use strict";

const { spawn } = require("node:child_process");
const { constants } = require("node:os");

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"];

const { optionalDependencies } = require("./package.json");
const name = `@mcpbridge/${process.platform}-${process.arch}`;
const file = process.platform === "win32" ? "mcpbridge.exe" : "mcpbridge";

let program;
try {
  program = require.resolve(`${name}/${file}`);
} catch {
  stop(
    name in optionalDependencies
      ? `the package ${name} is not installed: install mcpbridge again, with optional packages (npm leaves them out with --omit=optional) and with the lock file made on this kind of machine`
      : `there is no package for ${process.platform} on ${process.arch}: build the program from its source, with cargo install --locked --path .`,
  );
}

const child = spawn(program, process.argv.slice(2), { stdio: "inherit" });
// Who wants to stop the program knows only this process.
for (const signal of SIGNALS) process.on(signal, () => child.kill(signal));
child.on("error", (error) => stop(`${program} cannot be started: ${error.message}`));
child.on("exit", (code, signal) => {
  if (signal === null) process.exit(code);
  for (const each of SIGNALS) process.removeAllListeners(each);
  // Ends as the program did. A signal that does not end Node is said with the code that a shell has for it.
  process.exitCode = 128 + (constants.signals[signal] ?? 0);
  process.kill(process.pid, signal);
});

function stop(reason) {
  process.stderr.write(`mcpbridge: ${reason}\n`);
  process.exit(1);
}
