// Hands the answer to a login by code to the page of Swagger UI that opened this window, and closes it.
"use strict";

const answer = new URLSearchParams(location.search);
const waiting = window.opener?.swaggerUIRedirectOauth2;

const fail = (message) =>
  waiting.errCb({ authId: waiting.auth.name, source: "auth", level: "error", message });

if (waiting) {
  if (answer.get("state") !== waiting.state) {
    fail("The answer belongs to another request: press Authorize again.");
  } else if (answer.has("code")) {
    delete waiting.auth.state;
    waiting.auth.code = answer.get("code");
    waiting.callback({ auth: waiting.auth, redirectUrl: waiting.redirectUrl });
  } else {
    fail(answer.get("error_description") ?? answer.get("error") ?? "The answer has no code.");
  }
  window.close();
}
