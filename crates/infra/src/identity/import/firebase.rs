//! The parameters of a project's hashes, as Firebase shows them.

/// What every hash of a project needs beside its salt. Not `Debug`, because of its key.
#[derive(Clone)]
pub struct FirebaseParameters {
    signer_key: String,
    salt_separator: String,
    rounds: u32,
    mem_cost: u32,
}

/// What may follow a value that is empty.
const NAMES: [&str; 7] = [
    "algorithm",
    "base64_signer_key",
    "base64_salt_separator",
    "rounds",
    "mem_cost",
    "memoryCost",
    "signerKey",
];

impl FirebaseParameters {
    /// Reads the text of `hash_config { .. }` in Firebase's console, or the same names in JSON.
    ///
    /// # Errors
    /// The name of what is missing.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let separators = [',', ';', ':', '{', '}', '"', '\''];
        let words: Vec<&str> = text
            .split(|c: char| c.is_whitespace() || separators.contains(&c))
            .filter(|word| !word.is_empty())
            .collect();
        let find = |names: [&'static str; 2]| {
            let at = words.iter().position(|word| names.contains(word));
            let value = at.and_then(|at| words.get(at + 1)).copied();
            // After a value that is empty comes the next name.
            value.filter(|value| !NAMES.contains(value)).ok_or(names[0])
        };
        let number = |names: [&'static str; 2]| find(names)?.parse().map_err(|_| names[0]);
        Ok(Self {
            signer_key: find(["base64_signer_key", "signerKey"])?.to_owned(),
            // It may be empty.
            salt_separator: find(["base64_salt_separator", "saltSeparator"]).unwrap_or_default().to_owned(),
            rounds: number(["rounds", "rounds"])?,
            mem_cost: number(["mem_cost", "memoryCost"])?,
        })
    }

    /// A user's hash with all that is needed to check it.
    pub(super) fn complete(&self, salt: &str, hash: &str) -> String {
        let Self { signer_key, salt_separator, rounds, mem_cost } = self;
        format!("$fbscrypt$v=1,n={mem_cost},r={rounds},p=1,ss={salt_separator},sk={signer_key}${salt}${hash}")
    }
}

#[cfg(test)]
mod tests {
    use super::FirebaseParameters;

    #[test]
    fn parameters_are_read_as_the_console_shows_them_and_as_json() {
        for text in [
            "hash_config {\n  algorithm: SCRYPT,\n  base64_signer_key: a+/b==,\n  base64_salt_separator: Bw==,\n  rounds: 8,\n  mem_cost: 14,\n}\n",
            r#"{"signerKey": "a+/b==", "saltSeparator": "Bw==", "rounds": 8, "memoryCost": 14}"#,
        ] {
            let parameters = FirebaseParameters::parse(text).ok().unwrap();
            assert_eq!(
                parameters.complete("c2FsdA==", "aGFzaA=="),
                "$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=a+/b==$c2FsdA==$aGFzaA=="
            );
        }
        assert_eq!(FirebaseParameters::parse("rounds: 8").err(), Some("base64_signer_key"));
        assert_eq!(
            FirebaseParameters::parse("base64_signer_key: a rounds: x mem_cost: 1").err(),
            Some("rounds")
        );
    }
}
