//! `/docs`, its *Authorize* and the pages of mails behind an nginx that strips a path.

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::nginx::{Nginx, free_port};
use crate::server::Server;
use crate::swagger::Docs;

#[test]
fn a_newcomer_signs_up_and_logs_in_at_the_docs_under_a_path() {
    let (port, behind) = (free_port(), free_port());
    let blocks = format!("location /auth/ {{ proxy_pass http://127.0.0.1:{behind}/; }}");
    let Some(_nginx) = Nginx::start(port, &blocks) else { return };
    let issuer = format!("http://127.0.0.1:{port}/auth");
    let server = Server::start_with(&[
        ("KEYWARD_LISTEN", &format!("127.0.0.1:{behind}")),
        ("KEYWARD_ISSUER", &issuer),
    ]);
    let browser = Browser::start();
    // By the proxy, and past it: the page always calls the origin it came from.
    for address in [issuer.as_str(), server.address()] {
        let docs = Docs::at(&browser, address);
        assert_eq!(browser.errors(), [""; 0], "{address}");
        docs.try_out("users/create_user");
        let account = docs.body("users/create_user");
        let status = docs.execute("users/create_user").status;
        assert!(["201", "400"].contains(&status.as_str()), "{address}: {status}");
        docs.unfold("users/create_user");
        docs.open_dialog();
        docs.log_in(account["email"].as_str().unwrap(), account["password"].as_str().unwrap());
        docs.close_dialog();
        docs.try_out("users/read_me");
        let me = docs.execute("users/read_me");
        assert_eq!((me.status.as_str(), &me.json()["email"]), ("200", &account["email"]), "{address}");
        let origin = format!("{address}/");
        let strays: Vec<_> = browser
            .requests()
            .into_iter()
            .filter(|request| request.starts_with("http") && !request.starts_with(&origin))
            .collect();
        assert_eq!(strays, [""; 0], "every request went below {address}");
        browser.errors();
    }
    browser.open(&format!("{issuer}/redoc"));
    assert!(browser.text("#redoc h1").contains("Keyward"));
    browser.open(&format!("{issuer}/reset-password?token=abc"));
    let style: Value =
        browser.ask("return [...document.styleSheets].map(sheet => sheet.cssRules.length > 5)");
    assert_eq!((style, browser.errors()), (json!([true]), Vec::new()));
}
