// openid-client: a login by a pushed request, with tokens that are bound to a key.

import { check, clientId, clientSecret, email, redirectUri, refused, url } from "./keyward.mjs";
import { Browser } from "./browser.mjs";
import * as client from "openid-client";

const options = { execute: [client.allowInsecureRequests] };
const config = await client.discovery(new URL(url), clientId, undefined, client.ClientSecretPost(clientSecret), options);
const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair("ES256"));
const verifier = client.randomPKCECodeVerifier();
const state = client.randomState();
const request = {
  redirect_uri: redirectUri,
  scope: "openid profile email offline_access",
  code_challenge: await client.calculatePKCECodeChallenge(verifier),
  code_challenge_method: "S256",
  state,
};
const address = await client.buildAuthorizationUrlWithPAR(config, request, { DPoP });
check([...address.searchParams.keys()].sort().join() === "client_id,request_uri", `The address holds ${address.search}.`);
const browser = new Browser();
const back = await browser.follow(address);
const tokens = await client.authorizationCodeGrant(config, back, { pkceCodeVerifier: verifier, expectedState: state }, undefined, { DPoP });
check(tokens.token_type === "dpop", `The token is a ${tokens.token_type}.`);
const user = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub, { DPoP });
check(user.email === email, `The address is ${user.email}.`);
await refused(client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub), "A bound token without a proof");
const next = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP });
check(next.token_type === "dpop", `A refreshed token is a ${next.token_type}.`);

// The reference may be opened again within its minute, as by a second click. One code of it is traded.
const again = await browser.follow(address);
const used = client.authorizationCodeGrant(config, again, { pkceCodeVerifier: verifier, expectedState: state }, undefined, { DPoP });
check((await refused(used, "A second code of a pushed request")).error === "invalid_grant", "A second code is refused otherwise.");
