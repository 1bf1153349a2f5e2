// oauth4webapi: the same login, where each answer is checked by the letter of the standards.

import { check, clientId, clientSecret, email, redirectUri, url } from "./keyward.mjs";
import { Browser } from "./browser.mjs";
import * as oauth from "oauth4webapi";

const insecure = { [oauth.allowInsecureRequests]: true };
const issuer = new URL(url);
const server = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { algorithm: "oidc", ...insecure }));
check(server.authorization_response_iss_parameter_supported, "The answer's issuer is not announced.");
const client = { client_id: clientId };
const secret = oauth.ClientSecretPost(clientSecret);

const verifier = oauth.generateRandomCodeVerifier();
const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()];
const address = new URL(server.authorization_endpoint);
for (const [name, value] of Object.entries({
  response_type: "code",
  client_id: clientId,
  redirect_uri: redirectUri,
  scope: "openid email posts:read",
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
  code_challenge_method: "S256",
  state,
  nonce,
})) {
  address.searchParams.set(name, value);
}
const back = await new Browser().follow(address);
const parameters = oauth.validateAuthResponse(server, client, back, state);
const answer = await oauth.authorizationCodeGrantRequest(server, client, secret, parameters, redirectUri, verifier, insecure);
const tokens = await oauth.processAuthorizationCodeResponse(server, client, answer, { expectedNonce: nonce, requireIdToken: true });
await oauth.validateApplicationLevelSignature(server, answer, insecure);
const claims = oauth.getValidatedIdTokenClaims(tokens);

const asked = await oauth.userInfoRequest(server, client, tokens.access_token, insecure);
const user = await oauth.processUserInfoResponse(server, client, claims.sub, asked);
check(user.email === email, `The address is ${user.email}.`);
const posts = await oauth.protectedResourceRequest(tokens.access_token, "GET", new URL("/posts", url), undefined, undefined, insecure);
check(posts.status === 200, `GET /posts answers ${posts.status}.`);
const own = await oauth.protectedResourceRequest(tokens.access_token, "GET", new URL("/users/me/factors", url), undefined, undefined, insecure).catch((error) => error.response ?? error);
check(own.status === 403, `A third party reads the account's factors: ${own.status}.`);

const refreshed = await oauth.refreshTokenGrantRequest(server, client, secret, tokens.refresh_token, insecure);
const next = await oauth.processRefreshTokenResponse(server, client, refreshed);
check(next.scope === tokens.scope, `${tokens.scope} became ${next.scope} by itself.`);
