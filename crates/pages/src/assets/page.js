// Passkeys, and buttons that copy. Everything else works without script. Nothing here asks a server for anything: what an
// authenticator is to do stands in the page, and its answer goes back in a form.

/** Bytes of base64url. */
const bytes = (text) => {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (character) => character.charCodeAt(0));
};

/** Base64url of bytes. */
const text = (buffer) => {
  const plain = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
  return btoa(plain).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
};

const described = (list) => list.map((one) => ({ ...one, id: bytes(one.id) }));

/** The options of a login or a registration, as the browser wants them. */
const options = (form) => {
  const given = JSON.parse(form.dataset.passkey);
  const read = { ...given, challenge: bytes(given.challenge) };
  if (given.user) read.user = { ...given.user, id: bytes(given.user.id) };
  if (given.allowCredentials) read.allowCredentials = described(given.allowCredentials);
  if (given.excludeCredentials) read.excludeCredentials = described(given.excludeCredentials);
  return read;
};

/** What `toJSON()` gives, for browsers that do not have it. */
const answer = (credential) => {
  if (credential.toJSON) return credential.toJSON();
  const { response } = credential;
  const members = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
  const known = members.filter((member) => response[member]);
  return {
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    response: {
      ...Object.fromEntries(known.map((member) => [member, text(response[member])])),
      ...(response.getTransports ? { transports: response.getTransports() } : {}),
    },
  };
};

/** Waits for a passkey by the browser's own suggestions, until a button asks for one. */
let suggesting;

const send = (form, credential) => {
  form.elements.passkey.value = JSON.stringify(answer(credential));
  form.submit();
};

const show = (form, words) => {
  const fault = form.querySelector("[role=alert]");
  fault.textContent = words;
  fault.hidden = false;
};

const use = async (form) => {
  suggesting?.abort();
  try {
    const publicKey = options(form);
    const credential =
      form.dataset.use === "create"
        ? await navigator.credentials.create({ publicKey })
        : await navigator.credentials.get({ publicKey });
    send(form, credential);
  } catch (error) {
    const known = error.name === "InvalidStateError";
    show(form, known ? "This device has a passkey of your account already." : "No passkey was used. Try again.");
  }
};

const suggest = async (form) => {
  if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
  suggesting = new AbortController();
  try {
    const asked = { publicKey: options(form), mediation: "conditional", signal: suggesting.signal };
    send(form, await navigator.credentials.get(asked));
  } catch {
    // A button was pressed, or the person chose none: the form is still there.
  }
};

if (window.PublicKeyCredential) {
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      use(form);
    });
  }
  const login = document.querySelector("form[data-use=get]");
  if (login && document.querySelector("[autocomplete~=webauthn]")) suggest(login);
}

for (const button of document.querySelectorAll("button[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).innerText);
    button.textContent = "Copied";
  });
}
