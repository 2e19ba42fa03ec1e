// `node --import ./lib/glob_sync.mjs` for the conformance suite on Node 20: it imports `globSync` from
// `fs`, which came with Node 22, and calls it only in commands that look at repositories.

import * as fs from "node:fs";
import { register } from "node:module";

const SHIM = `export * from "node:fs"; export { default } from "node:fs"; export const globSync = undefined;`;
const HOOK = `export const resolve = (specifier, context, next) =>
  specifier === "fs" ? { url: ${JSON.stringify(asModule(SHIM))}, shortCircuit: true } : next(specifier, context);`;

if (!fs.globSync) register(asModule(HOOK));

function asModule(text) {
  return `data:text/javascript,${encodeURIComponent(text)}`;
}
