//! Hashes of other systems, checked so that their users can log in once and be rehashed: bcrypt as passlib, PHP and the
//! `bcrypt` packages store it. Nothing new is ever hashed here.

use crate::{Password, PasswordError, PasswordHash, Verdict};

/// bcrypt reads no further; a password that goes on beyond it shares its hash with all that begin alike.
const MAX_BYTES: usize = 72;
/// Cost 15 takes seconds; more is a mistake or an attack on our processors.
const MAX_COST: u32 = 15;

/// Whether this stored hash is ours to check.
pub(crate) fn recognizes(hash: &PasswordHash) -> bool {
    ["$2a$", "$2b$", "$2y$"].iter().any(|prefix| hash.as_str().starts_with(prefix))
}

/// Checks a bcrypt hash against the password as it was typed (passlib does not normalise). A match always asks for a rehash.
///
/// A password of more than 72 bytes or with a NUL never matches: bcrypt would silently ignore what follows. Such a user has
/// to reset the password.
pub(crate) fn verify(password: &Password, hash: &PasswordHash) -> Result<Verdict, PasswordError> {
    let parts: bcrypt::HashParts =
        hash.as_str().parse().map_err(|_| PasswordError::UnusableHash("it is not a bcrypt hash"))?;
    if parts.get_cost() > MAX_COST {
        return Err(PasswordError::UnusableHash("its bcrypt cost is out of bounds"));
    }
    let typed = password.expose_typed().as_bytes();
    // Computed in any case, so that an unusable password takes as long as a wrong one.
    let equal = bcrypt::verify(typed, hash.as_str())
        .map_err(|_| PasswordError::UnusableHash("its bcrypt cost is out of bounds"))?;
    let whole = typed.len() <= MAX_BYTES && !typed.contains(&0);
    Ok(if equal && whole { Verdict::Match { needs_rehash: true } } else { Verdict::Mismatch })
}
