//! The tokens of links in mails.

use keyward_auth::{Random, Zeroizing, random_secret};

/// What such a token begins with. No hexadecimal digit follows the `=` before it, which programs that take a mail for
/// quoted-printable would decode.
const PREFIX: &str = "kwl_";

/// A new token: 256 random bits.
pub(super) fn link_token(random: &dyn Random) -> Zeroizing<String> {
    Zeroizing::new(format!("{PREFIX}{}", *random_secret(random)))
}
