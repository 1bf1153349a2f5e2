//! Passkeys of Chromium's virtual authenticator, by the scripts that a page needs: `docs/API.md` shows them.

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::nginx::free_port;
use crate::server::Server;

/// What a page does: nothing but JSON goes between browser and server.
const SCRIPT: &str = "
    const send = async (path, body, token) => {
        const headers = { 'Content-Type': 'application/json' };
        if (token) headers.Authorization = `Bearer ${token}`;
        const answer = await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) });
        return { status: answer.status, body: answer.status === 204 ? null : await answer.json() };
    };
    const create = async token => {
        const options = (await send('/users/me/passkeys/options', {}, token)).body;
        const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
        const made = await navigator.credentials.create({ publicKey });
        return send('/users/me/passkeys', { ...made.toJSON(), name: 'Chromium' }, token);
    };
    const show = async () => {
        const options = (await send('/login/passkey/options', {})).body;
        const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
        return (await navigator.credentials.get({ publicKey })).toJSON();
    };
    const failing = action => action().then(() => 'it works', error => error.name);
    const account = { email: 'ana@example.com', password: 'seven wild horses' };
    const login = { username: account.email, password: account.password };
";

fn run(browser: &Browser, script: &str) -> Value {
    browser.ask(&format!("{SCRIPT} {script}"))
}

#[test]
fn a_passkey_of_chromium_is_registered_logs_in_and_is_a_second_factor() {
    let port = free_port();
    let origin = format!("http://localhost:{port}");
    let _server =
        Server::start_with(&[("KEYWARD_LISTEN", &format!("127.0.0.1:{port}")), ("KEYWARD_ISSUER", &origin)]);
    let browser = Browser::start();
    let authenticator = browser.has_authenticator();
    browser.open(&format!("{origin}/docs"));

    let added = run(&browser, "return create((await send('/signup', account)).body.access_token)");
    assert_eq!((&added["status"], &added["body"]["name"]), (&json!(201), &json!("Chromium")), "{added}");
    let logged_in = run(&browser, "return send('/login/passkey', await show())");
    assert_eq!(logged_in["status"], 200, "{logged_in}");
    let token = logged_in["body"]["access_token"].as_str().unwrap();
    let second = run(
        &browser,
        "const { mfa_token, mfa_methods } = (await send('/login', login)).body;
        const passkey = await show();
        const finished = await send('/login/mfa', { mfa_token, passkey });
        const again = await send('/login/passkey', passkey);
        return [mfa_methods, finished.status, again.status]",
    );
    assert_eq!(second, json!([["passkey", "recovery_code"], 200, 401]));
    let proven =
        run(&browser, &format!("return send('/users/me/proof', {{ passkey: await show() }}, '{token}')"));
    assert_eq!(proven["status"], 200, "{proven}");
    // The authenticator makes no second passkey for the account: `excludeCredentials` names the first one.
    let twice = run(&browser, &format!("return failing(() => create('{token}'))"));
    assert_eq!(twice, "InvalidStateError");

    browser.verifies_user(&authenticator, false);
    assert_eq!(run(&browser, "return failing(show)"), "NotAllowedError");
    browser.verifies_user(&authenticator, true);
    // A page of another host gets no passkey of this one.
    browser.open(&format!("http://127.0.0.1:{port}/docs"));
    assert_eq!(run(&browser, "return failing(show)"), "SecurityError");
}
