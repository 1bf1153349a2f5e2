// openapi-fetch with the types that openapi-typescript reads from the document: what compiles here, the document says.

import createClient, { type Middleware } from "openapi-fetch";
import type { components, paths } from "./keyward.js";

declare const process: { env: Record<string, string | undefined> };

type Post = components["schemas"]["Post"];

const required = (name: string): string => {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set.`);
  return value;
};

function check(truth: boolean, sentence: string): asserts truth {
  if (!truth) throw new Error(sentence);
}

const keyward = createClient<paths>({ baseUrl: required("KEYWARD_URL") });

// Logging in: a typed body, a typed answer.
const login = await keyward.POST("/login", {
  body: { username: required("KEYWARD_EMAIL"), password: required("KEYWARD_PASSWORD") },
});
check(login.data !== undefined, `No login: ${JSON.stringify(login.error)}`);

// The same as a form, which is how OAuth2 libraries send it.
const form = await keyward.POST("/oauth/token", {
  body: { grant_type: "refresh_token", refresh_token: login.data.refresh_token },
  headers: { "Content-Type": "application/x-www-form-urlencoded" },
});
check(form.data !== undefined && "refresh_token" in form.data, `No refresh: ${JSON.stringify(form.error)}`);

// From here on with the token.
const scheme: "bearer" | "DPoP" = login.data.token_type;
const authentication: Middleware = {
  onRequest: ({ request }) => {
    request.headers.set("Authorization", `${scheme} ${login.data.access_token}`);
    return request;
  },
};
keyward.use(authentication);

// Writing and listing: `published` has a default, so it need not be sent; it is always there in an answer.
const written = await keyward.POST("/posts", { body: { title: "Hello", content: "From TypeScript." } });
check(written.response.status === 201 && written.data !== undefined, "The post was not written.");
const { data: posts } = await keyward.GET("/posts", { params: { query: { limit: 10, owner: "me" } } });
check(posts !== undefined, "There are no posts.");
const mine: Post | undefined = posts.find((post) => post.id === written.data.id);
check(mine !== undefined && mine.published && mine.owner.name === null, "The post is not as it was written.");

// What is always there is not optional, and closed sets are closed.
const me = await keyward.GET("/users/me");
check(me.data !== undefined, "Who am I?");
const role: "user" | "admin" = me.data.role;
const name: string | null = me.data.name;
check(role === "user" && name === null, `I am ${role} ${name}.`);

// An error has a type, too: a 404 is `Problem` with a code, a 422 names the fields.
const missing = await keyward.GET("/posts/{id}", { params: { path: { id: 4711 } } });
check(missing.error !== undefined && missing.response.status === 404, "Post 4711 is there.");
const detail: string | components["schemas"]["ValidationError"][] = missing.error.detail;
check(typeof detail === "string" && detail.includes("4711"), `The 404 says ${JSON.stringify(detail)}.`);
const code: components["schemas"]["Problem"]["code"] | components["schemas"]["HTTPValidationError"]["code"] = missing.error.code;
check(code === "not_found", `The 404 has the code ${code}.`);

const faulty = await keyward.POST("/posts", { body: { title: "", content: "" } });
check(faulty.error !== undefined && typeof faulty.error.detail !== "string", "An empty title was accepted.");
check(faulty.error.detail.some((fault) => fault.loc.includes("title")), "The 422 does not name the title.");

// A key set is keys, not just objects.
const { data: set } = await keyward.GET("/.well-known/jwks.json");
check(set?.keys[0]?.alg === "EdDSA" && set.keys[0].kid.length > 0, "The key set is odd.");

const out = await keyward.POST("/logout");
check(out.response.status === 204, "Logging out failed.");
const late = await keyward.GET("/users/me");
check(late.response.status === 401 && late.error?.detail === "Could not validate credentials", "The token is still good.");
