// openid-client: everything from the metadata (RFC 8414), with every grant and endpoint it finds there.

import {
  check,
  clientId,
  clientSecret,
  email,
  expected,
  expectMe,
  me,
  meUrl,
  password,
  refused,
  url,
} from "./keyward.mjs";
import { createRemoteJWKSet, jwtVerify } from "jose";
import * as client from "openid-client";

const options = { algorithm: "oauth2", execute: [client.allowInsecureRequests] };
const discover = (secret, authentication) =>
  client.discovery(new URL(url), clientId, undefined, authentication(secret), options);
const logIn = (config, changes) =>
  client.genericGrantRequest(config, "password", { username: email, password, ...changes });

// Whichever way it authenticates itself, a client finds its way from the issuer alone.
for (const authentication of [client.ClientSecretBasic, client.ClientSecretPost]) {
  const config = await discover(clientSecret, authentication);
  const server = config.serverMetadata();
  check(server.issuer === url, `The issuer is ${server.issuer}.`);
  for (const grant of ["password", "refresh_token", "client_credentials"]) {
    check(server.grant_types_supported.includes(grant), `${grant} is not announced.`);
  }

  const first = await logIn(config);
  check(first.token_type === "bearer" && first.expiresIn() > 0, "This is no token.");
  const keys = createRemoteJWKSet(new URL(server.jwks_uri));
  const { payload } = await jwtVerify(first.access_token, keys, expected);
  check(payload.client_id === clientId, `The token was made for ${payload.client_id}.`);
  await expectMe(await client.fetchProtectedResource(config, first.access_token, meUrl, "GET"));

  const second = await client.refreshTokenGrant(config, first.refresh_token);
  check(second.refresh_token !== first.refresh_token, "The refresh token was not replaced.");
  check(second.scope === first.scope, `${first.scope} became ${second.scope} by itself.`);
  await jwtVerify(second.access_token, keys, expected);
  await expectMe(await client.fetchProtectedResource(config, second.access_token, meUrl, "GET"));
  const third = await client.refreshTokenGrant(config, second.refresh_token, { scope: "posts:read" });
  check(third.scope === "posts:read", `posts:read was asked for, ${third.scope} granted.`);

  for (const kind of ["access_token", "refresh_token"]) {
    const state = await client.tokenIntrospection(config, third[kind]);
    check(state.active && state.sub === payload.sub, `A good ${kind} is described as ${JSON.stringify(state)}.`);
    const type = kind === "access_token" ? "bearer" : undefined;
    check(state.token_type === type, `A ${kind} is described as a ${state.token_type}.`);
  }
  await client.tokenRevocation(config, third.refresh_token);
  for (const kind of ["access_token", "refresh_token"]) {
    const state = await client.tokenIntrospection(config, third[kind]);
    check(state.active === false, `A revoked ${kind} is described as ${JSON.stringify(state)}.`);
    check(Object.keys(state).length === 1, `Too much is said of a revoked ${kind}.`);
  }
  check((await me(third.access_token)).status === 401, "A revoked token is let in.");
  const spent = await refused(client.refreshTokenGrant(config, third.refresh_token), "A revoked refresh token");
  check(spent.error === "invalid_grant", `A revoked refresh token is refused as ${spent}.`);
  // Revoking an invalid or expired token succeeds (RFC 7009, section 2.2).
  await client.tokenRevocation(config, third.refresh_token, { token_type_hint: "access_token" });
  await client.tokenRevocation(config, "nonsense");

  const own = await client.clientCredentialsGrant(config, { scope: "posts:read" });
  check(own.refresh_token === undefined, "A client's own token comes with a refresh token.");
  const claims = (await jwtVerify(own.access_token, keys, expected)).payload;
  check(claims.sub === clientId && claims.scope === "posts:read", `A client's own token is ${JSON.stringify(claims)}.`);

  // What must be refused, and how.
  const wrong = await refused(logIn(config, { password: "some other pass phrase" }), "A wrong password");
  check(wrong instanceof client.ResponseBodyError, `A wrong password is refused as ${wrong}.`);
  check(wrong.error === "invalid_grant" && wrong.status === 400, `A wrong password is refused as ${wrong.error}.`);
  const scope = await refused(logIn(config, { scope: "no:such" }), "An unknown scope");
  check(scope.error === "invalid_scope", `An unknown scope is refused as ${scope.error}.`);
  const exchange = "urn:ietf:params:oauth:grant-type:token-exchange";
  const grant = await refused(client.genericGrantRequest(config, exchange, { subject_token: "x" }), "An unknown grant");
  check(grant.error === "unsupported_grant_type", `An unknown grant is refused as ${grant.error}.`);

  // The library takes a challenge of ours for what it is, and the body's error for its reason.
  const stranger = await discover("x".repeat(43), authentication);
  const unknown = await refused(logIn(stranger), "A wrong client secret");
  check(
    unknown instanceof client.ResponseBodyError
      ? unknown.error === "invalid_client"
      : unknown instanceof client.WWWAuthenticateChallengeError && unknown.cause[0].scheme === "basic",
    `A wrong client secret is refused as ${unknown}.`,
  );
}
