// `node oidc_provider.mjs PORT [SECONDS [CODE [bound]]]`: an MCP server behind oidc-provider, both on one port. Dynamic
// registration, resource indicators, access tokens of SECONDS (5), rotating refresh tokens with reuse
// detection. A login page and a consent page, for sign-ins with codes too, which live for CODE seconds (600); it says
// what it grants and what it revokes. Without a person it knows a client for each kind of key in tests/keys, and one
// with a secret. It binds tokens to a key (DPoP) for who shows one; with `bound` no others are taken, and both sides
// want nonces.

import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { Provider } from "oidc-provider";
import { bearer, mcp, proven, turnAway } from "./protected_mcp.mjs";

const [port, seconds = "5", code = "600", binding] = process.argv.slice(2);
const BOUND = binding === "bound";
const ORIGIN = `http://127.0.0.1:${port}`;
const RESOURCE = `${ORIGIN}/mcp`;
const METADATA = "/.well-known/oauth-protected-resource/mcp";
const SCOPE = "mcp:use";

/** The public half of a key of the tests. */
function half(name) {
  const { d, p, q, dp, dq, qi, ...open } = JSON.parse(readFileSync(new URL(`../../keys/${name}.jwk`, import.meta.url), "utf8"));
  return { ...open, use: "sig" };
}

function machine(id, more) {
  return { client_id: id, grant_types: ["client_credentials"], response_types: [], redirect_uris: [], ...more };
}

const ALGORITHMS = { rsa: "RS256", p256: "ES256", ed25519: "EdDSA" };

const provider = new Provider(ORIGIN, {
  clients: [
    machine("secret", { client_secret: "only a test", token_endpoint_auth_method: "client_secret_basic" }),
    ...Object.entries(ALGORITHMS).map(([name, algorithm]) =>
      machine(name, {
        token_endpoint_auth_method: "private_key_jwt",
        token_endpoint_auth_signing_alg: algorithm,
        jwks: { keys: [half(name)] },
      }),
    ),
  ],
  clientAuthMethods: ["none", "client_secret_basic", "client_secret_post", "private_key_jwt"],
  enabledJWA: { clientAuthSigningAlgValues: Object.values(ALGORITHMS) },
  features: {
    clientCredentials: { enabled: true },
    deviceFlow: { enabled: true },
    dPoP: { enabled: true, nonceSecret: randomBytes(32), requireNonce: () => BOUND },
    registration: { enabled: true },
    revocation: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (context, resource) => {
        if (resource !== RESOURCE) throw new InvalidTarget(`not ${RESOURCE}`);
        return { scope: SCOPE, audience: RESOURCE, accessTokenFormat: "opaque", accessTokenTTL: Number(seconds) };
      },
      useGrantedResource: () => true,
    },
  },
  scopes: ["openid", "offline_access", SCOPE],
  issueRefreshToken: (context, client) => client.grantTypeAllowed("refresh_token"),
  rotateRefreshToken: true,
  findAccount: (context, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  cookies: { keys: ["only a test"] },
  ttl: { Interaction: 600, Session: 600, Grant: 3600, RefreshToken: 3600, AuthorizationCode: 60, DeviceCode: Number(code) },
});

class InvalidTarget extends Error {
  error = "invalid_target";
  status = 400;
  expose = true;
}

provider.on("registration_create.success", (context, client) => console.log(`registered ${client.clientId}`));
provider.on("grant.success", (context) => console.log(`granted ${context.oidc.params.grant_type}`));
provider.on("grant.error", (context, error) => console.log(`refused ${context.oidc.params?.grant_type}: ${error.error_description ?? error.message}`));
provider.on("grant.revoked", () => console.log("grant revoked"));
provider.on("authorization.error", (context, error) => console.log(`authorization refused: ${error.error_description ?? error.message}`));
provider.on("server_error", (context, error) => console.log(error));

const answer = provider.callback();
const serve = mcp("oidc-provider");

createServer(async (request, response) => {
  const { pathname } = new URL(request.url, ORIGIN);
  if (pathname === METADATA) {
    response.writeHead(200, { "content-type": "application/json" });
    const document = { resource: RESOURCE, authorization_servers: [ORIGIN], scopes_supported: [SCOPE] };
    return response.end(JSON.stringify(document));
  }
  if (pathname !== "/mcp") return answer(request, response);
  const { token: value = "none", thumbprint, error, nonce } = BOUND ? proven(request, ORIGIN) : { token: bearer(request) };
  if (error) {
    const more = nonce ? { "dpop-nonce": nonce } : {};
    return turnAway(response, ORIGIN + METADATA, SCOPE, `DPoP error="${error}",`, more);
  }
  const token = (await provider.AccessToken.find(value)) ?? (await provider.ClientCredentials.find(value));
  const mine = token?.aud === RESOURCE && (!BOUND || token.jkt === thumbprint);
  if (!mine) return turnAway(response, ORIGIN + METADATA, SCOPE, BOUND ? "DPoP" : "Bearer");
  return serve(request, response, { token: token.jti, clientId: token.clientId, scopes: [...token.scopes], extra: { sub: token.accountId } });
}).listen(Number(port), "127.0.0.1");
