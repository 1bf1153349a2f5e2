// What every script needs: where Keyward is, who logs in, and how to complain.

import { webcrypto } from "node:crypto";

// Node.js 18 keeps these to itself; the libraries want them. So this file is imported first.
globalThis.crypto ??= webcrypto;
globalThis.CryptoKey ??= webcrypto.CryptoKey;

const required = (name) => {
  if (!process.env[name]) throw new Error(`${name} is not set.`);
  return process.env[name];
};

export const url = required("KEYWARD_URL");
export const clientId = required("KEYWARD_CLIENT_ID");
export const clientSecret = required("KEYWARD_CLIENT_SECRET");
export const email = required("KEYWARD_EMAIL");
export const password = required("KEYWARD_PASSWORD");
// Where the applications' answers go. The browser of the tests goes no further.
export const redirectUri = required("KEYWARD_REDIRECT_URI");
export const loggedOutUri = required("KEYWARD_LOGGED_OUT_URI");

export const jwksUrl = new URL("/.well-known/jwks.json", url);
export const meUrl = new URL("/users/me", url);
export const expected = { issuer: url, audience: "keyward", typ: "at+jwt" };

/** Ends the script with `sentence` unless `truth`. */
export function check(truth, sentence) {
  if (truth) return;
  console.error(sentence);
  process.exit(1);
}

/** The error that `promise` fails with; it must not succeed. */
export async function refused(promise, what) {
  const outcome = await promise.then(
    () => undefined,
    (error) => error,
  );
  check(outcome, `${what} is not refused.`);
  return outcome;
}

/** `answer` must be the account that logged in. */
export async function expectMe(answer) {
  check(answer.status === 200, `GET /users/me answers ${answer.status}.`);
  const me = await answer.json();
  check(me.email === email, `GET /users/me is about another user: ${JSON.stringify(me)}`);
}

export const me = (token) => fetch(meUrl, { headers: { authorization: `Bearer ${token}` } });
