// The JavaScript of docs/OTHER_LANGUAGES.md, which the test puts beside this as documented-verify.mjs.

import { check, email, password, refused, url } from "./keyward.mjs";

const { verify } = await import("./documented-verify.mjs");

const login = await fetch(new URL("/login", url), {
  method: "POST",
  body: new URLSearchParams({ username: email, password }),
});
const tokens = await login.json();
const claims = await verify(tokens.access_token);
check(claims.iss === url && claims.scope === tokens.scope, `These are other claims: ${JSON.stringify(claims)}`);

const [head, body, signature] = tokens.access_token.split(".");
const flipped = signature.slice(0, 9) + (signature[9] === "A" ? "B" : "A") + signature.slice(10);
for (const bad of ["", "nonsense", `${head}.${body}.`, `${head}.${body}.${flipped}`, tokens.refresh_token]) {
  await refused(verify(bad), JSON.stringify(bad));
}
