// What npm asks of a registry, answered for the packages of a release.

import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { run } from "./lib.mjs";

export class Registry {
  packages = new Map();
  /** The packages whose files were taken. */
  fetched = new Set();

  static async start(tarballs) {
    const it = new Registry();
    it.server = createServer((request, response) => it.answer(decodeURIComponent(request.url), response));
    it.server.listen(0, "127.0.0.1");
    await once(it.server, "listening");
    it.url = `http://127.0.0.1:${it.server.address().port}`;
    for (const file of tarballs) {
      const bytes = readFileSync(file);
      const about = JSON.parse(run("tar", ["-xzOf", file, "package/package.json"]));
      const integrity = `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
      it.packages.set(about.name, { ...about, bytes, dist: { tarball: `${it.url}/file/${about.name}`, integrity } });
    }
    return it;
  }

  answer(path, response) {
    const name = path.replace(/^\/(file\/)?/, "");
    if (!this.packages.has(name)) return response.writeHead(404).end("{}");
    const { bytes, ...about } = this.packages.get(name);
    if (path.startsWith("/file/")) {
      this.fetched.add(name);
      return response.end(bytes);
    }
    response.end(JSON.stringify({ name, "dist-tags": { latest: about.version }, versions: { [about.version]: about } }));
  }
}
