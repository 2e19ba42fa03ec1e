// A real Chromium, led by its remote debugging pipe: the person's browser.

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { HOME, neverOutlive } from "./processes.mjs";
import { eventually, within } from "./wait.mjs";

/** What it is called on different systems; `CHROMIUM` names another. */
const NAMES = [process.env.CHROMIUM, "chromium", "chromium-browser", "google-chrome"].filter(Boolean);
/** The sandbox refuses to run as root, which is what a container's tests are. */
const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--remote-debugging-pipe"];

/** A real browser with one page, driven over two pipes (its DevTools protocol), so without any package. */
export class Chromium {
  /** The requests, and what the console said, of this page. */
  requests = [];
  complaints = [];
  #next = 1;
  #waiting = new Map();

  static async start() {
    const program = NAMES.find((name) => spawnSync(name, ["--version"]).status === 0);
    if (!program) throw new Error("there is no Chromium; on Debian: apt-get install chromium");
    const chromium = new Chromium();
    const profile = mkdtempSync(join(HOME, "chromium-"));
    chromium.child = neverOutlive(
      spawn(program, [...FLAGS, `--user-data-dir=${profile}`], { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] }),
    );
    let pending = "";
    chromium.child.stdio[4].setEncoding("utf8").on("data", (text) => {
      const messages = (pending + text).split("\0");
      pending = messages.pop();
      for (const message of messages) chromium.#receive(JSON.parse(message));
    });
    const { targetId } = await chromium.#send("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await chromium.#send("Target.attachToTarget", { targetId, flatten: true });
    chromium.session = sessionId;
    for (const domain of ["Page", "Network", "Log", "Runtime"]) await chromium.#send(`${domain}.enable`);
    return chromium;
  }

  async open(url) {
    await this.#send("Page.navigate", { url });
  }

  /** Waits until the page's URL begins so, and the page is complete. */
  async arrives(at) {
    await eventually(20_000, `the browser arrives at ${at}`, async () => {
      const [url, state] = await this.read("[location.href, document.readyState]").catch(() => []);
      return url?.startsWith(at) && state === "complete";
    });
  }

  /** Waits for an element and clicks on it, as a person does. */
  async click(selector) {
    const found = `document.querySelector(${JSON.stringify(selector)})`;
    await eventually(20_000, `${selector} is there`, () => this.read(`document.readyState === "complete" && !!${found}`).catch(() => false));
    await this.#evaluate(`${found}.click()`, { userGesture: true });
  }

  async type(selector, text) {
    await eventually(20_000, `${selector} is there`, () => this.read(`!!document.querySelector(${JSON.stringify(selector)})`).catch(() => false));
    await this.#evaluate(`document.querySelector(${JSON.stringify(selector)}).focus()`);
    await this.#send("Input.insertText", { text });
  }

  /** The value of an expression in the page. */
  async read(expression) {
    const { result, exceptionDetails } = await this.#evaluate(expression, { returnByValue: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  /** As on a screen that is dark or light, and this wide. */
  async appear({ scheme, width }) {
    await this.#send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: scheme }] });
    await this.#send("Emulation.setDeviceMetricsOverride", { width, height: 800, deviceScaleFactor: 1, mobile: false });
  }

  async stop() {
    const exited = once(this.child, "exit");
    this.child.kill("SIGKILL");
    await within(5_000, "Chromium is gone", exited);
  }

  #evaluate(expression, options = {}) {
    return this.#send("Runtime.evaluate", { expression, ...options });
  }

  #send(method, params = {}) {
    const id = this.#next++;
    this.child.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId: this.session })}\0`);
    return within(20_000, `Chromium does ${method}`, new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject })));
  }

  #receive({ id, result, error, method, params }) {
    if (id !== undefined) {
      const { resolve, reject } = this.#waiting.get(id);
      this.#waiting.delete(id);
      return error ? reject(new Error(error.message)) : resolve(result);
    }
    if (method === "Network.requestWillBeSent") this.requests.push(params.request.url);
    if (method === "Log.entryAdded") this.complaints.push(`${params.entry.text} ${params.entry.url ?? ""}`.trim());
    if (method === "Runtime.exceptionThrown") this.complaints.push(params.exceptionDetails.text);
  }
}
