// oauth4webapi: a pushed request, and tokens that are bound to a key; each answer is checked by the letter of RFC 9126 and RFC 9449.

import { check, clientId, clientSecret, email, redirectUri, refused, url } from "./keyward.mjs";
import { Browser } from "./browser.mjs";
import * as oauth from "oauth4webapi";

const insecure = { [oauth.allowInsecureRequests]: true };
const issuer = new URL(url);
const server = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { algorithm: "oauth2", ...insecure }));
const resource = new URL(url);
const metadata = await oauth.processResourceDiscoveryResponse(resource, await oauth.resourceDiscoveryRequest(resource, insecure));
check(metadata.authorization_servers.includes(server.issuer), `The API names ${metadata.authorization_servers}.`);
check(server.pushed_authorization_request_endpoint, "The endpoint for pushed requests is not announced.");
const client = { client_id: clientId };
const secret = oauth.ClientSecretBasic(clientSecret);
const browser = new Browser();

/** What `ask` gets, asked again where the server wants a nonce. */
const withNonce = async (ask, process) => {
  try {
    return await process(await ask());
  } catch (error) {
    if (!oauth.isDPoPNonceError(error)) throw error;
    return process(await ask());
  }
};

for (const algorithm of server.dpop_signing_alg_values_supported) {
  const name = algorithm === "EdDSA" ? "Ed25519" : algorithm;
  const keys = await oauth.generateKeyPair(name).catch((error) => {
    // Node.js 18 makes no such key.
    console.log(`${name} is left out: ${error.message}`);
  });
  if (!keys) continue;
  const dpop = oauth.DPoP(client, keys);
  const verifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  const request = new URLSearchParams({
    response_type: "code",
    redirect_uri: redirectUri,
    scope: "openid email posts:read account",
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    state,
  });
  const pushed = await withNonce(
    () => oauth.pushedAuthorizationRequest(server, client, secret, request, { DPoP: dpop, ...insecure }),
    (answer) => oauth.processPushedAuthorizationResponse(server, client, answer),
  );
  const address = new URL(server.authorization_endpoint);
  address.searchParams.set("client_id", clientId);
  address.searchParams.set("request_uri", pushed.request_uri);
  const back = await browser.follow(address);
  const parameters = oauth.validateAuthResponse(server, client, back, state);
  const options = { DPoP: dpop, ...insecure };
  const tokens = await withNonce(
    () => oauth.authorizationCodeGrantRequest(server, client, secret, parameters, redirectUri, verifier, options),
    (answer) => oauth.processAuthorizationCodeResponse(server, client, answer),
  );
  check(tokens.token_type === "dpop", `The token is a ${tokens.token_type}.`);
  const asked = await oauth.userInfoRequest(server, client, tokens.access_token, options);
  const user = await oauth.processUserInfoResponse(server, client, oauth.skipSubjectCheck, asked);
  check(user.email === email, `The address is ${user.email}.`);
  const posts = new URL("/posts?limit=1", url);
  const own = await oauth.protectedResourceRequest(tokens.access_token, "GET", posts, undefined, undefined, options);
  check(own.status === 200, `GET /posts answers ${own.status}.`);
  const stolen = await refused(oauth.protectedResourceRequest(tokens.access_token, "GET", posts, undefined, undefined, insecure), "A bound token without a proof");
  check(stolen.status === 401 && stolen.cause.some(({ scheme }) => scheme === "dpop"), `A bound token without a proof: ${stolen}`);
  const refreshed = await withNonce(
    () => oauth.refreshTokenGrantRequest(server, client, secret, tokens.refresh_token, options),
    (answer) => oauth.processRefreshTokenResponse(server, client, answer),
  );
  check(refreshed.token_type === "dpop", `A refreshed token is a ${refreshed.token_type}.`);
  console.log(`${name} works.`);
}
