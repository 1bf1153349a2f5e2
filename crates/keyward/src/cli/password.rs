//! A password that is asked for on the terminal, without showing it.

use std::io::IsTerminal;

use keyward_auth::Zeroizing;

use super::output::Problem;

/// Asks for a new password, twice.
///
/// # Errors
/// There is no terminal, or the two differ.
pub(super) fn ask() -> Result<Zeroizing<String>, Problem> {
    if !std::io::stdin().is_terminal() {
        return Err(
            "there is no terminal to ask for the password on; --password-stdin reads it from standard input"
                .to_owned(),
        );
    }
    let first = read("Password: ")?;
    if *first == *read("Password again: ")? { Ok(first) } else { Err("the two passwords differ".to_owned()) }
}

fn read(prompt: &str) -> Result<Zeroizing<String>, Problem> {
    let password = rpassword::prompt_password(prompt);
    password
        .map(Zeroizing::new)
        .map_err(|error| format!("the password cannot be read from the terminal: {error}"))
}
