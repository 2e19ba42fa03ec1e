// The pages of a sign-in in a real browser: headless Chromium logs in and consents at oidc-provider, and
// comes back to the page of the bridge.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Chromium } from "./lib/chromium.mjs";
import { Editor } from "./lib/editor.mjs";
import { Person } from "./lib/person.mjs";
import { newHome } from "./lib/processes.mjs";
import { SERVERS, Server } from "./lib/servers.mjs";
import { eventually } from "./lib/wait.mjs";

/** WCAG 2, level AA, for text of any size. */
const READABLE = 4.5;
/** A name that only a page which escapes it shows as it is. */
const NAME = "Ada's <i>Editor</i>";

describe("the pages of a sign-in in Chromium", () => {
  let server;
  before(async () => (server = await Server.start(SERVERS.oidcProvider)));
  after(() => server?.stop());

  /** An editor whose sign-in has opened a window, and Chromium at the consent page of that window. */
  function it(sentence, body) {
    test(sentence, { timeout: 90_000 }, async () => {
      const person = await Person.start({ prompt: false });
      const chromium = await Chromium.start();
      const editor = new Editor(server.url, { home: newHome(), name: NAME, links: false, env: { BROWSER: person.browser } });
      try {
        const connected = editor.connect();
        connected.catch(() => {});
        await eventually(20_000, "a window is opened", () => person.windows.length > 0);
        const [url] = person.windows;
        await chromium.open(url);
        await chromium.type("input[name=login]", "ada");
        await chromium.type("input[name=password]", "secret");
        await chromium.click("button[type=submit]");
        await eventually(20_000, "the consent page", () => chromium.read("!document.querySelector('input[name=login]') && !!document.querySelector('form button')").catch(() => false));
        await body({ chromium, editor, connected, home: new URL(url).searchParams.get("redirect_uri") });
      } catch (error) {
        const page = await chromium.read("location.href + '\\n' + document.body.innerText").catch(() => "(no page)");
        throw new Error(`${error.message}\nThe page:\n${page}\n${editor.story()}`, { cause: error });
      } finally {
        editor.kill();
        await chromium.stop();
      }
    });
  }

  it("end with one that says in which editor one is signed in, and where, readable in dark and light", async ({ chromium, editor, connected, home }) => {
    chromium.requests.length = chromium.complaints.length = 0;
    await chromium.click("button[type=submit]");
    await chromium.arrives(home);
    const text = await chromium.read("document.body.innerText");
    assert.match(text, /signed in/i);
    for (const named of [NAME, new URL(server.url).host]) assert.ok(text.includes(named), `${named} in: ${text}`);
    assert.match(await chromium.read("document.title"), /signed in/i);
    assert.equal(await chromium.read("document.documentElement.lang"), "en");
    await looksRight(chromium, home);
    await connected;
    assert.equal(await editor.call("add", { a: 1, b: 2 }), "3");
  });

  it("end, for who declines, with one that says what to do", async ({ chromium, home }) => {
    chromium.requests.length = chromium.complaints.length = 0;
    await chromium.click("a[href$='/abort']");
    await chromium.arrives(home);
    const text = await chromium.read("document.body.innerText");
    assert.match(text, /declined|denied|refused|not signed in/i);
    assert.match(text, /mcpbridge login/);
    await looksRight(chromium, home);
  });
});

/** No scripts, nothing from elsewhere, no complaint of the browser, no secrets in sight, text that can be read. */
async function looksRight(chromium, home) {
  assert.equal(await chromium.read("document.scripts.length"), 0, "no scripts");
  const loaded = chromium.requests.slice(chromium.requests.findLastIndex((url) => url.startsWith(home)));
  const elsewhere = loaded.filter((url) => !url.startsWith(new URL(home).origin) && !url.startsWith("data:"));
  assert.deepEqual(elsewhere, [], "nothing is loaded from elsewhere");
  // That of the page before are not ours, and a page that says no may have the status that says so.
  const status = /the server responded with a status of 4\d\d/;
  const complaints = chromium.complaints.filter((text) => text.includes(new URL(home).origin) && !status.test(text));
  assert.deepEqual(complaints, [], "the browser has nothing to complain about");
  const secrets = await chromium.read("[...new URLSearchParams(location.search)].filter(([name]) => ['code', 'state'].includes(name)).map(([, value]) => value)");
  const html = await chromium.read("document.documentElement.outerHTML");
  for (const secret of secrets) assert.ok(!html.includes(secret), "neither code nor state is on the page");
  assert.ok(await chromium.read("!!document.querySelector('meta[name=viewport]')"), "a telephone is told how wide the page is");
  const looks = {};
  for (const scheme of ["light", "dark"]) {
    for (const width of [320, 1280]) {
      await chromium.appear({ scheme, width });
      const { overflow, pairs } = await chromium.read(`(${survey})()`);
      assert.ok(overflow <= 0, `${overflow} px too wide at ${width}`);
      assert.ok(pairs.length > 0, "there is text");
      for (const { words, text, background } of pairs) {
        const ratio = contrast(text, background);
        assert.ok(ratio >= READABLE, `"${words}" has a contrast of ${ratio.toFixed(1)} in ${scheme}: ${text} on ${background}`);
      }
      looks[scheme] = pairs.map(({ text, background }) => `${text} on ${background}`);
    }
  }
  assert.notDeepEqual(looks.light, looks.dark, "a dark screen is not a light one");
}

/** Runs in the page: every piece of text with its colour and that of what it stands on. */
function survey() {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const canvas = dark && getComputedStyle(document.documentElement).colorScheme.includes("dark") ? "rgb(18, 18, 18)" : "rgb(255, 255, 255)";
  const clear = (colour) => colour === "transparent" || colour.endsWith(", 0)");
  const pairs = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || !element.getClientRects().length) continue;
    let ground = element;
    while (ground && clear(getComputedStyle(ground).backgroundColor)) ground = ground.parentElement;
    pairs.push({
      words: node.data.trim().slice(0, 40),
      text: getComputedStyle(element).color,
      background: ground ? getComputedStyle(ground).backgroundColor : canvas,
    });
  }
  return { overflow: document.documentElement.scrollWidth - innerWidth, pairs };
}

function contrast(one, other) {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

/** WCAG 2's relative luminance of an `rgb(…)` colour. */
function luminance(colour) {
  const channels = colour.match(/[\d.]+/g).slice(0, 3).map((value) => {
    const share = Number(value) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * channels[0] + 0.7152 * channels[1] + 0.0722 * channels[2];
}
