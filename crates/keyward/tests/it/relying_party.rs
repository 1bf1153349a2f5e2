//! An application that logs people in by OpenID Connect, and its requests.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyward_api::testing::answer::Answer;
use keyward_api::testing::app::TestApp;
use keyward_api::testing::call::Call;
use keyward_auth::{ScopeSet, SecretHash};
use keyward_domain::model::clients::ClientSettings;
use keyward_domain::oauth::clients::{Administration, Clients};
use keyward_domain::values::ids::ClientId;
use keyward_domain::values::origin::Origin;
use keyward_domain::values::text::Text;
use keyward_domain::values::uris::RedirectUri;
use keyward_web::decode;
use serde_json::Value;

use crate::browser::{Browser, forms};
use crate::oauth::{basic, form, secret};

/// Where answers go, unless a test says otherwise.
pub(crate) const CALLBACK: &str = "https://app.example.com/callback";
pub(crate) const LOGGED_OUT: &str = "https://app.example.com/logged-out";
/// RFC 7636, appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// An application.
#[derive(Clone)]
pub(crate) struct RelyingParty {
    pub(crate) app: TestApp,
    pub(crate) id: String,
    public: bool,
}

/// Settings with the usual redirect URIs.
pub(crate) fn settings(scope: &str) -> ClientSettings {
    let uri = |text| RedirectUri::parse(text).unwrap();
    ClientSettings {
        redirect_uris: vec![uri(CALLBACK), uri("https://app.example.com/other?x=1")],
        logout_uris: vec![uri(LOGGED_OUT)],
        ..ClientSettings::new(Text::parse("Photo album").unwrap(), ScopeSet::parse(scope).unwrap())
    }
}

/// The scope of most tests' applications.
pub(crate) const SCOPE: &str = "openid profile email offline_access posts:read posts:write account";

impl RelyingParty {
    /// A public client that is registered already.
    pub(crate) fn named(app: &TestApp, id: &str) -> Self {
        Self { app: app.clone(), id: id.to_owned(), public: true }
    }

    /// A public client.
    pub(crate) async fn public(app: &TestApp, id: &str) -> Self {
        Self::with(app, id, true, settings(SCOPE)).await
    }

    /// A client with a secret.
    pub(crate) async fn confidential(app: &TestApp, id: &str) -> Self {
        Self::with(app, id, false, settings(SCOPE)).await
    }

    pub(crate) async fn with(app: &TestApp, id: &str, public: bool, settings: ClientSettings) -> Self {
        let (client, origin) = (ClientId::parse(id).unwrap(), Origin::default());
        let hash = (!public).then(|| SecretHash::of(&secret(id)));
        let who = Administration::command("client create", &origin);
        Clients::new(app.ports.clone())
            .telling_private(true)
            .register(client, settings, hash, &who)
            .await
            .unwrap();
        Self { app: app.clone(), id: id.to_owned(), public }
    }

    /// An authorization request, in which these parameters replace the usual ones; an empty one is left out.
    pub(crate) fn request(&self, parameters: &[(&str, &str)]) -> String {
        let usual = [
            ("response_type", "code"),
            ("client_id", self.id.as_str()),
            ("redirect_uri", CALLBACK),
            ("scope", "openid"),
            ("state", "the state"),
            ("nonce", "the nonce"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        let kept = usual.into_iter().filter(|(name, _)| parameters.iter().all(|(known, _)| known != name));
        let all = kept.chain(parameters.iter().copied()).filter(|(_, value)| !value.is_empty());
        let pairs: Vec<_> = all.map(|(name, value)| format!("{name}={}", escape(value))).collect();
        format!("/oauth/authorize?{}", pairs.join("&"))
    }

    /// Trades a code for tokens.
    pub(crate) async fn redeem(&self, code: &str) -> Answer {
        self.redeem_with(&[("code", code)]).await
    }

    /// The same, in which these fields replace the usual ones; an empty one is left out.
    pub(crate) async fn redeem_with(&self, fields: &[(&str, &str)]) -> Answer {
        let usual =
            [("grant_type", "authorization_code"), ("redirect_uri", CALLBACK), ("code_verifier", VERIFIER)];
        let kept = usual.into_iter().filter(|(name, _)| fields.iter().all(|(known, _)| known != name));
        let all: Vec<_> = kept.chain(fields.iter().copied()).filter(|(_, value)| !value.is_empty()).collect();
        self.ask("/oauth/token", &all).await
    }

    /// Trades a refresh token for the next tokens.
    pub(crate) async fn refresh(&self, tokens: &Value) -> Answer {
        let token = tokens["refresh_token"].as_str().unwrap();
        self.ask("/oauth/token", &[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    /// Sends a form as this client.
    pub(crate) async fn ask(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.form(path, fields).send().await
    }

    /// A form of this client, to be completed.
    pub(crate) fn form(&self, path: &str, fields: &[(&str, &str)]) -> Call {
        if self.public {
            return form(&self.app, path, &[fields, &[("client_id", &self.id)]].concat());
        }
        form(&self.app, path, fields).header("authorization", basic(&self.id, &secret(&self.id)))
    }

    /// Has the person of this browser, who is logged in, allow a request. Returns the answer's parameters.
    pub(crate) async fn allowed(
        &self,
        browser: &Browser,
        parameters: &[(&str, &str)],
    ) -> Vec<(String, String)> {
        let answer = browser.get(&self.request(parameters)).await;
        let answer = if answer.status == 200 { decide(browser, &answer, "allow").await } else { answer };
        returned(&answer, CALLBACK)
    }

    /// Has the person allow a request, and gets the tokens.
    pub(crate) async fn tokens(&self, browser: &Browser, parameters: &[(&str, &str)]) -> Value {
        let answer = self.allowed(browser, parameters).await;
        let code = one(&answer, "code").unwrap_or_else(|| panic!("no code: {answer:?}"));
        self.redeem(&code).await.assert_status(200).json()
    }
}

/// Answers a consent page.
pub(crate) async fn decide(browser: &Browser, page: &Answer, decision: &str) -> Answer {
    let form = forms(&page.text()).into_iter().find(|form| form.action.ends_with("/oauth/consent"));
    let mut form = form.unwrap_or_else(|| panic!("no consent page: {}", page.text()));
    form.fields.retain(|(name, value)| name != "decision" || value == decision);
    browser.submit(&form).await
}

/// The parameters with which a browser is sent to this URI.
#[track_caller]
pub(crate) fn returned(answer: &Answer, uri: &str) -> Vec<(String, String)> {
    assert_eq!(answer.status.as_u16(), 303, "{}", answer.text());
    let location = answer.header("location");
    let query = location.strip_prefix(uri).unwrap_or_else(|| panic!("{location} is not {uri}"));
    let query = query.strip_prefix(['?', '&']).unwrap_or_default();
    let text = |part: &str| decode(part.as_bytes()).unwrap();
    query.split('&').map(|pair| pair.split_once('=').unwrap()).map(|(a, b)| (text(a), text(b))).collect()
}

/// The value of a parameter.
pub(crate) fn one(parameters: &[(String, String)], name: &str) -> Option<String> {
    parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
}

/// The error with which a browser is sent back.
#[track_caller]
pub(crate) fn error(answer: &Answer) -> String {
    let parameters = returned(answer, CALLBACK);
    assert_eq!(one(&parameters, "code"), None);
    assert!(one(&parameters, "iss").is_some());
    one(&parameters, "error").unwrap_or_else(|| panic!("no error: {parameters:?}"))
}

/// What a JWT says.
pub(crate) fn payload(token: &Value) -> Value {
    let part = token.as_str().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

pub(crate) fn escape(text: &str) -> String {
    let byte = |byte: u8| {
        if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") }
    };
    text.bytes().map(byte).collect()
}
