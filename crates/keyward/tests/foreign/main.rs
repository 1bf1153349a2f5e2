//! Other people's OAuth2 and JWT libraries, in Python and for Node.js, and a TypeScript program, against the real server;
//! and Schemathesis, which holds the server against its document.
//!
//! Each script is a program of its own, such as a user of Keyward would write: it logs in, refreshes, verifies what it
//! got by the published keys, and ends with a sentence where anything is not as the library or the standard has it.
#![expect(clippy::unwrap_used, reason = "clippy's exemption for tests does not know their helpers")]

mod documented;
mod issuers;
#[expect(dead_code, reason = "axe is for the pages in the browser")]
mod packages;
mod server;

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::json;

use server::{Installation, Server, ask};

const EMAIL: &str = "ana@example.com";
const PASSWORD: &str = "a long pass phrase";
const REDIRECT_URI: &str = "https://rp.example.com/callback";
const LOGGED_OUT_URI: &str = "https://rp.example.com/logged-out";

/// How long a script may take. They take a few seconds; the one about a key rotation waits for the server to notice.
const PATIENCE: Duration = Duration::from_mins(1);

/// How long Schemathesis may take for each ten requests of an operation and phase. It takes a minute.
const PATIENCE_FOR_TEN: Duration = Duration::from_mins(10);

#[test]
fn authlib_refreshes_by_itself_introspects_and_revokes() {
    python("authlib_session.py");
}

#[test]
fn requests_oauthlib_refreshes_by_itself() {
    python("requests_oauthlib_session.py");
}

#[test]
fn pyjwt_verifies_by_the_key_set_across_a_rotation() {
    python("pyjwt_key_set.py");
}

#[test]
fn pyotp_and_oathtool_are_the_authenticator_app() {
    python("authenticator_app.py");
}

#[test]
fn python_fido2_is_the_authenticator_and_a_second_relying_party() {
    let settings = [("KEYWARD_ISSUER", "http://localhost:8000"), ("KEYWARD_THROTTLE", "off")];
    let settings = settings.map(|(name, value)| (name, value.to_owned())).to_vec();
    run_on(&Installation::new(settings), &mut in_python("passkeys.py"), PATIENCE);
}

#[test]
fn authlib_logs_in_by_authorization_code() {
    python("authlib_oidc.py");
}

#[test]
fn idpyoidc_logs_in_by_authorization_code() {
    python("idpyoidc_login.py");
}

#[test]
fn apache_with_mod_auth_openidc_logs_in_and_out_and_hears_of_a_logout_at_keyward() {
    // Apache is on this machine.
    let settings = vec![("KEYWARD_BACKCHANNEL_PRIVATE", "on".to_owned())];
    run_on(&Installation::new(settings), &mut in_python("mod_auth_openidc.py"), PATIENCE);
}

#[test]
fn openid_client_logs_in_refreshes_and_logs_out() {
    node("openid-client-oidc.mjs");
}

#[test]
fn oauth4webapi_logs_in_and_accepts_every_answer() {
    node("oauth4webapi-oidc.mjs");
}

#[test]
fn oauth4webapi_pushes_its_request_and_binds_its_tokens_to_keys_of_every_kind() {
    node("oauth4webapi-par-dpop.mjs");
}

#[test]
fn openid_client_pushes_its_request_and_binds_its_tokens() {
    node("openid-client-par-dpop.mjs");
}

/// The tool needs Node.js 22 or later, which comes with the Python packages.
#[test]
fn the_conformance_tool_of_mcp_finds_nothing_wrong() {
    let mut find = in_python("newer_node.py");
    let found = String::from_utf8(find.output().unwrap().stdout).unwrap();
    run(in_node(&node_folder().join("mcp-conformance.mjs")).arg(found.trim()));
}

#[test]
fn jose_verifies_by_the_key_set() {
    node("jose.mjs");
}

#[test]
fn openid_client_finds_and_uses_every_endpoint() {
    node("openid-client.mjs");
}

#[test]
fn oauth4webapi_accepts_every_answer_and_token() {
    node("oauth4webapi.mjs");
}

#[test]
fn a_guard_judges_tokens_that_pyjwt_and_joserfc_made_as_other_issuers_do() {
    issuers::judge(in_python("issuers.py"), 6);
}

#[test]
fn a_guard_judges_tokens_that_jose_made_as_other_issuers_do() {
    issuers::judge(in_node(&node_folder().join("issuers.mjs")), 7);
}

#[test]
fn a_typescript_program_compiles_with_the_types_of_the_document_and_runs() {
    run(&mut in_node(&packages::typescript(node_folder(), "blog")));
}

#[test]
fn the_documented_python_verifies_our_tokens_and_no_others() {
    let installation = Installation::new(vec![]);
    let mut command = in_python("documented.py");
    documented::run(&installation, &mut command, "python", |folder| folder.join("documented_verify.py"));
}

#[test]
fn the_documented_javascript_verifies_our_tokens_and_no_others() {
    let installation = Installation::new(vec![]);
    let mut command = in_node(&node_folder().join("documented.mjs"));
    documented::run(&installation, &mut command, "js", |_| node_folder().join("documented-verify.mjs"));
}

#[test]
fn whatever_schemathesis_asks_is_answered_as_the_document_says() {
    let number = |variable: &str, usual: u32| match std::env::var(variable) {
        Ok(number) => number.parse().unwrap_or_else(|_| panic!("{variable} must be a whole number")),
        Err(_) => usual,
    };
    let (seed, examples) = (number("KEYWARD_TEST_SEED", 1), number("KEYWARD_TEST_EXAMPLES", 10));
    let mut command = in_python("schemathesis_document.py");
    command.args(["--seed", &seed.to_string(), "--examples", &examples.to_string()]);
    // Guesses by the hundred are no attack here; what they cost otherwise is tested elsewhere.
    let settings = [("KEYWARD_THROTTLE", "off"), ("KEYWARD_LOG", "warn")];
    let settings = settings.map(|(name, value)| (name, value.to_owned())).to_vec();
    run_on(&Installation::new(settings), &mut command, PATIENCE_FOR_TEN * examples.div_ceil(10));
}

fn python(script: &str) {
    run(&mut in_python(script));
}

fn node(script: &str) {
    run(&mut in_node(&node_folder().join(script)));
}

fn in_python(script: &str) -> Command {
    static PYTHON: LazyLock<std::path::PathBuf> = LazyLock::new(packages::python);
    let mut command = Command::new(&*PYTHON);
    // Not a byte is written beside the scripts.
    command.arg("-B").arg(packages::scripts("python").join(script));
    command
}

fn node_folder() -> &'static Path {
    static FOLDER: LazyLock<std::path::PathBuf> = LazyLock::new(packages::node);
    &FOLDER
}

fn in_node(script: &Path) -> Command {
    let mut command = Command::new(packages::named("KEYWARD_TEST_NODE", "node"));
    command.arg(script);
    command
}

fn run(command: &mut Command) {
    run_on(&Installation::new(vec![]), command, PATIENCE);
}

/// Runs a script against a server of its own, which knows one client and one account.
fn run_on(installation: &Installation, command: &mut Command, patience: Duration) {
    run_at(installation, &installation.start(), command, patience);
}

/// The same, where the server runs already.
fn run_at(installation: &Installation, server: &Server, command: &mut Command, patience: Duration) {
    let (id, secret) = client(installation);
    register(server);
    let output = installation.folder.path().join("script.log");
    command
        .env_clear()
        .env("KEYWARD_DOCUMENTED", installation.folder.path())
        .env("KEYWARD_URL", format!("http://{}", server.address))
        .env("KEYWARD_CLIENT_ID", id)
        .env("KEYWARD_CLIENT_SECRET", secret)
        .envs(std::env::var_os("CI").map(|value| ("CI", value)))
        .env("KEYWARD_EMAIL", EMAIL)
        .env("KEYWARD_PASSWORD", PASSWORD)
        .env("KEYWARD_REDIRECT_URI", REDIRECT_URI)
        .env("KEYWARD_LOGGED_OUT_URI", LOGGED_OUT_URI)
        // For the script that has the key replaced.
        .env("KEYWARD_PROGRAM", env!("CARGO_BIN_EXE_keyward"))
        .env("KEYWARD_DATA_DIR", installation.folder.path().join("data"));
    Script::start(command, &output).succeeds(&output, patience);
}

fn client(installation: &Installation) -> (String, String) {
    let printed = installation.run(&[
        "client",
        "create",
        "--name",
        "A foreign client",
        "--scope",
        "account posts:read posts:write revocations:read openid profile email offline_access",
        "--redirect-uri",
        REDIRECT_URI,
        "--post-logout-redirect-uri",
        LOGGED_OUT_URI,
    ]);
    let value = |name: &str| {
        let line = printed.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        line.unwrap_or_else(|| panic!("{name} is missing")).to_owned()
    };
    (value("client_id"), value("client_secret"))
}

fn register(server: &Server) {
    let account = json!({ "email": EMAIL, "password": PASSWORD });
    let answer = ask(&server.address, "POST /users", "", &account).unwrap();
    assert_eq!(answer.status, 201, "{}", answer.body);
}

/// A running script, which ends with this.
struct Script(Child);

impl Script {
    fn start(command: &mut Command, output: &Path) -> Self {
        let file = File::create(output).unwrap();
        command.stdin(Stdio::null()).stdout(file.try_clone().unwrap()).stderr(file);
        Self(command.spawn().unwrap_or_else(|error| panic!("{command:?} cannot be started: {error}")))
    }

    fn succeeds(mut self, output: &Path, patience: Duration) {
        let begun = Instant::now();
        let status = loop {
            match self.0.try_wait().unwrap() {
                Some(status) => break status,
                None if begun.elapsed() > patience => break self.give_up(),
                None => sleep(Duration::from_millis(20)),
            }
        };
        let printed = String::from_utf8_lossy(&std::fs::read(output).unwrap()).into_owned();
        print!("{printed}");
        assert!(status.success(), "the script failed ({status}):\n{printed}");
    }

    fn give_up(&mut self) -> std::process::ExitStatus {
        self.0.kill().ok();
        self.0.wait().unwrap()
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}
