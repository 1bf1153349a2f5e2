// openid-client: a login by authorization code, PKCE and OpenID Connect, through the real pages.

import { check, clientId, clientSecret, email, loggedOutUri, redirectUri, refused, url } from "./keyward.mjs";
import { Browser } from "./browser.mjs";
import * as client from "openid-client";

const options = { execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks] };
const config = await client.discovery(new URL(url), clientId, undefined, client.ClientSecretBasic(clientSecret), options);
const browser = new Browser();

const logIn = async (changes) => {
  const verifier = client.randomPKCECodeVerifier();
  const [state, nonce] = [client.randomState(), client.randomNonce()];
  const address = client.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri,
    scope: "openid profile email offline_access",
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    state,
    nonce,
    ...changes,
  });
  const back = await browser.follow(address);
  const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true };
  const tokens = await client.authorizationCodeGrant(config, back, { ...checks, ...(changes?.max_age && { maxAge: changes.max_age }) });
  return { back, checks, tokens };
};

const { back, checks, tokens } = await logIn();
const claims = tokens.claims();
check(claims.azp === clientId && claims.sid, `The ID token says ${JSON.stringify(claims)}.`);
const user = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
check(user.email === email, `The address is ${user.email}.`);

const next = await client.refreshTokenGrant(config, tokens.refresh_token);
check(next.claims().sub === claims.sub, "A refreshed ID token names another user.");

// Nothing is asked for the second time, also not where the login has to be of the last hour.
const silent = await logIn({ prompt: "none", max_age: 3600 });
check(silent.tokens.claims().auth_time === claims.auth_time, "The time of the login changed by itself.");

// A used code, and what the first use gave.
const used = await refused(client.authorizationCodeGrant(config, back, checks), "A used code");
check(used.error === "invalid_grant", `A used code is refused as ${used.error}.`);
await refused(client.refreshTokenGrant(config, next.refresh_token), "The refresh token of a code that was used twice");

// The person said no, or nobody is logged in.
const stranger = new Browser();
const nobody = client.buildAuthorizationUrl(config, {
  redirect_uri: redirectUri,
  scope: "openid",
  code_challenge: await client.calculatePKCECodeChallenge(client.randomPKCECodeVerifier()),
  code_challenge_method: "S256",
  prompt: "none",
});
const unasked = await refused(client.authorizationCodeGrant(config, await stranger.follow(nobody), { pkceCodeVerifier: "x" }), "No login");
check(unasked.error === "login_required", `Without a session the error is ${unasked.error}.`);

const end = client.buildEndSessionUrl(config, {
  post_logout_redirect_uri: loggedOutUri,
  id_token_hint: silent.tokens.id_token,
  state: "bye",
});
const gone = await browser.follow(end);
check(`${gone}` === `${loggedOutUri}?state=bye`, `After the logout the browser was sent to ${gone}.`);
