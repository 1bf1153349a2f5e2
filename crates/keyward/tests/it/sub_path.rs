//! Behind a proxy that strips a path: what leads to the service leads to that path.

use std::fs::DirEntry;
use std::time::{Duration, Instant};

use keyward_api::testing::app::TestApp;
use keyward_guard::{Authenticator, RemoteAuthenticator};
use serde_json::{Value, json};

use crate::app::{Starts, Writes};
use crate::caller::Caller;
use crate::nginx::{Nginx, free_port};
use crate::process::Home;

const ISSUER: &str = "https://host.example/auth";

async fn stripped() -> TestApp {
    TestApp::with_flags(&["--issuer", ISSUER]).await
}

#[tokio::test]
async fn without_an_issuer_the_document_names_no_server_and_paths_begin_at_the_root() {
    let app = TestApp::start().await;
    let document = app.anonymous().get("/openapi.json").await.json();
    assert_eq!(document["servers"], Value::Null);
    let scheme = &document["components"]["securitySchemes"]["OAuth2PasswordBearer"];
    assert_eq!(scheme["flows"]["password"]["tokenUrl"], "/login");
    assert_eq!(app.anonymous().get("/").await.json()["docs"], "/docs");
}

#[tokio::test]
async fn with_an_issuer_the_document_says_where_the_service_is() {
    for (issuer, server, login) in [
        ("https://id.example.com", "https://id.example.com", "/login"),
        ("https://id.example.com/", "https://id.example.com", "/login"),
        (ISSUER, ISSUER, "/auth/login"),
        ("https://host.example/a/b/", "https://host.example/a/b", "/a/b/login"),
    ] {
        let app = TestApp::with_flags(&["--issuer", issuer]).await;
        let document = app.anonymous().get("/openapi.json").await.json();
        assert_eq!(document["servers"], json!([{ "url": server }]), "{issuer}");
        let scheme = &document["components"]["securitySchemes"]["OAuth2PasswordBearer"];
        assert_eq!(scheme["flows"]["password"]["tokenUrl"], login, "{issuer}");
    }
}

#[tokio::test]
async fn links_redirects_and_hints_begin_with_the_path() {
    let app = stripped().await;
    let ana = app.user("ana").await;
    ana.writes("One", true).await;
    ana.writes("Two", true).await;
    let link = ana.get("/posts?limit=1").await.assert_status(200).header("link").to_owned();
    assert!(link.starts_with("</auth/posts?limit=1&after=") && link.ends_with(">; rel=\"next\""), "{link}");
    let slash = app.anonymous().get("/posts/?limit=2").await.assert_status(307);
    assert_eq!(slash.header("location"), "/auth/posts?limit=2");
    assert_eq!(app.anonymous().get("/docs/").await.assert_status(307).header("location"), "/auth/docs");
    assert_eq!(app.anonymous().get("/").await.json()["docs"], "/auth/docs");
    assert!(
        app.anonymous().get("/user/login").await.assert_status(404).detail().ends_with("POST /auth/login")
    );
}

#[tokio::test]
async fn a_caller_who_comes_without_the_proxy_may_use_the_path_as_well() {
    let app = stripped().await;
    let ana = app.user("ana").await;
    ana.get("/auth/users/me").await.assert_status(200);
    ana.get("/auth").await.assert_status(404);
    for path in ["/authors", "/auth/nothing", "/auth/auth/users/me", "/other/users/me"] {
        assert_eq!(ana.get(path).await.assert_status(404).detail(), "Not Found", "{path}");
    }
    let slash = app.anonymous().get("/auth/posts/").await.assert_status(307);
    assert_eq!(slash.header("location"), "/auth/posts");
    // A path of the service comes before one that only looks like the proxy's.
    let app = TestApp::with_flags(&["--issuer", "https://host.example/posts"]).await;
    app.user("ana").await.get("/posts").await.assert_status(200);
    assert_eq!(app.anonymous().get("/posts/").await.assert_status(307).header("location"), "/posts/posts");
}

#[tokio::test]
async fn the_metadata_are_where_both_readings_of_the_standard_look() {
    let app = stripped().await;
    let [inserted, appended] =
        ["/.well-known/oauth-authorization-server/auth", "/.well-known/oauth-authorization-server"];
    let metadata = app.anonymous().get(inserted).await.assert_status(200).json();
    assert_eq!(metadata["issuer"], ISSUER);
    assert_eq!(metadata["jwks_uri"], format!("{ISSUER}/.well-known/jwks.json"));
    assert_eq!(app.anonymous().get(appended).await.assert_status(200).json(), metadata);
    app.anonymous().get("/.well-known/oauth-authorization-server/other").await.assert_status(404);
}

/// The addresses in a page's tags.
fn loaded(html: &str) -> Vec<String> {
    let quoted: Vec<_> = html.split('"').collect();
    let named = quoted.windows(2).filter(|pair| pair[0].ends_with("src=") || pair[0].ends_with("href="));
    named.map(|pair| pair[1].replace("&#x2f;", "/")).collect()
}

/// Waits until a mail of this server holds these words.
fn waits_for_mail(home: &Home, words: &str) {
    let begun = Instant::now();
    loop {
        let files = std::fs::read_dir(home.path().join("data/mail")).into_iter().flatten().flatten();
        let read = |file: DirEntry| std::fs::read_to_string(file.path()).unwrap_or_default();
        let mails: Vec<_> =
            files.map(read).map(|mail| mail.replace("=\r\n", "").replace("=3D", "=")).collect();
        if mails.iter().any(|mail| mail.contains(words)) {
            return;
        }
        assert!(begun.elapsed() < Duration::from_mins(1), "no mail has {words}: {mails:#?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// What a real proxy makes of it. `keyward-guard` finds the keys with the host's `/.well-known/` handed on and without.
#[tokio::test(flavor = "multi_thread")]
async fn behind_nginx_everything_is_under_the_path() {
    for root in [true, false] {
        let (port, behind) = (free_port(), free_port());
        let place = format!("proxy_pass http://127.0.0.1:{behind}");
        let metadata = format!("location /.well-known/oauth-authorization-server/auth {{ {place}; }}");
        let blocks = format!("location /auth/ {{ {place}/; }}\n{}", if root { &metadata } else { "" });
        let Some(_nginx) = Nginx::start(port, &blocks) else { return };
        let issuer = format!("http://127.0.0.1:{port}/auth");
        let home = Home::new().await;
        let listen = format!("127.0.0.1:{behind}");
        let _server = home.serve(&[("KEYWARD_LISTEN", &listen), ("KEYWARD_ISSUER", &issuer)]);
        let front = Caller::at(port);
        for page in
            ["/auth/docs", "/auth/redoc", "/auth/reset-password?token=abc", "/auth/verify-email?token=abc"]
        {
            let (status, html) = front.page(page);
            assert_eq!(status, 200, "{page}");
            for file in loaded(&html).iter().filter(|file| !file.contains(':')) {
                // Relative to the page, or to the host with the path that the proxy strips.
                let whole = if file.starts_with('/') { file.clone() } else { format!("/auth/{file}") };
                assert!(whole.starts_with("/auth/"), "{page} loads {file}");
                assert!([200, 303].contains(&front.page(&whole).0), "{page} loads {file}");
            }
        }
        let (status, document) = front.call("GET", "/auth/openapi.json", "", &Value::Null);
        assert_eq!((status, &document["servers"][0]["url"]), (200, &json!(issuer)));
        let scheme = &document["components"]["securitySchemes"]["OAuth2PasswordBearer"];
        let login = scheme["flows"]["password"]["tokenUrl"].as_str().unwrap();
        let account = json!({ "email": "ana@example.com", "password": "seven wild horses" });
        assert_eq!(front.call("POST", "/auth/users", "", &account).0, 201);
        let (status, token) = front.form(login, "username=ana%40example.com&password=seven+wild+horses");
        assert_eq!(status, 200, "{token}");
        let token = token["access_token"].as_str().unwrap();
        assert_eq!(front.call("GET", "/auth/users/me", token, &Value::Null).0, 200);
        let guard = RemoteAuthenticator::discover(&issuer).await.unwrap();
        assert_eq!(guard.authenticate(token).await.unwrap().subject, "1");
        let recovery = json!({ "email": "ana@example.com" });
        assert_eq!(front.call("POST", "/auth/password-recovery", "", &recovery).0, 202);
        waits_for_mail(&home, &format!("{issuer}/reset-password?token="));
    }
}
