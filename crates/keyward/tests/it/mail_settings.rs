//! Settings of mail: whom mails come from and how they read, how the mail server is reached, and what its faults say.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use keyward_api::testing::app::{PASSWORD, TestApp, address};
use keyward_infra::mail::sender::Sender;
use keyward_infra::mail::smtp::{SmtpMailer, SmtpServer};
use rcgen::generate_simple_self_signed;
use serde_json::{Value, json};

use crate::app::Starts;
use crate::mailbox::Mailbox;
use crate::process::{Home, Served, free_port, text};

/// Signs up and asks for a link.
fn asks_for_a_link(server: &Served) {
    let account = json!({ "email": "ana@example.com", "password": PASSWORD });
    assert_eq!(server.call("POST", "/users", "", &account).0, 201);
    let asked = json!({ "email": "ana@example.com" });
    assert_eq!(server.call("POST", "/password-recovery", "", &asked).0, 202);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_mail_server_is_greeted_by_the_issuers_host_the_senders_domain_or_a_setting() {
    let home = Home::new().await;
    let from = ("KEYWARD_MAIL_FROM", "Shop <noreply@shop.example.com>");
    let issuer = ("KEYWARD_ISSUER", "https://id.shop.example.com/auth");
    let cases = [
        (vec![from, issuer], "id.shop.example.com"),
        (vec![from], "shop.example.com"),
        (vec![from, ("KEYWARD_ISSUER", "https://192.0.2.7")], "shop.example.com"),
        (vec![from, issuer, ("KEYWARD_SMTP_EHLO", "relay.example.net")], "relay.example.net"),
        (vec![from, issuer, ("KEYWARD_SMTP_EHLO", "192.0.2.7")], "[192.0.2.7]"),
    ];
    for (mut variables, name) in cases {
        let mailbox = Mailbox::open().await;
        variables.push(("KEYWARD_SMTP_URL", &mailbox.url));
        let mut command = home.command(&["doctor", "--listen", "127.0.0.1:0"]);
        command.envs(variables);
        let doctor = tokio::task::spawn_blocking(move || crate::process::finish(command, "")).await.unwrap();
        assert!(text(&doctor.stdout).contains("mail"), "{}", text(&doctor.stdout));
        assert_eq!(mailbox.greetings(), [name]);
    }
}

#[tokio::test]
async fn a_server_that_waits_for_tls_is_named_as_such_within_15_seconds() {
    let home = Home::new().await;
    // Takes connections and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("smtp://{}", silent.local_addr().unwrap());
    let mut command = home.command(&["doctor", "--listen", "127.0.0.1:0"]);
    command.env("KEYWARD_SMTP_URL", url);
    let begun = Instant::now();
    let doctor = crate::process::finish(command, "");
    let printed = text(&doctor.stdout);
    assert!(!doctor.status.success() && printed.contains("smtps://"), "{printed}");
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_cause_is_said_once() {
    let sender = Sender::parse("keyward@example.com").unwrap();
    let nobody = format!("smtp://127.0.0.1:{}", free_port());
    let reason = SmtpMailer::new(&nobody, sender).unwrap().greet().await.unwrap_err().reason;
    assert_eq!(reason.matches("refused").count(), 1, "{reason}");
}

#[tokio::test]
async fn a_mail_server_of_ones_own_authority_is_believed_by_its_certificate() {
    let identity = generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let mailbox = Mailbox::open_tls(&identity).await;
    let sender = || Sender::parse("keyward@example.com").unwrap();
    let unknown = SmtpMailer::new(&mailbox.url, sender()).unwrap().greet().await.unwrap_err().reason;
    assert!(unknown.contains("certificate"), "{unknown}");
    let pem = identity.cert.pem();
    let server = SmtpServer { url: &mailbox.url, ehlo: None, authorities: Some(pem.as_bytes()) };
    SmtpMailer::new(server, sender()).unwrap().greet().await.unwrap();
    for (url, pem) in [(mailbox.url.as_str(), "no certificate"), ("smtp://127.0.0.1:25", pem.as_str())] {
        let server = SmtpServer { url, ehlo: None, authorities: Some(pem.as_bytes()) };
        assert!(SmtpMailer::new(server, sender()).is_err(), "{url}");
    }
}

#[tokio::test]
async fn links_in_mails_lead_where_the_settings_say() {
    let flags = [
        "--app-name",
        "Tea & Biscuits",
        "--app-url",
        "https://tea.example",
        "--reset-url",
        "https://tea.example/reset#{token}",
        "--verify-url",
        "https://tea.example/verify/{token}?from=mail",
    ];
    let app = TestApp::with_flags(&flags).await;
    let ana = app.user("ana").await;
    app.anonymous().post("/password-recovery", json!({ "email": ana.email })).await.assert_status(202);
    let mail = app.letter().await;
    assert_eq!(mail.letter.subject, "Choose a new password for Tea & Biscuits");
    let (_, token) = mail.letter.text.split_once("https://tea.example/reset#").unwrap();
    let reset = json!({ "token": token.split('\n').next(), "new_password": "another fine phrase" });
    app.anonymous().post("/reset-password", reset).await.assert_status(204);
    let notice = app.letter().await.letter;
    assert!(notice.text.contains("tell Tea & Biscuits: https://tea.example"), "{}", notice.text);
    assert!(notice.html.contains("Tea &amp; Biscuits"), "{}", notice.html);
    let login = json!({ "username": address("ana"), "password": "another fine phrase" });
    let tokens = app.anonymous().post("/login", login).await.assert_status(200).json();
    let bob = app.bearer(tokens["access_token"].as_str().unwrap());
    let change = json!({ "email": address("anna"), "password": "another fine phrase" });
    bob.post("/users/me/email", change).await.assert_status(202);
    let mail = app.letter().await.letter;
    assert_eq!(mail.subject, "Confirm your new e-mail address for Tea & Biscuits");
    let (_, token) = mail.text.split_once("https://tea.example/verify/").unwrap();
    let (token, rest) = token.split_once('?').unwrap();
    assert!(rest.starts_with("from=mail\n"), "{rest}");
    app.anonymous().post("/verify-email", json!({ "token": token })).await.assert_status(204);
}

#[tokio::test]
async fn a_request_that_sends_no_mail_says_so_for_known_and_unknown_addresses_alike() {
    let app = TestApp::start().await;
    app.user("ana").await;
    for email in [address("ana"), address("nobody")] {
        let mut details = Vec::new();
        for _ in 0..7 {
            let asked = app.anonymous().post("/password-recovery", json!({ "email": email })).await;
            details.push(asked.assert_status(202).json()["detail"].as_str().unwrap().to_owned());
        }
        let on_its_way = details.iter().filter(|detail| detail.contains("on its way")).count();
        assert_eq!(on_its_way, 5, "{email}: {details:?}");
    }
}

#[tokio::test]
async fn in_development_a_link_can_be_copied_and_the_log_says_from_where() {
    let home = Home::new().await;
    let server = home.serve(&[("KEYWARD_APP_NAME", "Caf\u{e9} \u{2014} Tea")]);
    asks_for_a_link(&server);
    let folder = home.path().join("data/mail");
    let begun = Instant::now();
    let file = loop {
        let mut files = std::fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path());
        if let Some(file) = files.find(|path| path.extension().is_some_and(|end| end == "eml")) {
            break file;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "{}", server.output());
        std::thread::sleep(Duration::from_millis(20));
    };
    let mail = std::fs::read_to_string(&file).unwrap();
    let link = mail.lines().find(|line| line.starts_with("http://") && line.contains("token=")).unwrap();
    let shown = home.run(&["outbox", "show", "1"]);
    assert!(shown.status.success(), "{}", text(&shown.stderr));
    assert!(text(&shown.stdout).contains(link), "{}", text(&shown.stdout));
    let token = link.split("token=").nth(1).unwrap();
    let reset = json!({ "token": token, "new_password": "another fine phrase" });
    let answer = server.call("POST", "/reset-password", "", &reset);
    assert_eq!(answer.0, 204, "{answer:?} {mail}");
    let (_, log) = server.stop("TERM");
    let line = log.lines().find(|line| line.contains("wrote a mail")).unwrap();
    let line: Value = serde_json::from_str(line).unwrap();
    let fields = &line;
    assert_eq!(fields["to"], "ana@example.com", "{line}");
    assert!(fields["subject"].as_str().unwrap().starts_with("Choose a new password"), "{line}");
    assert!(file.ends_with(fields["file"].as_str().unwrap().rsplit('/').next().unwrap()), "{line}");
}

#[tokio::test]
async fn a_mail_that_waits_is_shown_with_what_it_says_and_one_that_is_not_there_is_named() {
    let home = Home::new().await;
    let nobody = format!("smtp://127.0.0.1:{}", free_port());
    let server = home.serve(&[("KEYWARD_SMTP_URL", &nobody)]);
    asks_for_a_link(&server);
    let shown = text(&home.run(&["outbox", "show", "1"]).stdout);
    assert!(shown.starts_with("To: ana@example.com\nSubject: Choose a new password"), "{shown}");
    assert!(shown.contains("/reset-password?token="), "{shown}");
    let missing = home.run(&["outbox", "show", "99"]);
    assert!(!missing.status.success() && text(&missing.stderr).contains("99"), "{}", text(&missing.stderr));
    let mut stranger = home.command(&["outbox", "show", "1"]);
    stranger.env("KEYWARD_MASTER_SECRET", "another master secret, of more than 32 bytes");
    let stranger = crate::process::finish(stranger, "");
    assert!(!stranger.status.success(), "{}", text(&stranger.stdout));
    assert!(text(&stranger.stderr).contains("master secret"), "{}", text(&stranger.stderr));
}

#[test]
fn a_faulty_setting_of_mail_stops_the_start_and_is_named() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let home = runtime.block_on(Home::new());
    for (name, value) in [
        ("KEYWARD_RESET_URL", "https://app.example/reset"),
        ("KEYWARD_VERIFY_URL", "javascript://x/%0aalert({token})"),
        ("KEYWARD_APP_URL", "app.example"),
        ("KEYWARD_APP_NAME", "Tea\nBcc: eve@example.com"),
        ("KEYWARD_SMTP_EHLO", "mail.example:25"),
        ("KEYWARD_SMTP_CA", "no-such-file.pem"),
    ] {
        let mut command = home.command(&["--listen", "127.0.0.1:0"]);
        command.env(name, value).env("KEYWARD_SMTP_URL", "smtps://mail.example");
        let output = crate::process::finish(command, "");
        let flag = format!("--{}", name.trim_start_matches("KEYWARD_").to_lowercase().replace('_', "-"));
        let err = text(&output.stderr);
        assert!(!output.status.success() && (err.contains(name) || err.contains(&flag)), "{name}: {err}");
    }
}
