// `node sdk_auth_router.mjs PORT`: the TypeScript SDK's own authorization server (`mcpAuthRouter` with
// the provider of its examples) before an MCP server. Its issuer ends in a slash, it asks nobody, and
// it issues no refresh tokens.

import express from "express";
import { DemoInMemoryAuthProvider } from "@modelcontextprotocol/sdk/examples/server/demoInMemoryOAuthProvider.js";
import { InvalidTokenError } from "@modelcontextprotocol/sdk/server/auth/errors.js";
import { requireBearerAuth } from "@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js";
import { mcpAuthRouter } from "@modelcontextprotocol/sdk/server/auth/router.js";
import { mcp } from "./protected_mcp.mjs";

const port = Number(process.argv[2]);
const ORIGIN = new URL(`http://127.0.0.1:${port}`);
const RESOURCE = new URL("/mcp", ORIGIN);

const provider = new DemoInMemoryAuthProvider((resource) => resource?.href === RESOURCE.href);
const exchange = provider.exchangeAuthorizationCode.bind(provider);
provider.exchangeAuthorizationCode = async (...args) => {
  const tokens = await exchange(...args);
  console.log("granted authorization_code");
  return tokens;
};

// The example throws what the guard takes for an error of the server.
const verify = provider.verifyAccessToken.bind(provider);
provider.verifyAccessToken = (token) =>
  verify(token).catch(() => {
    console.log("turned away");
    throw new InvalidTokenError("no such token");
  });

const app = express();
app.use(mcpAuthRouter({ provider, issuerUrl: ORIGIN, baseUrl: ORIGIN, resourceServerUrl: RESOURCE, scopesSupported: ["mcp:use"] }));
const guard = requireBearerAuth({
  verifier: provider,
  resourceMetadataUrl: new URL("/.well-known/oauth-protected-resource/mcp", ORIGIN).href,
});
const serve = mcp("sdk-auth-router");
app.all("/mcp", guard, (request, response) => serve(request, response, request.auth));
// For a test that wants every token to be void.
app.post("/forget", (request, response) => {
  provider.tokens.clear();
  response.end();
});
app.listen(port, "127.0.0.1");
