//! A browser without script: it keeps cookies, fills in forms and sends them as browsers do.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::http::header::SET_COOKIE;
use keyward_api::testing::answer::Answer;
use keyward_api::testing::app::{PASSWORD, TestApp, address};
use keyward_api::testing::call::Call;

/// Where the tests' browsers reach the service.
pub(crate) const ORIGIN: &str = "http://localhost:8000";

/// A browser with cookies of its own. A clone is another tab of it.
#[derive(Clone)]
pub(crate) struct Browser {
    app: TestApp,
    cookies: Arc<Mutex<BTreeMap<String, String>>>,
}

/// A form of a page: where it goes, and what it holds already.
pub(crate) struct Form {
    pub(crate) action: String,
    pub(crate) fields: Vec<(String, String)>,
}

impl Browser {
    pub(crate) fn new(app: &TestApp) -> Self {
        Self { app: app.clone(), cookies: Arc::default() }
    }

    /// One that is logged in as an account that exists.
    pub(crate) async fn logged_in(app: &TestApp, name: &str) -> Self {
        let browser = Self::new(app);
        browser.log_in(name).await.assert_status(303);
        browser
    }

    /// Fills in the login page.
    pub(crate) async fn log_in(&self, name: &str) -> Answer {
        let fields = [("username", address(name)), ("password", PASSWORD.to_owned())];
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.fill("/account/login", &fields).await
    }

    /// The value of a cookie.
    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.lock().unwrap().get(name).cloned()
    }

    /// Puts a cookie where one that knows the browser could not.
    pub(crate) fn plant(&self, name: &str, value: &str) {
        self.cookies.lock().unwrap().insert(name.to_owned(), value.to_owned());
    }

    /// A request with the browser's cookies, to be completed.
    pub(crate) fn call(&self, method: &str, path: &str) -> Call {
        let call = self.app.anonymous().call(method, path).header("accept", "text/html,*/*;q=0.8");
        let cookies: Vec<_> =
            self.cookies.lock().unwrap().iter().map(|(name, value)| format!("{name}={value}")).collect();
        if cookies.is_empty() { call } else { call.header("cookie", cookies.join("; ")) }
    }

    /// Sends a request and keeps the cookies that come back.
    pub(crate) async fn send(&self, call: Call) -> Answer {
        let answer = call.send().await;
        for field in answer.headers.get_all(SET_COOKIE) {
            let field = field.to_str().unwrap();
            let (pair, attributes) = field.split_once("; ").unwrap();
            assert!(attributes.starts_with("Path=/; Secure; HttpOnly; SameSite=Lax"), "{field}");
            let (name, value) = pair.split_once('=').unwrap();
            let mut cookies = self.cookies.lock().unwrap();
            if attributes.contains("Max-Age=0") {
                cookies.remove(name);
            } else {
                cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    /// Opens a page.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.call("GET", path).header("sec-fetch-site", "none")).await
    }

    /// Sends a form, as from a page of ours.
    pub(crate) async fn submit(&self, form: &Form) -> Answer {
        let body = encoded(&form.fields);
        let call = self.call("POST", &form.action).header("origin", ORIGIN);
        self.send(call.header("sec-fetch-site", "same-origin").form(&body)).await
    }

    /// Opens a page, fills in the first form that has all of these fields, and sends it.
    pub(crate) async fn fill(&self, page: &str, fields: &[(&str, &str)]) -> Answer {
        let answer = self.get(page).await.assert_status(200);
        let form = forms(&answer.text()).into_iter().find(|form| form.has(fields));
        let form = form.unwrap_or_else(|| panic!("no form with {fields:?}: {}", answer.text()));
        self.submit(&form.with(fields)).await
    }
}

impl Form {
    fn has(&self, fields: &[(&str, &str)]) -> bool {
        fields.iter().all(|(name, _)| self.fields.iter().any(|(found, _)| found == name))
    }

    /// The same, filled in.
    pub(crate) fn with(mut self, fields: &[(&str, &str)]) -> Self {
        for (name, value) in fields {
            let field = self.fields.iter_mut().find(|(found, _)| found == name);
            let (_, old) = field.unwrap_or_else(|| panic!("no field {name}"));
            (*value).clone_into(old);
        }
        self
    }

    /// The value of a field.
    pub(crate) fn value(&self, name: &str) -> &str {
        &self.fields.iter().find(|(found, _)| found == name).unwrap().1
    }
}

/// The forms of a page, in their order.
pub(crate) fn forms(html: &str) -> Vec<Form> {
    let parts = html.split("<form ").skip(1).map(|part| part.split("</form>").next().unwrap());
    parts.map(form).collect()
}

fn form(part: &str) -> Form {
    let tags = part.split('<').skip(1);
    let fields = tags
        .filter(|tag| ["input ", "button ", "select ", "textarea "].iter().any(|kind| tag.starts_with(kind)));
    let field = |tag: &str| Some((attribute(tag, "name")?, attribute(tag, "value").unwrap_or_default()));
    Form { action: attribute(part, "action").unwrap(), fields: fields.filter_map(field).collect() }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let tag = tag.split('>').next().unwrap();
    let (_, rest) = tag.split_once(&format!("{name}=\""))?;
    let value = rest.split('"').next().unwrap();
    Some(value.replace("&quot;", "\"").replace("&#x2f;", "/").replace("&#x27;", "'").replace("&amp;", "&"))
}

fn encoded(fields: &[(String, String)]) -> String {
    let escape = |text: &str| -> String {
        text.bytes()
            .map(|byte| {
                if byte.is_ascii_alphanumeric() {
                    char::from(byte).to_string()
                } else {
                    format!("%{byte:02X}")
                }
            })
            .collect()
    };
    let pairs: Vec<_> =
        fields.iter().map(|(name, value)| format!("{}={}", escape(name), escape(value))).collect();
    pairs.join("&")
}
