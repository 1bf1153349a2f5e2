//! `/docs` and `/redoc`: pages without requests to other hosts.

use keyward_api::testing::app::TestApp;

use crate::app::Starts;
use crate::process::{Home, text};

/// The addresses that a page's tags load things from.
fn loaded(html: &str) -> Vec<String> {
    let targets = html.split(['"', '\'']).collect::<Vec<_>>();
    let named = targets.windows(2).filter(|pair| pair[0].ends_with("src=") || pair[0].ends_with("href="));
    named.map(|pair| pair[1].to_owned()).collect()
}

#[tokio::test]
async fn both_pages_load_everything_from_us() {
    let app = TestApp::start().await;
    for page in ["/docs", "/redoc"] {
        let answer = app.anonymous().get(page).await.assert_status(200);
        assert!(answer.header("content-type").starts_with("text/html"));
        assert!(answer.header("content-security-policy").contains("default-src 'none'"));
        let files = loaded(&answer.text());
        assert!(!files.is_empty(), "{page} loads nothing");
        for file in files.iter().filter(|file| !file.starts_with("data:")) {
            assert!(!file.starts_with('/') && !file.contains(':'), "{page} loads {file} from elsewhere");
            let asset = app.anonymous().get(&format!("/{file}")).await.assert_status(200);
            assert!(!asset.body.is_empty(), "{file} is empty");
        }
    }
}

#[tokio::test]
async fn the_documents_pages_do_not_keep_the_password_in_the_browser() {
    let app = TestApp::start().await;
    let start = app.anonymous().get("/docs/start.js").await.assert_status(200);
    assert!(!start.text().replace(' ', "").contains("persistAuthorization:true"));
    assert!(start.text().contains("openapi.json") && !start.text().contains("\"/"), "relative to itself");
}

#[tokio::test]
async fn the_client_that_swagger_ui_is_can_be_set_and_is_no_markup() {
    for (flags, shown) in [(&[][..], ""), (&["--docs-client-id", "4f2a_B-c"], "4f2a_B-c")] {
        let app = TestApp::with_flags(flags).await;
        let page = app.anonymous().get("/docs").await.assert_status(200).text();
        assert!(page.contains(&format!("data-client=\"{shown}\"")), "{page}");
    }
    let home = Home::new().await;
    let complaint = text(&home.run(&["doctor", "--docs-client-id", "\"><script>"]).stderr);
    assert!(complaint.contains("is not the id of a client"), "{complaint}");
}

#[tokio::test]
async fn a_file_that_is_not_there_is_not_found() {
    let app = TestApp::start().await;
    for file in [
        "index.html",
        "swagger-initializer.js",
        "index.css",
        "swagger-ui-standalone-preset.js",
        "swagger-ui-bundle.js.map",
        "swagger-ui.js",
        "absolute-path.js",
    ] {
        app.anonymous().get(&format!("/docs/{file}")).await.assert_status(404);
    }
    for path in ["/docs/nothing.js", "/docs/..%2f..%2fCargo.toml", "/docs/%00", "/redoc/nothing.js"] {
        let answer = app.anonymous().get(path).await.assert_status(404);
        assert_eq!(answer.detail(), "Not Found", "{path}");
    }
}

#[tokio::test]
async fn no_page_has_a_script_or_style_of_its_own_and_none_would_run() {
    let app = TestApp::start().await;
    for page in ["/docs", "/redoc", "/reset-password", "/reset-password?token=abc"] {
        let answer = app.anonymous().get(page).await.assert_status(200);
        let policy = answer.header("content-security-policy").to_owned();
        let scripts = policy.split(';').map(str::trim).find(|rule| rule.starts_with("script-src"));
        assert!(scripts.is_none_or(|rule| rule == "script-src 'self'"), "{page}: {policy}");
        assert!(
            policy.contains("base-uri 'none'") && policy.contains("form-action 'self'"),
            "{page}: {policy}"
        );
        assert!(!policy.contains("unsafe"), "{page}: {policy}");
        let html = answer.text().to_lowercase();
        assert!(!html.contains("<style") && !html.contains(" style="), "{page} has an inline style");
        let inline = html
            .split("<script")
            .skip(1)
            .filter(|script| !script.split('>').next().unwrap().contains(" src="));
        assert_eq!(inline.count(), 0, "{page} has an inline script");
        assert!(!html.contains(" onload=") && !html.contains(" onclick=") && !html.contains("javascript:"));
    }
}

#[tokio::test]
async fn the_licence_that_the_document_names_opens() {
    let app = TestApp::start().await;
    let licence = app.anonymous().get("/openapi.json").await.json()["info"]["license"].clone();
    let text = app.anonymous().get(licence["url"].as_str().unwrap()).await.assert_status(200).text();
    for name in licence["name"].as_str().unwrap().split(" OR ") {
        let words = if name == "MIT" { "Permission is hereby granted" } else { "Apache License" };
        assert!(text.contains(words), "{name}");
    }
}
