// Logs in at a Keyward of another origin and stays logged in, in any number of tabs, without a library.
"use strict";

const api = document.querySelector("meta[name=keyward]").content;
const LOCK = "keyward";
const STORED = "keyward.refresh_token";

// The access token stays in this tab's memory. The refresh token is shared by the tabs of this origin.
let access = null;

/** The session is over: the user has to log in. `code` says why. */
class LoggedOut extends Error {
  constructor(code) {
    super(`logged out: ${code}`);
    this.code = code;
  }
}

const send = (path, body, headers = {}) =>
  fetch(api + path, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify(body),
  });

const keep = (tokens) => {
  localStorage.setItem(STORED, tokens.refresh_token);
  // Renewed some seconds early, so that a token does not expire on its way.
  const life = Math.max(tokens.expires_in - 10, tokens.expires_in / 2);
  access = { token: tokens.access_token, until: Date.now() + life * 1000 };
};

const forget = () => {
  access = null;
  localStorage.removeItem(STORED);
};

const logIn = (username, password) =>
  navigator.locks.request(LOCK, async () => {
    const answer = await send("/login", { username, password });
    const body = await answer.json();
    if (!answer.ok) throw Object.assign(new Error(body.detail), { code: body.code });
    keep(body);
  });

/** Trades the refresh token. Under the lock no other tab does so, and each sees what the one before it has stored. */
const renew = () =>
  navigator.locks.request(LOCK, async () => {
    const refresh_token = localStorage.getItem(STORED);
    if (!refresh_token) throw new LoggedOut("not_authenticated");
    const answer = await send("/refresh_token", { refresh_token });
    const body = await answer.json();
    if (answer.status === 401) {
      forget();
      throw new LoggedOut(body.code);
    }
    // 429, 5xx: the session stands. The same token is good for another attempt.
    if (!answer.ok) throw new Error(body.detail);
    keep(body);
  });

/** A request with a token that is good; where the service says otherwise, once more with a new one. */
const call = async (path, options = {}) => {
  for (let attempt = 0; ; attempt += 1) {
    if (!access || Date.now() >= access.until) await renew();
    const headers = { ...options.headers, Authorization: `Bearer ${access.token}` };
    const answer = await fetch(api + path, { ...options, headers });
    if (answer.status !== 401 || attempt > 0) return answer;
    access = null;
  }
};

const logOut = async () => {
  try {
    await call("/logout", { method: "POST" });
  } catch (error) {
    if (!(error instanceof LoggedOut)) throw error;
  }
  forget();
};

// What the page shows.

const words = { session_ended_by_reuse: "Somebody else may have used this login.", session_expired: "It was long ago." };
const at = (id) => document.getElementById(id);

const show = async () => {
  const loggedIn = localStorage.getItem(STORED) !== null;
  at("login").hidden = loggedIn;
  at("account").hidden = !loggedIn;
  if (loggedIn) at("email").textContent = (await (await call("/users/me")).json()).email;
};

const attempt = async (deed) => {
  at("words").textContent = "";
  try {
    await deed();
    await show();
  } catch (error) {
    at("words").textContent =
      error instanceof LoggedOut ? `Please log in again. ${words[error.code] ?? ""}` : error.message;
    at("login").hidden = localStorage.getItem(STORED) !== null;
    at("account").hidden = !at("login").hidden;
  }
};

at("login").addEventListener("submit", (event) => {
  event.preventDefault();
  const form = new FormData(event.target);
  attempt(() => logIn(form.get("username"), form.get("password")));
});
at("again").addEventListener("click", () => attempt(() => {}));
at("logout").addEventListener("click", () => attempt(logOut));
// Another tab logged in or out.
addEventListener("storage", (event) => {
  if (event.key === STORED && event.newValue === null) access = null;
  if (event.key === STORED && (event.newValue === null) !== (event.oldValue === null)) attempt(() => {});
});
attempt(() => {});

window.page = { call, renew };
