//! An algorithm's name in a setting or on a command line.

use std::str::FromStr;

use super::Algorithm;
use crate::KeyError;

impl FromStr for Algorithm {
    type Err = KeyError;

    /// For settings and command lines, hence without regard to case.
    fn from_str(name: &str) -> Result<Self, KeyError> {
        [
            ("eddsa", Self::EdDsa),
            ("ed25519", Self::EdDsa),
            ("es256", Self::Es256),
            ("rs256", Self::Rs256),
            ("hs256", Self::Hs256),
        ]
        .into_iter()
        .find_map(|(known, algorithm)| known.eq_ignore_ascii_case(name).then_some(algorithm))
        .ok_or(KeyError::UnknownAlgorithm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_names_an_algorithm_in_any_case() {
        for (name, algorithm) in [
            ("EdDSA", Algorithm::EdDsa),
            ("ed25519", Algorithm::EdDsa),
            ("es256", Algorithm::Es256),
            ("RS256", Algorithm::Rs256),
            ("Hs256", Algorithm::Hs256),
        ] {
            assert_eq!(name.parse(), Ok(algorithm));
        }
        for name in ["", "none", "None", "PS256", "HS384", " EdDSA"] {
            assert_eq!(name.parse::<Algorithm>(), Err(KeyError::UnknownAlgorithm), "{name}");
        }
    }
}
