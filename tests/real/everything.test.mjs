// The TypeScript SDK's client through the bridge to the reference server, over both of its transports.

import assert from "node:assert/strict";
import { after, before, describe } from "node:test";
import { gunzipSync } from "node:zlib";
import { comeAndGo, session, text } from "./lib/editor.mjs";
import { SERVERS, Server } from "./lib/servers.mjs";
import { eventually } from "./lib/wait.mjs";

for (const kind of [SERVERS.everythingHttp, SERVERS.everythingSse]) {
  describe(kind.name, () => {
    let server;
    before(async () => (server = await Server.start(kind)));
    after(() => server?.stop());
    const it = (sentence, body) => session(sentence, () => server, body);

    // The first test, so that no earlier session is still on its way out.
    it("sees one session for one client, and sees it end, whatever others do", async (bystander, server) => {
      await comeAndGo(server, (editor) => editor.call("echo", { message: "hello" }));
      await bystander.call("echo", { message: "hello" });
    });

    it("lists its tools, those included that depend on what the client can do", async ({ client }) => {
      const names = (await client.listTools()).tools.map((tool) => tool.name);
      for (const name of ["echo", "get-roots-list", "trigger-sampling-request", "trigger-url-elicitation"]) {
        assert.ok(names.includes(name), `${name} is listed`);
      }
    });

    it("answers tool calls with text, numbers, images and structured content", async (editor) => {
      const odd = 'tabs\t, "quotes", \\ and 🦀 \u2028';
      assert.equal(await editor.call("echo", { message: odd }), `Echo: ${odd}`);
      assert.equal(await editor.call("get-sum", { a: 0.1, b: -7e20 }), "The sum of 0.1 and -700000000000000000000 is -700000000000000000000.");
      const image = (await editor.callTool("get-tiny-image")).content.find((block) => block.type === "image");
      assert.ok(Buffer.from(image.data, "base64").subarray(1, 4).equals(Buffer.from("PNG")));
      const weather = await editor.callTool("get-structured-content", { location: "Chicago" });
      assert.deepEqual(weather.structuredContent, { temperature: 36, conditions: "Light rain / drizzle", humidity: 82 });
    });

    it("tells the client about its own errors unchanged", async (editor) => {
      const refused = await editor.callTool("no-such-tool");
      assert.ok(refused.isError);
      assert.match(text(refused), /no-such-tool not found/);
      await assert.rejects(editor.client.readResource({ uri: "demo://nowhere" }), { code: -32602, message: /demo:\/\/nowhere not found/ });
      await assert.rejects(editor.client.getPrompt({ name: "args-prompt", arguments: {} }), { code: -32602 });
    });

    it("keeps many calls at once apart", async (editor) => {
      const calls = Array.from({ length: 50 }, (_, n) => editor.call("echo", { message: `call ${n}` }));
      const slow = editor.call("trigger-long-running-operation", { duration: 0.5, steps: 1 });
      (await Promise.all(calls)).forEach((answer, n) => assert.equal(answer, `Echo: call ${n}`));
      assert.match(await slow, /completed/);
    });

    it("passes a message of two megabytes both ways", async (editor) => {
      const message = "0123456789abcdéf".repeat(125_000);
      assert.equal(await editor.call("echo", { message }), `Echo: ${message}`);
    });

    it("lists and fills in prompts", async ({ client }) => {
      const names = (await client.listPrompts()).prompts.map((prompt) => prompt.name);
      assert.deepEqual(names, ["simple-prompt", "args-prompt", "completable-prompt", "resource-prompt"]);
      const prompt = await client.getPrompt({ name: "args-prompt", arguments: { city: "Turin", state: "Piedmont" } });
      assert.equal(prompt.messages[0].content.text, "What's weather in Turin, Piedmont?");
    });

    it("completes arguments of prompts and of resource templates", async ({ client }) => {
      const complete = async (params) => (await client.complete(params)).completion.values;
      const ref = { type: "ref/prompt", name: "completable-prompt" };
      assert.deepEqual(await complete({ ref, argument: { name: "department", value: "S" } }), ["Sales", "Support"]);
      const context = { arguments: { department: "Sales" } };
      assert.deepEqual(await complete({ ref, argument: { name: "name", value: "E" }, context }), ["Eve"]);
      const template = { type: "ref/resource", uri: "demo://resource/dynamic/text/{resourceId}" };
      assert.deepEqual(await complete({ ref: template, argument: { name: "resourceId", value: "7" } }), ["7"]);
    });

    it("lists and reads resources and templates, text and binary", async ({ client }) => {
      const { resources } = await client.listResources();
      const document = resources.find((resource) => resource.name === "features.md");
      assert.match((await client.readResource({ uri: document.uri })).contents[0].text, /^# /);
      const { resourceTemplates } = await client.listResourceTemplates();
      assert.equal(resourceTemplates.length, 2);
      const [dynamic] = (await client.readResource({ uri: "demo://resource/dynamic/text/3" })).contents;
      assert.match(dynamic.text, /^Resource 3: /);
      const [binary] = (await client.readResource({ uri: "demo://resource/dynamic/blob/4" })).contents;
      assert.match(Buffer.from(binary.blob, "base64").toString(), /^Resource 4: /);
    });

    it("reports progress in order, before the answer", async (editor) => {
      const steps = [];
      const onprogress = ({ progress, total }) => steps.push(`${progress}/${total}`);
      await editor.call("trigger-long-running-operation", { duration: 1, steps: 5 }, { onprogress });
      assert.equal(steps[0], "1/5");
      const sent = editor.progressOf(editor.transport.lastRequest("tools/call"));
      assert.deepEqual(sent.map(({ progress, total }) => `${progress}/${total}`), ["1/5", "2/5", "3/5", "4/5", "5/5"]);
    });

    it("sends log messages of the level that the client set, and no others", async (editor) => {
      const logged = (uri) => editor.hears("notifications/message", ({ data }) => data.includes(uri));
      await editor.client.setLoggingLevel("alert");
      await editor.client.subscribeResource({ uri: "demo://resource/dynamic/text/1" });
      await editor.client.setLoggingLevel("debug");
      await editor.client.subscribeResource({ uri: "demo://resource/dynamic/text/2" });
      await logged("text/2");
      assert.equal(editor.notifications.filter(({ params }) => params?.data?.includes?.("text/1")).length, 0);
      await editor.call("toggle-simulated-logging");
      await editor.hears("notifications/message", ({ data }) => data.includes("level"));
    });

    it("asks for sampling and gets the model's answer", async (editor) => {
      editor.answers.sampling = ({ messages, maxTokens }) => ({
        model: "parrot",
        role: "assistant",
        content: { type: "text", text: `${maxTokens} tokens for: ${messages[0].content.text}` },
      });
      const answer = await editor.call("trigger-sampling-request", { prompt: "a poem", maxTokens: 7 });
      assert.match(answer, /"model": "parrot"/);
      assert.match(answer, /7 tokens for: Resource trigger-sampling-request context: a poem/);
    });

    it("hears that the client refuses to sample", async (editor) => {
      editor.answers.sampling = () => {
        throw Object.assign(new Error("the user said no"), { code: -1 });
      };
      const refused = await editor.callTool("trigger-sampling-request", { prompt: "a poem" });
      assert.ok(refused.isError);
      assert.match(text(refused), /the user said no/);
    });

    it("asks for input and gets what the user filled in", async (editor) => {
      editor.answers.elicitation = ({ requestedSchema }) => {
        assert.deepEqual(requestedSchema.required, ["name"]);
        return { action: "accept", content: { name: "Ada", integer: 42, check: true } };
      };
      assert.match(await editor.call("trigger-elicitation-request"), /Name: Ada\n- Agreed to terms: true\n- Favorite Integer: 42/);
    });

    it("asks for input and hears that the user declined", async (editor) => {
      editor.answers.elicitation = () => ({ action: "decline" });
      assert.match(await editor.call("trigger-elicitation-request"), /User declined/);
    });

    it("sends the user to a web page, as a question and as an error", async (editor) => {
      const url = "https://example.com/pay?order=1&x=%20";
      editor.answers.elicitation = (params) => {
        assert.deepEqual([params.mode, params.url], ["url", url]);
        return { action: "accept" };
      };
      assert.match(await editor.call("trigger-url-elicitation", { url }), /User completed/);
      await assert.rejects(editor.callTool("trigger-url-elicitation", { url, errorPath: true }), (error) => {
        assert.equal(error.code, -32042);
        assert.equal(error.data.elicitations[0].mode, "url");
        return true;
      });
    });

    it("asks for the client's roots, and again when they change", async (editor) => {
      await editor.hears("notifications/message", ({ data }) => data === "Roots updated: 1 root(s) received from client");
      assert.match(await editor.call("get-roots-list"), /1\. project\n {3}URI: file:\/\/\/home\/ada\/project/);
      editor.answers.roots = ["a", "b"].map((name) => ({ uri: `file:///${name}`, name }));
      await editor.client.sendRootsListChanged();
      await editor.hears("notifications/message", ({ data }) => data === "Roots updated: 2 root(s) received from client");
      assert.match(await editor.call("get-roots-list"), /2\. b\n {3}URI: file:\/\/\/b/);
    });

    it("tells a subscriber that a resource was updated", async (editor) => {
      const uri = "demo://resource/dynamic/text/5";
      await editor.client.subscribeResource({ uri });
      await editor.call("toggle-subscriber-updates");
      await editor.hears("notifications/resources/updated", (params) => params.uri === uri);
      await editor.client.unsubscribeResource({ uri });
    });

    it("says that its list of resources changed, and lists the new one", async (editor) => {
      const name = `${crypto.randomUUID()}.gz`;
      const before = editor.notifications.length;
      await editor.call("gzip-file-as-resource", { name, data: "data:text/plain,hello", outputType: "resourceLink" });
      await eventually(10_000, "a list_changed after the new resource", () =>
        editor.notifications.slice(before).some(({ method }) => method === "notifications/resources/list_changed"),
      );
      const { resources } = await editor.client.listResources();
      const { uri } = resources.find((resource) => resource.name === name);
      const [file] = (await editor.client.readResource({ uri })).contents;
      assert.equal(gunzipSync(Buffer.from(file.blob, "base64")).toString(), "hello");
    });

    it("runs a task that stops to ask, and gives its result when asked for it", async (editor) => {
      editor.answers.elicitation = () => ({ action: "accept", content: { interpretation: "snake" } });
      await editor.client.listTools();
      const statuses = [];
      const stream = editor.client.experimental.tasks.callToolStream({
        name: "simulate-research-query",
        arguments: { topic: "python", ambiguous: true },
      });
      for await (const event of stream) {
        if (event.type === "taskStatus") statuses.push(event.task.status);
        if (event.type === "error") throw event.error;
        if (event.type === "result") assert.match(text(event.result), /Research Report: python \(snake\)/);
      }
      assert.ok(statuses.includes("input_required"), `the task asked: ${statuses}`);
      assert.equal(editor.asked.filter(({ method }) => method === "elicitation/create").length, 1);
    });

    it("does not answer a call that the client cancelled, and goes on answering others", async (editor) => {
      const abort = new AbortController();
      const cancelled = editor.call(
        "trigger-long-running-operation",
        { duration: 1, steps: 2 },
        { signal: abort.signal, onprogress: () => abort.abort("changed my mind") },
      );
      await assert.rejects(cancelled, /changed my mind/);
      const { id } = editor.transport.lastRequest("tools/call");
      await editor.call("trigger-long-running-operation", { duration: 1, steps: 1 });
      assert.deepEqual(editor.transport.answersTo(id), []);
      // This server reports the progress of a cancelled call to its end.
      editor.forgive(/unknown token/);
    });

    it("answers a ping", async ({ client }) => {
      assert.deepEqual(await client.ping(), {});
    });

    it("is restarted during a call, which gets an error instead of silence", async (editor, server) => {
      editor.exit = 5;
      let failed;
      await new Promise((started) => {
        const call = editor.call("trigger-long-running-operation", { duration: 60, steps: 120 }, { onprogress: started });
        failed = assert.rejects(call, { name: "McpError" });
      });
      await server.restart();
      await failed;
      assert.equal(await editor.call("echo", { message: "hello again" }), "Echo: hello again");
    });

    it("is restarted, and the client goes on as if nothing had happened", async (editor, server) => {
      const uri = "demo://resource/dynamic/text/6";
      await editor.client.subscribeResource({ uri });
      await server.restart();
      assert.equal(await editor.call("echo", { message: "hello again" }), "Echo: hello again");
      await editor.call("toggle-subscriber-updates");
      await editor.hears("notifications/resources/updated", (params) => params.uri === uri);
    });
  });
}
