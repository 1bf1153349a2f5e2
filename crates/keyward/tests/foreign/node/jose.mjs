// jose: a front end that logs in with fetch, and a resource server that knows nothing but the key set's address.

import { check, email, expected, expectMe, jwksUrl, me, password, refused, url } from "./keyward.mjs";
import { createRemoteJWKSet, decodeProtectedHeader, errors, jwtVerify } from "jose";

const keys = createRemoteJWKSet(jwksUrl);
const verified = (token, changes) =>
  jwtVerify(token, keys, {
    ...expected,
    algorithms: ["EdDSA"],
    requiredClaims: ["sub", "exp", "iat", "jti", "sid"],
    ...changes,
  });

const post = (path, body) =>
  fetch(new URL(path, url), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });

// Logging in, and being let in.
const login = await post("/login", { username: email, password });
check(login.status === 200, `A login answers ${login.status}.`);
check(login.headers.get("cache-control") === "no-store", "A token may be kept by caches.");
const first = await login.json();
const { payload } = await verified(first.access_token);
check(payload.exp - payload.iat === first.expires_in, "expires_in is not what the token says.");
await expectMe(await me(first.access_token));

// Two tabs refresh at once: both go on, with the same refresh token.
const tabs = await Promise.all([0, 1].map(() => post("/refresh_token", { refresh_token: first.refresh_token })));
const pairs = await Promise.all(tabs.map((answer) => answer.json()));
check(
  tabs.every((answer) => answer.status === 200),
  `Two refreshes at once answer ${tabs.map((answer) => answer.status)}.`,
);
check(pairs[0].refresh_token === pairs[1].refresh_token, "Two tabs are handed different refresh tokens.");
check(pairs[0].refresh_token !== first.refresh_token, "The refresh token was not replaced.");
for (const pair of pairs) {
  const renewed = await verified(pair.access_token);
  check(renewed.payload.sid === payload.sid, "A refresh moved to another session.");
  check(renewed.payload.jti !== payload.jti, "A refresh hands out the same access token again.");
  await expectMe(await me(pair.access_token));
}

// What must be refused, and how.
const wrong = await post("/login", { username: email, password: "some other pass phrase" });
check(wrong.status === 401, `A wrong password answers ${wrong.status}.`);
check((await wrong.json()).error === "invalid_grant", "A wrong password is not an invalid_grant.");
const rows = [
  [{ audience: "another service" }, errors.JWTClaimValidationFailed],
  [{ issuer: "http://127.0.0.1:1" }, errors.JWTClaimValidationFailed],
  [{ typ: "jwt" }, errors.JWTClaimValidationFailed],
  [{ algorithms: ["ES256", "HS256"] }, errors.JOSEAlgNotAllowed],
];
for (const [changes, kind] of rows) {
  const error = await refused(verified(first.access_token, changes), JSON.stringify(changes));
  check(error instanceof kind, `${JSON.stringify(changes)} is refused as ${error}.`);
}
const [head, body, signature] = first.access_token.split(".");
const tampered = `${head}.${body}.${signature.slice(0, 10)}${signature[10] === "A" ? "B" : "A"}${signature.slice(11)}`;
const error = await refused(verified(tampered), "A tampered token");
check(error instanceof errors.JWSSignatureVerificationFailed, `A tampered token is refused as ${error}.`);
check((await me(tampered)).status === 401, "A tampered token is let in.");

// The key says by itself what it is for.
const { kid } = decodeProtectedHeader(first.access_token);
const published = await (await fetch(jwksUrl)).json();
const key = published.keys.find((key) => key.kid === kid);
check(key?.use === "sig" && key.alg === "EdDSA", `The key is published as ${JSON.stringify(key)}.`);
check(
  published.keys.every((key) => !("d" in key)),
  "A private key is published.",
);

// Logging out is the end of the session, and of every token of it.
const logout = await fetch(new URL("/logout", url), {
  method: "POST",
  headers: { authorization: `Bearer ${pairs[0].access_token}` },
});
check(logout.status === 204, `Logging out answers ${logout.status}.`);
for (const token of [first.access_token, pairs[0].access_token, pairs[1].access_token]) {
  check((await me(token)).status === 401, "After logging out, a token is let in.");
}
const late = await post("/refresh_token", { refresh_token: pairs[0].refresh_token });
check(late.status === 401, `After logging out, a refresh answers ${late.status}.`);
