// jose, as an issuer: access tokens as ZITADEL and other servers write them, for a guard to accept or to refuse.
// Prints the public keys, and the tokens with what a guard has to make of each.

import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from "jose";

const issuer = process.env.ISSUER;
const now = Math.floor(Date.now() / 1000);

const rsa = await generateKeyPair("RS256", { extractable: true });
const pss = await generateKeyPair("PS256", { extractable: true });
const ed = await generateKeyPair("EdDSA", { crv: "Ed25519", extractable: true });
const ec = await generateKeyPair("ES256", { extractable: true });
const published = async (pair, members) => ({ ...(await exportJWK(pair.publicKey)), use: "sig", ...members });
const keys = [
  await published(rsa, { kid: "272", alg: "RS256" }),
  await published(pss, { kid: "pss", alg: "PS256" }),
  // RFC 9864's name for it.
  await published(ed, { kid: "ed", alg: "Ed25519" }),
  // Neither `alg` nor `use`, as many leave them out.
  { ...(await exportJWK(ec.publicKey)), kid: "ec" },
];
const cases = [];

// `scope` is what the principal may do, or null where the token is to be refused.
const add = (name, token, scope, profile = {}) =>
  cases.push({ name, token, scope, audience: "272015", ...profile });
const signed = (claims, header = {}, key = rsa.privateKey) =>
  new SignJWT(claims).setProtectedHeader({ alg: "RS256", kid: "272", typ: "at+jwt", ...header }).sign(key);

// ZITADEL: RFC 9068's `typ`, projects in the audience, roles as an object, and no scope.
const zitadel = {
  iss: issuer,
  sub: "163840776835432705",
  aud: ["272016", "272015"],
  exp: now + 43200,
  iat: now,
  nbf: now,
  client_id: "272016",
  jti: "V2_272-at_272",
  "urn:zitadel:iam:org:project:roles": { reader: { 272: "shop.example" } },
};
add("ZITADEL", await signed(zitadel), "");
add("ZITADEL, as any OpenID provider", await signed(zitadel), "", { oidc: true });
add("for another project", await signed({ ...zitadel, aud: ["272016"] }), null);
add("an ID token", await signed({ ...zitadel, at_hash: "x" }, { typ: "JWT" }), null, { oidc: true });
add("an ID token where at+jwt is asked for", await signed(zitadel, { typ: "JWT" }), null);
add("typ in another spelling", await signed(zitadel, { typ: "application/AT+JWT" }), "");
add("another typ", await signed(zitadel, { typ: "dpop+jwt" }), null, { oidc: true });
add("a type of its own", await signed(zitadel, { typ: "access" }), "", { types: ["access"] });
add("a type that was not named", await signed(zitadel), null, { types: ["access"] });

// Keys of other kinds, and without `alg`.
add("Ed25519", await signed(zitadel, { alg: "EdDSA", kid: "ed" }, ed.privateKey), "");
add("ES256, a key without alg", await signed(zitadel, { alg: "ES256", kid: "ec" }, ec.privateKey), "");
add("PS256", await signed(zitadel, { alg: "PS256", kid: "pss" }, pss.privateKey), null);
add("no kid, among many keys", await signed(zitadel, { kid: undefined }), null);
add("another key's name", await signed(zitadel, { alg: "ES256", kid: "ed" }, ec.privateKey), null);
const embedded = { alg: "ES256", kid: "mine", jwk: await exportJWK(ec.publicKey) };
add("a key in the header", await signed(zitadel, embedded, ec.privateKey), null);
add("no signature", new UnsecuredJWT(zitadel).encode(), null, { oidc: true });

// What is missing, or of another type.
for (const name of ["iss", "sub", "aud", "exp", "iat"]) {
  const { [name]: _, ...rest } = zitadel;
  add(`without ${name}`, await signed(rest), null, { oidc: true });
}
add("exp as text", await signed({ ...zitadel, exp: String(now + 60) }).catch(() => "x.y.z"), null, { oidc: true });
add("a list of issuers", await signed({ ...zitadel, iss: [issuer] }), null, { oidc: true });
add("an empty subject", await signed({ ...zitadel, sub: "" }), null, { oidc: true });
add("a required claim", await signed({ ...zitadel, amr: ["pwd", "otp"] }), "", { oidc: true, require: ["amr", "otp"] });
add("a required claim is missing", await signed(zitadel), null, { oidc: true, require: ["amr", "otp"] });

console.log(JSON.stringify({ keys, cases }));
