// The TypeScript SDK's client through the bridge to servers on the official Python SDK and on FastMCP.

import assert from "node:assert/strict";
import { after, before, describe } from "node:test";
import { comeAndGo, session, text } from "./lib/editor.mjs";
import { SERVERS, Server } from "./lib/servers.mjs";
import { eventually } from "./lib/wait.mjs";

for (const kind of [SERVERS.pythonSdk, SERVERS.fastmcp]) {
  describe(kind.name, () => {
    let server;
    before(async () => (server = await Server.start(kind)));
    after(() => server?.stop());
    const it = (sentence, body) => session(sentence, () => server, body);

    // The first test, so that no earlier session is still on its way out.
    it("sees one session for one client, and sees it end, whatever others do", async (bystander, server) => {
      await comeAndGo(server, (editor) => editor.call("add", { a: 1, b: 1 }));
      await bystander.call("add", { a: 1, b: 1 });
    });

    it("lists and runs tools", async (editor) => {
      const { tools } = await editor.client.listTools();
      const add = tools.find((tool) => tool.name === "add");
      assert.deepEqual(Object.keys(add.inputSchema.properties), ["a", "b"]);
      const sum = await editor.callTool("add", { a: 2, b: 40 });
      assert.equal(text(sum), "42");
      assert.deepEqual(sum.structuredContent, { result: 42 });
    });

    it("tells the client about its own errors unchanged", async (editor) => {
      const failed = await editor.callTool("fail", { reason: "out of paper" });
      assert.ok(failed.isError);
      assert.match(text(failed), /out of paper/);
      await assert.rejects(editor.client.getPrompt({ name: "no-such-prompt" }), /Unknown prompt/);
    });

    it("keeps many calls at once apart", async (editor) => {
      const calls = Array.from({ length: 50 }, (_, n) => editor.call("add", { a: n, b: 1 }));
      (await Promise.all(calls)).forEach((answer, n) => assert.equal(answer, `${n + 1}`));
    });

    it("lists and fills in prompts", async ({ client }) => {
      assert.deepEqual((await client.listPrompts()).prompts.map((prompt) => prompt.name), ["greet"]);
      const prompt = await client.getPrompt({ name: "greet", arguments: { name: "Zoë" } });
      assert.equal(prompt.messages[0].content.text, "Say hello to Zoë.");
    });

    it("lists and reads resources and templates, text and binary", async ({ client }) => {
      const { resources } = await client.listResources();
      assert.deepEqual(resources.map((resource) => resource.uri), ["note://today", "picture://dot"]);
      assert.equal((await client.readResource({ uri: "note://today" })).contents[0].text, "buy milk");
      const [picture] = (await client.readResource({ uri: "picture://dot" })).contents;
      assert.equal(Buffer.from(picture.blob, "base64").toString("latin1"), "GIF89a\x00\xff");
      const { resourceTemplates } = await client.listResourceTemplates();
      assert.deepEqual(resourceTemplates.map((template) => template.uriTemplate), ["greeting://{name}"]);
      assert.equal((await client.readResource({ uri: "greeting://Ada" })).contents[0].text, "hello Ada");
    });

    it("reports progress in order, before the answer", async (editor) => {
      assert.equal(await editor.call("count", { to: 200 }, { onprogress: () => {} }), "counted to 200");
      const sent = editor.progressOf(editor.transport.lastRequest("tools/call"));
      const steps = sent.map(({ progress, total, message }) => `${progress}/${total} ${message}`);
      assert.deepEqual(steps, Array.from({ length: 200 }, (_, n) => `${n + 1}/200 step ${n + 1}`));
    });

    it("sends log messages", async (editor) => {
      await editor.call("log", { message: "dear diary" });
      const { params } = await editor.hears("notifications/message");
      assert.deepEqual([params.level, params.logger], ["warning", "diary"]);
      assert.match(JSON.stringify(params.data), /dear diary/);
    });

    it("asks for sampling and gets the model's answer", async (editor) => {
      editor.answers.sampling = parrot;
      assert.match(await editor.call("sample", { question: "a poem?" }), /says: 50 tokens for: a poem\?/);
    });

    it("hears that the client refuses to sample", async (editor) => {
      editor.answers.sampling = () => {
        throw Object.assign(new Error("the user said no"), { code: -1 });
      };
      const refused = await editor.callTool("sample", { question: "a poem?" });
      assert.ok(refused.isError);
      assert.match(text(refused), /the user said no/);
    });

    it("asks for input and gets what the user filled in", async (editor) => {
      editor.answers.elicitation = ({ message, requestedSchema }) => {
        assert.equal(message, "where to?");
        assert.deepEqual(requestedSchema.required, ["street", "number"]);
        return { action: "accept", content: { street: "Rue de la Paix", number: 5 } };
      };
      assert.equal(await editor.call("elicit", { question: "where to?" }), "Rue de la Paix 5");
    });

    for (const action of ["decline", "cancel"]) {
      it(`asks for input and hears that the user chose to ${action}`, async (editor) => {
        editor.answers.elicitation = () => ({ action });
        assert.equal(await editor.call("elicit", { question: "where to?" }), `no address: ${action}`);
      });
    }

    it("asks for the client's roots", async (editor) => {
      assert.equal(await editor.call("roots"), "file:///home/ada/project");
    });

    it("hears that a call was cancelled while it runs, and goes on answering others", async (editor) => {
      const label = crypto.randomUUID();
      const abort = new AbortController();
      const cancelled = editor.call("slow", { label }, { signal: abort.signal });
      const { id } = editor.transport.lastRequest("tools/call");
      // Watched from now on, or Node takes the rejection for one that nobody handles.
      const rejected = assert.rejects(cancelled, /changed my mind/);
      assert.equal(await editor.call("has_started", { label }), "yes");
      abort.abort("changed my mind");
      await rejected;
      assert.equal(await editor.call("was_cancelled", { label }), "yes");
      assert.equal(await editor.call("add", { a: 1, b: 1 }), "2");
      assert.deepEqual(editor.transport.answersTo(id), []);
    });

    it("says that its list of tools changed, and lists the new one", async (editor) => {
      await editor.call("grow");
      await editor.hears("notifications/tools/list_changed");
      const names = (await editor.client.listTools()).tools.map((tool) => tool.name);
      assert.ok(names.includes("grown"));
      assert.equal(await editor.call("grown"), "new");
    });

    it("is restarted during a call, which gets an error instead of silence", async (editor, server) => {
      editor.exit = 5;
      const label = crypto.randomUUID();
      const failed = assert.rejects(editor.call("slow", { label }), { name: "McpError" });
      assert.equal(await editor.call("has_started", { label }), "yes");
      await server.restart();
      await failed;
      assert.equal(await editor.call("has_started", { label }), "no", "the call was not sent a second time");
    });

    it("is restarted, and the client goes on as if nothing had happened", async (editor, server) => {
      assert.equal(await editor.call("add", { a: 1, b: 2 }), "3");
      await server.restart();
      assert.equal(await editor.call("add", { a: 3, b: 4 }), "7");
      editor.answers.elicitation = () => ({ action: "decline" });
      assert.equal(await editor.call("elicit", { question: "where to?" }), "no address: decline");
    });
  });
}

describe("what only the Python SDK server does", () => {
  let server;
  before(async () => (server = await Server.start(SERVERS.pythonSdk)));
  after(() => server?.stop());
  const it = (sentence, body) => session(sentence, () => server, body);

  it("asks for sampling on the stream that belongs to no call", async (editor) => {
    editor.answers.sampling = parrot;
    assert.equal(await editor.call("sample_on_standing_stream", { question: "now?" }), "parrot says: 50 tokens for: now?");
  });

  it("completes arguments", async ({ client }) => {
    const ref = { type: "ref/prompt", name: "greet" };
    const { completion } = await client.complete({ ref, argument: { name: "name", value: "A" } });
    assert.deepEqual(completion.values, ["Ada", "Alan"]);
  });

  it("learns the log level that the client sets", async (editor) => {
    await editor.client.setLoggingLevel("critical");
    assert.equal(await editor.call("log_level"), "critical");
  });

  it("tells a subscriber that a resource was updated", async (editor) => {
    const uri = "note://today";
    await editor.client.subscribeResource({ uri });
    assert.equal(await editor.call("touch", { uri }), "touched");
    await editor.hears("notifications/resources/updated", (params) => params.uri === uri);
    await editor.client.unsubscribeResource({ uri });
    assert.equal(await editor.call("touch", { uri }), "nobody is subscribed");
  });

  it("closes the stream of a call half-way, and the rest of it still arrives, once", async (editor) => {
    assert.equal(await editor.call("hang_up_and_answer", {}, { onprogress: () => {} }), "answered after the cut");
    const request = editor.transport.lastRequest("tools/call");
    assert.deepEqual(editor.progressOf(request).map(({ message }) => message), ["before the cut", "after the cut"]);
    assert.equal(editor.transport.answersTo(request.id).length, 1);
  });

  it("closes the standing stream, and the client opens it again", async (editor) => {
    const uri = "note://today";
    await editor.client.subscribeResource({ uri });
    await editor.call("hang_up_standing_stream");
    // What the server says before the stream is open again is nobody's to hear.
    await eventually(10_000, "an update after the standing stream was closed", async () => {
      await editor.call("touch", { uri });
      return editor.notifications.some(({ method }) => method === "notifications/resources/updated");
    });
  });

  it("is restarted, and gets the log level and the subscriptions of the client again", async (editor, server) => {
    const uri = "note://today";
    await editor.client.setLoggingLevel("critical");
    await editor.client.subscribeResource({ uri });
    await server.restart();
    assert.equal(await editor.call("log_level"), "critical");
    assert.equal(await editor.call("touch", { uri }), "touched");
    await editor.hears("notifications/resources/updated", (params) => params.uri === uri);
  });
});

function parrot({ messages, maxTokens }) {
  const [asked] = [messages[0].content].flat();
  return {
    model: "parrot",
    role: "assistant",
    content: { type: "text", text: `${maxTokens} tokens for: ${asked.text}` },
  };
}
