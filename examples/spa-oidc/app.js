// Logs in with a Keyward of another origin: authorization code and PKCE, by oidc-client-ts. No password is typed here.
"use strict";

const setting = (name) => document.querySelector(`meta[name=${name}]`).content;
const here = `${location.origin}${location.pathname}`;

const manager = new oidc.UserManager({
  authority: setting("keyward"),
  client_id: setting("client"),
  redirect_uri: here,
  post_logout_redirect_uri: here,
  scope: "openid profile email",
  // Tokens are renewed when a call needs it: an unused page keeps no session alive.
  automaticSilentRenew: false,
});

/** A request with a token that is good; it is renewed shortly before it expires. */
const call = async (address) => {
  let user = await manager.getUser();
  if (!user || user.expires_in < 1) user = await manager.signinSilent();
  return fetch(address, { headers: { Authorization: `Bearer ${user.access_token}` } });
};

/** What Keyward says of the person: the scopes decide how much. */
const claims = async () => {
  const answer = await call(await manager.metadataService.getUserInfoEndpoint());
  if (!answer.ok) throw new Error(`Keyward answers ${answer.status}.`);
  return answer.json();
};

const at = (id) => document.getElementById(id);

const show = async () => {
  const user = await manager.getUser();
  if (user) at("email").textContent = (await claims()).email;
  at("stranger").hidden = Boolean(user);
  at("person").hidden = !user;
};

const attempt = async (deed) => {
  at("words").textContent = "";
  try {
    await deed();
    await show();
  } catch (error) {
    // The session is over, or Keyward is away: a new login mends the one, and another attempt the other.
    at("words").textContent = error.message;
    at("stranger").hidden = false;
    at("person").hidden = true;
  }
};

/** Takes the answer of Keyward out of the address, so that a reload does not bring it twice. */
const arrive = async () => {
  const answer = new URLSearchParams(location.search);
  if (!answer.has("code") && !answer.has("error")) return;
  const address = location.href;
  history.replaceState(null, "", here);
  await manager.signinCallback(address);
};

at("login").addEventListener("click", () => attempt(() => manager.signinRedirect()));
at("again").addEventListener("click", () => attempt(() => {}));
at("logout").addEventListener("click", () => attempt(() => manager.signoutRedirect()));
attempt(arrive);

window.page = { claims };
