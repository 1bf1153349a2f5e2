//! What the server says of itself at `/openapi.json`, as the pages get it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::browser::Browser;
use crate::swagger::Lock;

pub(crate) struct Document(Value);

impl Document {
    /// Fetches the document from the server whose page is open.
    pub(crate) fn fetch(browser: &Browser) -> Self {
        let script = "const request = new XMLHttpRequest();
            request.open('GET', '/openapi.json', false);
            request.send();
            return request.responseText;";
        Self(serde_json::from_str(&browser.ask::<String>(script)).unwrap())
    }

    /// Every operation, as `TAG/ID`, with the schemes that unlock it where it is locked.
    pub(crate) fn operations(&self) -> BTreeMap<String, Option<BTreeSet<String>>> {
        let paths = self.0["paths"].as_object().unwrap().values();
        paths.flat_map(|path| path.as_object().unwrap().values()).map(operation).collect()
    }

    /// The padlocks there should be, for a caller that is authorized by these schemes.
    pub(crate) fn locks(&self, authorized: &[&str]) -> BTreeMap<String, Option<Lock>> {
        let lock = |schemes: BTreeSet<String>| {
            let fits = authorized.iter().any(|scheme| schemes.contains(*scheme));
            if fits { Lock::Closed } else { Lock::Open }
        };
        let operations = self.operations().into_iter();
        operations.map(|(operation, schemes)| (operation, schemes.map(lock))).collect()
    }

    /// The scopes that the login offers, with their titles.
    pub(crate) fn scopes(&self) -> BTreeMap<String, String> {
        let scheme = &self.0["components"]["securitySchemes"]["OAuth2PasswordBearer"];
        serde_json::from_value(scheme["flows"]["password"]["scopes"].clone()).unwrap()
    }
}

fn operation(operation: &Value) -> (String, Option<BTreeSet<String>>) {
    let name = |value: &Value| value.as_str().unwrap().to_owned();
    let schemes = operation["security"].as_array().map(|alternatives| {
        alternatives.iter().flat_map(|one| one.as_object().unwrap().keys().cloned()).collect()
    });
    (format!("{}/{}", name(&operation["tags"][0]), name(&operation["operationId"])), schemes)
}
