//! Swagger UI, as a person uses it. Operations go by `TAG/ID`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::browser::Browser;
use crate::server::Server;

const DIALOG: &str = ".modal-ux";
/// The part of the dialog that takes e-mail and password.
const FORM: &str = ".modal-ux .auth-container:has(#oauth_username)";

/// The page at `/docs`.
pub(crate) struct Docs<'a>(pub(crate) &'a Browser);

/// The padlock on an operation. Swagger UI closes it when one is authorized.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
pub(crate) enum Lock {
    Open,
    Closed,
}

/// What came back, as shown.
pub(crate) struct Answer {
    /// The status, with a remark where the document does not know it.
    pub(crate) status: String,
    body: String,
}

impl Answer {
    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

impl<'a> Docs<'a> {
    /// Opens the page and waits for its operations.
    pub(crate) fn open(browser: &'a Browser, server: &Server) -> Self {
        Self::at(browser, server.address())
    }

    /// The same at this address, which may have a path.
    pub(crate) fn at(browser: &'a Browser, address: &str) -> Self {
        browser.open(&format!("{address}/docs"));
        browser.appears(".opblock");
        Self(browser)
    }

    /// Loads the page again.
    pub(crate) fn reload(&self) {
        self.0.reload();
        self.0.appears(".opblock");
    }

    /// Every operation that is shown, with its padlock where there is one.
    pub(crate) fn locks(&self) -> BTreeMap<String, Option<Lock>> {
        let script = "return Object.fromEntries([...document.querySelectorAll('.opblock')].map(block => {
            const lock = block.querySelector('.authorization__btn svg');
            const seen = lock && lock.getBoundingClientRect().width > 0;
            const closed = lock && lock.classList.contains('locked');
            return [block.id, seen ? (closed ? 'Closed' : 'Open') : null];
        }))";
        let blocks: BTreeMap<String, Option<Lock>> = self.0.ask(script);
        let operation = |id: &str| id.strip_prefix("operations-").unwrap().replacen('-', "/", 1);
        blocks.into_iter().map(|(id, lock)| (operation(&id), lock)).collect()
    }

    /// Unfolds an operation, or folds it up.
    pub(crate) fn unfold(&self, operation: &str) {
        self.0.click(&format!("{} .opblock-summary-control", block(operation)));
    }

    /// Unfolds an operation and presses *Try it out*.
    pub(crate) fn try_out(&self, operation: &str) {
        self.unfold(operation);
        self.0.click(&format!("{} .try-out__btn", block(operation)));
        self.0.appears(&format!("{} .execute", block(operation)));
    }

    /// The body an operation would be sent with.
    pub(crate) fn body(&self, operation: &str) -> Value {
        let text = self.0.value(&format!("{} textarea.body-param__text", block(operation)));
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    /// Presses *Execute*, reads the answer, and presses *Clear*.
    pub(crate) fn execute(&self, operation: &str) -> Answer {
        let block = block(operation);
        let live = format!("{block} .live-responses-table");
        self.0.click(&format!("{block} .execute"));
        let status = self.0.text(&format!("{live} .response .response-col_status"));
        let script = format!("return document.querySelector('{live} .highlight-code code')?.innerText ?? ''");
        let body = self.0.ask(&script);
        self.0.click(&format!("{block} .btn-clear"));
        self.0.vanishes(&live);
        Answer { status, body }
    }

    pub(crate) fn open_dialog(&self) {
        self.0.click(".auth-wrapper .btn.authorize");
        self.0.appears(FORM);
    }

    /// Presses *Authorize* where one is logged in already.
    pub(crate) fn open_dialog_again(&self) {
        self.0.click(".auth-wrapper .btn.authorize");
        self.0.appears(DIALOG);
    }

    /// The field that takes what is typed next.
    pub(crate) fn focused(&self) -> String {
        self.0.ask("return document.activeElement.id")
    }

    /// The fields that the dialog shows, from top to bottom.
    pub(crate) fn fields(&self) -> Vec<String> {
        let script = format!(
            "return [...document.querySelectorAll('{DIALOG} :is(input:not([type=checkbox]), select)')]
                .filter(field => field.getBoundingClientRect().width > 0).map(field => field.id)"
        );
        self.0.ask(&script)
    }

    /// What the dialog offers to ask for: name and title of each scope.
    pub(crate) fn scopes(&self) -> BTreeMap<String, String> {
        let script = format!(
            "return Object.fromEntries([...document.querySelectorAll('{FORM} .scopes .checkbox')].map(scope =>
                [scope.querySelector('.name').innerText, scope.querySelector('.description').innerText]))"
        );
        self.0.ask(&script)
    }

    /// Types e-mail and password into the dialog and presses its *Authorize*.
    pub(crate) fn log_in(&self, email: &str, password: &str) {
        self.0.write("#oauth_username", email);
        self.0.write("#oauth_password", password);
        self.0.click(&format!("{FORM} .btn.authorize"));
    }

    /// What the dialog complains about.
    pub(crate) fn complaint(&self) -> String {
        self.0.text(&format!("{DIALOG} .errors"))
    }

    /// Waits for the dialog to say that one is logged in, and closes it.
    pub(crate) fn close_dialog(&self) {
        self.0.vanishes("#oauth_password");
        self.0.click(&format!("{DIALOG} .btn-done"));
        self.0.vanishes(DIALOG);
    }
}

fn block(operation: &str) -> String {
    format!("#operations-{}", operation.replacen('/', "-", 1))
}
