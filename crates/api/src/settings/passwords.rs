//! Settings of passwords: how they are hashed, and what new ones must be like.

use clap::Args;
use keyward_auth::{Argon2Params, PasswordPolicy, RefusedPasswords};

/// How passwords are hashed, and what new ones must be like.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Passwords")]
pub struct PasswordSettings {
    /// Argon2id: memory, in KiB
    #[arg(long, env = "KEYWARD_ARGON2_MEMORY", default_value_t = 19_456, value_name = "KIB")]
    pub argon2_memory: u32,

    /// Argon2id: passes
    #[arg(long, env = "KEYWARD_ARGON2_ITERATIONS", default_value_t = 2, value_name = "N")]
    pub argon2_iterations: u32,

    /// Argon2id: lanes
    #[arg(long, env = "KEYWARD_ARGON2_PARALLELISM", default_value_t = 1, value_name = "N")]
    pub argon2_parallelism: u32,

    /// The fewest characters a new password may have
    #[arg(long, env = "KEYWARD_PASSWORD_MIN_LENGTH", default_value_t = 8, value_name = "N",
        value_parser = clap::value_parser!(u16).range(8..=64))]
    pub password_min_length: u16,

    /// A file of further words and passwords to refuse, one per line: your product's name, leaked passwords
    #[arg(long, env = "KEYWARD_PASSWORD_BLOCKLIST", value_name = "FILE", value_parser = refused_passwords)]
    pub password_blocklist: Option<RefusedPasswords>,
}

impl PasswordSettings {
    /// Argon2id's parameters.
    pub fn argon2(&self) -> Argon2Params {
        Argon2Params {
            memory_kib: self.argon2_memory,
            iterations: self.argon2_iterations,
            parallelism: self.argon2_parallelism,
        }
    }

    /// What new passwords must be like.
    pub fn policy(&self) -> PasswordPolicy {
        PasswordPolicy {
            min_chars: self.password_min_length.into(),
            refused: self.password_blocklist.clone().unwrap_or_default(),
            ..PasswordPolicy::default()
        }
    }
}

/// What the file holds.
fn refused_passwords(file: &str) -> Result<RefusedPasswords, String> {
    let bytes = std::fs::read(file).map_err(|error| format!("it cannot be read: {error}"))?;
    let text = std::str::from_utf8(&bytes).map_err(|error| {
        let line = bytes[..error.valid_up_to()].split(|byte| *byte == b'\n').count();
        format!("it must be UTF-8, and line {line} is not")
    })?;
    Ok(RefusedPasswords::parse(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blocklist_is_utf_8_text_and_what_is_not_is_told_by_line() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("words.txt");
        let path = file.to_str().unwrap();
        assert!(refused_passwords(path).unwrap_err().starts_with("it cannot be read: "));
        std::fs::write(&file, b"umbrella\nstra\xdfe\n").unwrap();
        assert_eq!(refused_passwords(path), Err("it must be UTF-8, and line 2 is not".to_owned()));
        std::fs::write(&file, "umbrella\nstra\u{df}e\n").unwrap();
        assert_eq!(refused_passwords(path), Ok(RefusedPasswords::parse("stra\u{df}e\nUmbrella")));
    }
}
