//! The service as a resource of a Keyward elsewhere: a client that knows nothing but its address finds the server, and gets a
//! token that opens this service and no other.
#![expect(clippy::unwrap_used, reason = "clippy's exemption for tests does not know their helpers")]

#[path = "../../keyward.rs"]
mod keyward;

use std::net::TcpListener;
use std::process::Command;

use keyward::{EMAIL, Keyward, PASSWORD, Running};
use reqwest::{Client, Response, redirect};
use serde_json::{Value, json};

const CALLBACK: &str = "https://app.example.com/callback";
/// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A browser without script, and its one cookie.
struct Browser {
    client: Client,
    cookie: String,
}

impl Browser {
    fn new() -> Self {
        let client = Client::builder().no_proxy().redirect(redirect::Policy::none()).build().unwrap();
        Self { client, cookie: String::new() }
    }

    async fn send(&mut self, request: reqwest::RequestBuilder) -> Response {
        let answer =
            request.header("accept", "text/html").header("cookie", &self.cookie).send().await.unwrap();
        if let Some(cookie) = answer.headers().get("set-cookie") {
            cookie.to_str().unwrap().split(';').next().unwrap().clone_into(&mut self.cookie);
        }
        answer
    }

    /// Opens an address of `server`, logs in where a page asks for it, and returns the address of another site that it is sent to.
    async fn follow(&mut self, server: &str, address: &str) -> String {
        let mut answer = self.send(self.client.get(address)).await;
        for _ in 0..8 {
            if answer.status().is_redirection() {
                let location = answer.headers()["location"].to_str().unwrap().to_owned();
                if location.starts_with("https://") {
                    return location;
                }
                answer = self.send(self.client.get(format!("{server}{location}"))).await;
                continue;
            }
            let page = answer.text().await.unwrap();
            let form = page.split("<form ").skip(1).find(|form| form.contains("name=\"password\"")).unwrap();
            let form = form.split("</form>").next().unwrap();
            let mut fields = vec![("username", EMAIL.to_owned()), ("password", PASSWORD.to_owned())];
            let hidden = form.split("<input").filter(|input| input.contains("type=\"hidden\""));
            fields.extend(hidden.map(|input| (attribute(input, "name"), plain(attribute(input, "value")))));
            let body: Vec<_> =
                fields.iter().map(|(name, value)| format!("{name}={}", escape(value))).collect();
            let target = format!("{server}{}", plain(attribute(form, "action")));
            let post = self.client.post(target).header("origin", server).body(body.join("&"));
            answer = self.send(post.header("content-type", "application/x-www-form-urlencoded")).await;
        }
        panic!("it leads from page to page");
    }
}

fn attribute<'a>(tag: &'a str, name: &str) -> &'a str {
    tag.split_once(&format!("{name}=\"")).map_or("", |(_, rest)| rest.split('"').next().unwrap())
}

fn plain(text: &str) -> String {
    text.replace("&#x2f;", "/").replace("&#x3d;", "=").replace("&amp;", "&")
}

fn escape(text: &str) -> String {
    text.bytes()
        .map(
            |byte| {
                if byte.is_ascii_alphanumeric() {
                    char::from(byte).to_string()
                } else {
                    format!("%{byte:02X}")
                }
            },
        )
        .collect()
}

/// What stands between `before` and the next quote.
fn quoted<'a>(text: &'a str, before: &str) -> &'a str {
    text.split_once(before).unwrap_or_else(|| panic!("no {before} in {text}")).1.split('"').next().unwrap()
}

async fn json_of(answer: Response) -> Value {
    answer.json().await.unwrap()
}

#[tokio::test]
async fn a_client_that_knows_the_address_alone_gets_a_token_for_this_service_and_no_other() {
    let keyward = Keyward::start(&[("KEYWARD_USER_SCOPES", "notes:read notes:write")]);
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let address = format!("http://127.0.0.1:{port}");
    let mut command = Command::new(env!("CARGO_BIN_EXE_notes"));
    command.env_clear().env("NOTES_LISTEN", format!("127.0.0.1:{port}")).env("NOTES_URL", &address);
    command.env("KEYWARD_URL", keyward.url());
    let _notes = Running::start(command, &keyward.folder.path().join("notes.log"));
    let registered = ["client", "create", "--name", "Reader", "--id", "reader", "--public", "--first-party"];
    let of = ["--redirect-uri", CALLBACK, "--scope", "notes:read posts:read", "--resource", &address];
    keyward.run(&[&registered[..], &of[..]].concat(), "");
    let mut browser = Browser::new();
    let client = browser.client.clone();
    let get = |url: String, token: String| client.get(url).bearer_auth(token).send();

    // The challenge leads to the metadata, and they to the server.
    let refused = client.get(format!("{address}/notes")).send().await.unwrap();
    assert_eq!(refused.status(), 401);
    let challenge = refused.headers()["www-authenticate"].to_str().unwrap().to_owned();
    let metadata =
        json_of(client.get(quoted(&challenge, "resource_metadata=\"")).send().await.unwrap()).await;
    assert_eq!(metadata["resource"], address);
    assert_eq!(metadata["authorization_servers"], json!([keyward.url()]));
    assert_eq!(metadata["scopes_supported"], json!(["notes:read", "notes:write"]));
    let server = metadata["authorization_servers"][0].as_str().unwrap().to_owned();
    let found = format!("{server}/.well-known/oauth-authorization-server");
    let server_metadata = json_of(client.get(found).send().await.unwrap()).await;
    let endpoint = |name: &str| server_metadata[name].as_str().unwrap().to_owned();

    let mut tokens = Vec::new();
    for resource in [&address, &server] {
        let request = format!(
            "{}?response_type=code&client_id=reader&redirect_uri={}&scope=notes:read%20posts:read&code_challenge={CHALLENGE}&code_challenge_method=S256&resource={}",
            endpoint("authorization_endpoint"),
            escape(CALLBACK),
            escape(resource),
        );
        let back = browser.follow(&server, &request).await;
        let code = back.split_once("code=").unwrap_or_else(|| panic!("{back}")).1.split('&').next().unwrap();
        let form = format!(
            "grant_type=authorization_code&client_id=reader&redirect_uri={}&code={code}&code_verifier={VERIFIER}&resource={}",
            escape(CALLBACK),
            escape(resource),
        );
        let post = client.post(endpoint("token_endpoint")).body(form);
        let answer = post.header("content-type", "application/x-www-form-urlencoded").send().await.unwrap();
        tokens.push(json_of(answer).await["access_token"].as_str().unwrap().to_owned());
    }
    let [for_notes, for_keyward] = <[String; 2]>::try_from(tokens).unwrap();
    let (notes, posts) = (format!("{address}/notes"), format!("{server}/posts"));
    assert_eq!(get(notes.clone(), for_notes.clone()).await.unwrap().status(), 200);
    assert_eq!(get(posts.clone(), for_keyward.clone()).await.unwrap().status(), 200);
    assert_eq!(
        get(posts, for_notes.clone()).await.unwrap().status(),
        401,
        "the token of notes opens Keyward"
    );
    let reverse = get(notes.clone(), for_keyward).await.unwrap();
    assert_eq!(reverse.status(), 401, "a token of Keyward opens notes");
    assert!(reverse.headers()["www-authenticate"].to_str().unwrap().contains("error=\"invalid_token\""));

    let lacking =
        client.post(notes).bearer_auth(for_notes).json(&json!({ "text": "Buy milk" })).send().await.unwrap();
    let challenge = lacking.headers()["www-authenticate"].to_str().unwrap();
    assert_eq!((lacking.status().as_u16(), quoted(challenge, " scope=\"")), (403, "notes:write"));
    assert!(quoted(challenge, "resource_metadata=\"").starts_with(&address));
}
