//! The links in mails, followed in a browser as their readers would.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::server::Server;

const PATIENCE: Duration = Duration::from_secs(20);

/// Asks the server for something from within the page that is open: the status, and the answer if it is JSON.
pub(crate) fn ask(
    browser: &Browser,
    method: &str,
    path: &str,
    token: Option<&str>,
    body: &Value,
) -> (u16, Value) {
    let (call, body) = (json!([method, path]), json!(body.to_string()));
    let bearer = json!(token.map(|token| format!("Bearer {token}")));
    let (status, text): (u16, String) = browser.ask(&format!(
        "const [method, path] = {call}, bearer = {bearer};
        const request = new XMLHttpRequest();
        request.open(method, path, false);
        request.setRequestHeader('Content-Type', 'application/json');
        if (bearer) request.setRequestHeader('Authorization', bearer);
        request.send({body});
        return [request.status, request.responseText];"
    ));
    (status, serde_json::from_str(&text).unwrap_or_default())
}

/// Follows the link to `page` in the newest mail to `recipient`, once it is there.
pub(crate) fn follow_link(browser: &Browser, server: &Server, recipient: &str, page: &str) {
    let begun = Instant::now();
    let start = format!("/{page}?token=");
    loop {
        let mails = mails(&server.folder().join("data/mail"));
        let mail = mails
            .iter()
            .rev()
            .find(|mail| mail.contains(&format!("To: {recipient}")) && mail.contains(&start));
        if let Some(mail) = mail {
            let (_, rest) = mail.split_once(&start).unwrap();
            let token = rest.split_whitespace().next().unwrap();
            return browser.open(&format!("{}{start}{token}", server.address()));
        }
        assert!(begun.elapsed() < PATIENCE, "no mail to {recipient} leads to {page}: {mails:#?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The mails in a folder, oldest first, with their quoted-printable parts as they are read (RFC 2045, section 6.7).
fn mails(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let files = entries.map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = files.filter(|path| path.extension().is_some_and(|end| end == "eml")).collect();
    files.sort();
    let read = |path| std::fs::read_to_string(path).unwrap().replace("=\r\n", "").replace("=3D", "=");
    files.into_iter().map(read).collect()
}
