//! A browser without script, which walks Keyward's pages.

use std::collections::BTreeMap;

use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::{Client, Response, Url, redirect};

pub(crate) struct Browser {
    http: Client,
    cookies: BTreeMap<String, String>,
}

/// The fields of a form, and where it goes.
type Form = (String, Vec<(String, String)>);

impl Browser {
    pub(crate) fn new() -> Self {
        let http = Client::builder().no_proxy().redirect(redirect::Policy::none()).build().unwrap();
        Self { http, cookies: BTreeMap::new() }
    }

    /// Opens a page at Keyward, fills in what is asked until nothing is, and returns the address elsewhere that it leads to, if any.
    pub(crate) async fn walk(&mut self, start: &str, values: &[(&str, &str)]) -> Option<Url> {
        let home = Url::parse(start).unwrap();
        let mut answer = self.send(self.http.get(start)).await;
        for _ in 0..10 {
            let next = if let Some(location) = answer.headers().get(LOCATION) {
                let next = home.join(location.to_str().unwrap()).unwrap();
                if next.origin() != home.origin() {
                    return Some(next);
                }
                self.http.get(next)
            } else {
                let page = answer.text().await.unwrap();
                let (action, fields) = forms(&page).into_iter().find_map(|form| filled(form, values))?;
                self.http
                    .post(home.join(&action).unwrap())
                    .body(encode(&fields))
                    .header("content-type", "application/x-www-form-urlencoded")
            };
            answer = self.send(next).await;
        }
        panic!("it leads nowhere");
    }

    async fn send(&mut self, request: reqwest::RequestBuilder) -> Response {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let answer = request.header(COOKIE, cookies.join("; ")).send().await.unwrap();
        for cookie in answer.headers().get_all(SET_COOKIE) {
            let (name, rest) = cookie.to_str().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), rest.split(';').next().unwrap().to_owned());
        }
        answer
    }
}

/// The form with these values, if it has one of these fields. Of buttons the one with the value is pressed.
fn filled((action, mut fields): Form, values: &[(&str, &str)]) -> Option<Form> {
    let value = |name: &str| values.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
    let asked = fields.iter().any(|(name, _)| value(name).is_some());
    fields.retain(|(name, old)| name != "decision" || value(name) == Some(old));
    for (name, old) in &mut fields {
        value(name).unwrap_or(old).to_owned().clone_into(old);
    }
    asked.then_some((action, fields))
}

fn forms(page: &str) -> Vec<Form> {
    let form = |part: &str| {
        let part = part.split("</form>").next().unwrap();
        let tags =
            part.split('<').filter(|tag| ["input ", "button "].iter().any(|kind| tag.starts_with(kind)));
        let field = |tag: &str| Some((attribute(tag, "name")?, attribute(tag, "value").unwrap_or_default()));
        (attribute(part, "action").unwrap(), tags.filter_map(field).collect())
    };
    page.split("<form ").skip(1).map(form).collect()
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split('>').next()?.split_once(&format!("{name}=\""))?;
    let value = rest.split('"').next()?;
    Some(value.replace("&quot;", "\"").replace("&#x2f;", "/").replace("&#x27;", "'").replace("&amp;", "&"))
}

fn encode(fields: &[(String, String)]) -> String {
    let mut url = Url::parse("form:").unwrap();
    url.query_pairs_mut().extend_pairs(fields);
    url.query().unwrap_or_default().to_owned()
}
