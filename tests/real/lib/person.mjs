// A person who signs in with a browser made of HTTP requests: follows links, keeps cookies, presses the button.

import { once } from "node:events";
import { chmodSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { createServer } from "node:net";
import { join } from "node:path";
import { HOME } from "./processes.mjs";
import { eventually } from "./wait.mjs";

/** What a browser sends when a person goes somewhere; some servers answer anything else with JSON. */
const NAVIGATION = {
  accept: "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8",
  "user-agent": "Mozilla/5.0 (X11; Linux x86_64) A person of the tests",
  "sec-fetch-dest": "document",
  "sec-fetch-mode": "navigate",
  "sec-fetch-site": "none",
  "upgrade-insecure-requests": "1",
};
const MOST_STEPS = 40;

let people = 0;

/**
 * The person at the browser. `$BROWSER` of the bridge is a script that only tells this process which
 * URL was opened; the person then goes there with cookies, follows redirects, fills in forms, and
 * stops at the page of the redirect URI.
 */
export class Person {
  /** Every URL that was opened, in order. */
  windows = [];
  #cookies = new Map();
  #ended = [];

  /**
   * `prompt`: goes to every window at once, without being told. `consents`: or declines.
   * `answers`: what to write into forms, by the name of the field.
   */
  static async start({ prompt = true, consents = true, answers = {} } = {}) {
    const person = new Person();
    Object.assign(person, { prompt, consents, answers });
    const server = createServer((socket) => person.#hear(socket)).listen(0, "127.0.0.1");
    await once(server, "listening");
    // A person who is no longer needed keeps no test waiting.
    server.unref();
    person.browser = join(HOME, `browser-${process.pid}-${people++}`);
    const { port } = server.address();
    writeFileSync(
      person.browser,
      `#!/usr/bin/env bash\necho 'a browser talks on stdout'\nexec 3<>/dev/tcp/127.0.0.1/${port}\nprintf '%s\\n' "$1" >&3\n`,
    );
    chmodSync(person.browser, 0o755);
    return person;
  }

  /** The last page of the `n`-th window (from 1). */
  async page(n = 1) {
    await eventually(20_000, `window ${n} is opened`, () => this.windows.length >= n);
    return (this.#ended[n - 1] ??= this.visit(this.windows[n - 1]));
  }

  /** Goes to a URL and on from there until the client's own page, or until nothing is left to do. */
  async visit(start, consents = this.consents) {
    const home = new URL(start).searchParams.get("redirect_uri");
    const steps = [];
    let declined = false;
    let page = await this.#load("GET", start);
    for (;;) {
      steps.push(`${page.status} ${page.url}`);
      if (steps.length > MOST_STEPS) throw new Error(`the person is sent round in circles:\n${steps.join("\n")}`);
      const next = home && page.url.startsWith(home) ? redirect(page) : (redirect(page) ?? (declined ? undefined : this.#act(page, consents)));
      declined ||= next?.declines;
      if (!next) return { ...page, steps };
      page = await this.#load(next.method, next.url, next.body);
    }
  }

  #hear(socket) {
    let text = "";
    socket.setEncoding("utf8").on("error", () => {});
    socket.on("data", (chunk) => (text += chunk));
    socket.once("end", () => {
      socket.end();
      this.windows.push(text.trim());
      if (!this.prompt) return;
      const n = this.windows.length - 1;
      this.#ended[n] = this.visit(this.windows[n]);
      // Whoever waits for the page hears of it; without one, the bridge never gets its answer.
      this.#ended[n].catch((error) => console.error(`the person gave up: ${error.message}`));
    });
  }

  /** The next thing to do on a page that is not the last: a button, a filled-in form, a way out. */
  #act(page, consents) {
    if (!consents) {
      const exit = wayOut(page);
      if (exit) return exit;
    }
    const form = forms(page).find((form) => form.fields.length || form.buttons.length);
    if (!form) return undefined;
    const filled = form.fields.map(([name, value]) => [name, this.answers[name] ?? (value || "ada")]);
    const button = form.buttons.find(({ label, value }) => /deny|cancel|reject|abort|no\b/i.test(`${label} ${value}`) === !consents);
    if (button?.name) filled.push([button.name, button.value]);
    return { ...send(form, filled), declines: !consents && button !== undefined };
  }

  async #load(method, url, body) {
    const { hostname, pathname } = new URL(url);
    const jar = this.#cookies.get(hostname) ?? new Map();
    const cookie = [...jar].filter(([, { path }]) => pathname.startsWith(path)).map(([name, { value }]) => `${name}=${value}`);
    const headers = { ...NAVIGATION };
    if (cookie.length) headers.cookie = cookie.join("; ");
    if (body !== undefined) {
      headers["content-type"] = "application/x-www-form-urlencoded";
      headers["content-length"] = Buffer.byteLength(body);
      headers.origin = new URL(url).origin;
    }
    const response = await new Promise((resolve, reject) => {
      const sent = request(url, { method, headers, timeout: 30_000 }, resolve);
      sent.once("error", reject).once("timeout", () => sent.destroy(new Error(`no answer from ${url}`)));
      sent.end(body);
    });
    for (const line of response.headers["set-cookie"] ?? []) {
      const [pair, ...attributes] = line.split(";").map((part) => part.trim());
      const cut = pair.indexOf("=");
      const path = attributes.find((attribute) => /^path=/i.test(attribute))?.slice(5) ?? "/";
      const gone = attributes.some((attribute) => /^expires=thu, 01 jan 1970|^max-age=0$/i.test(attribute));
      if (gone) jar.delete(pair.slice(0, cut));
      else jar.set(pair.slice(0, cut), { value: pair.slice(cut + 1), path });
    }
    this.#cookies.set(hostname, jar);
    let text = "";
    for await (const chunk of response.setEncoding("utf8")) text += chunk;
    return { url, status: response.statusCode, headers: response.headers, body: text };
  }
}

function redirect({ status, headers, url }) {
  if (status < 300 || status > 399 || !headers.location) return undefined;
  return { method: "GET", url: new URL(headers.location, url).href };
}

/** Forms by their text: the pages of the servers under test are simple. */
function forms(page) {
  return [...page.body.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/gi)].map(([, head, inner]) => {
    const id = attribute(head, "id");
    const controls = [...controlsIn(inner), ...controlsIn(page.body).filter(({ form }) => id && form === id)];
    return {
      method: (attribute(head, "method") ?? "get").toUpperCase(),
      url: new URL(attribute(head, "action") || page.url, page.url).href,
      fields: controls.filter(({ kind, name }) => kind !== "submit" && name).map(({ name, value }) => [name, value]),
      buttons: controls.filter(({ kind }) => kind === "submit"),
    };
  });
}

function controlsIn(text) {
  return [...text.matchAll(/<(input|button)\b([^>]*)>(?:([^<]*)<\/button>)?/gi)].map(([, tag, attributes, label]) => ({
    kind: attribute(attributes, "type") ?? (tag.toLowerCase() === "button" ? "submit" : "text"),
    name: attribute(attributes, "name"),
    value: attribute(attributes, "value") ?? "",
    label: label ?? "",
    // Of a button that stands outside its form.
    form: attribute(attributes, "form"),
  }));
}

function send({ method, url }, fields) {
  const body = new URLSearchParams(fields).toString();
  return method === "POST" ? { method, url, body } : { method, url: `${url.split("?")[0]}?${body}` };
}

function wayOut(page) {
  const link = page.body.match(/<a\b([^>]*)>[^<]*(?:cancel|deny|abort|reject)[^<]*<\/a>/i);
  const href = link && attribute(link[1], "href");
  return href ? { method: "GET", url: new URL(href, page.url).href } : undefined;
}

function attribute(text, name) {
  const found = text.match(new RegExp(`\\b${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)'|([^\\s"'>]+))`, "i"));
  const value = found?.[1] ?? found?.[2] ?? found?.[3];
  return value?.replaceAll("&amp;", "&").replaceAll("&quot;", '"').replaceAll("&#39;", "'");
}
