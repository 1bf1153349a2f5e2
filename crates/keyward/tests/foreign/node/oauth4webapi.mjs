// oauth4webapi: the strictest reader of the standards, as a client and as a resource server (RFC 9068).

import { check, clientId, clientSecret, email, expectMe, meUrl, password, refused, url } from "./keyward.mjs";
import * as oauth from "oauth4webapi";

const insecure = { [oauth.allowInsecureRequests]: true };
const issuer = new URL(url);
const client = { client_id: clientId };
const authentication = oauth.ClientSecretBasic(clientSecret);

const discovered = await oauth.discoveryRequest(issuer, { algorithm: "oauth2", ...insecure });
check(discovered.headers.get("cache-control")?.includes("max-age="), "The metadata is not cacheable.");
const server = await oauth.processDiscoveryResponse(issuer, discovered);

async function logIn(secret) {
  const form = new URLSearchParams({ username: email, password: secret });
  const answer = await oauth.genericTokenEndpointRequest(server, client, authentication, "password", form, insecure);
  return oauth.processGenericTokenEndpointResponse(server, client, answer);
}

/** The claims of the token in `request`, as a resource server reads them. */
const received = (token, audience = "keyward") =>
  oauth.validateJwtAccessToken(
    server,
    new Request(meUrl, { headers: { authorization: `Bearer ${token}` } }),
    audience,
    { signingAlgorithms: ["EdDSA"], ...insecure },
  );

const state = async (token) =>
  oauth.processIntrospectionResponse(
    server,
    client,
    await oauth.introspectionRequest(server, client, authentication, token, insecure),
  );

const first = await logIn(password);
const claims = await received(first.access_token);
check(claims.client_id === clientId, `The token was made for ${claims.client_id}.`);
await expectMe(await oauth.protectedResourceRequest(first.access_token, "GET", meUrl, undefined, undefined, insecure));

const second = await oauth.processRefreshTokenResponse(
  server,
  client,
  await oauth.refreshTokenGrantRequest(server, client, authentication, first.refresh_token, insecure),
);
check((await received(second.access_token)).sub === claims.sub, "A refresh changed whose token it is.");
check(second.refresh_token !== first.refresh_token, "The refresh token was not replaced.");

const own = await oauth.processClientCredentialsResponse(
  server,
  client,
  await oauth.clientCredentialsGrantRequest(server, client, authentication, { scope: "posts:read" }, insecure),
);
check((await received(own.access_token)).sub === clientId, "A client's own token is another subject's.");

check((await state(second.access_token)).active, "A good token is said to be none.");
const revoked = await oauth.revocationRequest(server, client, authentication, second.refresh_token, insecure);
await oauth.processRevocationResponse(revoked);
check(!(await state(second.access_token)).active, "A revoked token is said to be good.");

// What must be refused, and how.
const wrong = await refused(logIn("some other pass phrase"), "A wrong password");
check(wrong.error === "invalid_grant", `A wrong password is refused as ${wrong}.`);
const elsewhere = await refused(received(first.access_token, "another service"), "Another service's token");
check(elsewhere instanceof oauth.OperationProcessingError, `Another service's token is refused as ${elsewhere}.`);
const dead = await refused(
  oauth.protectedResourceRequest(second.access_token, "GET", meUrl, undefined, undefined, insecure),
  "A revoked token",
);
check(dead instanceof oauth.WWWAuthenticateChallengeError, `A revoked token is refused as ${dead}.`);
const { scheme, parameters } = dead.cause[0];
check(scheme === "bearer" && parameters.error === "invalid_token", `A revoked token is refused as ${scheme}.`);
