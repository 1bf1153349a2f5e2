//! Second factors of one's own account, and proving again who one is.

pub mod own;
pub mod passkeys;
pub mod proof;
pub mod qr;
pub mod recovery_codes;
pub mod second_factor;
pub mod taken_away;
pub mod totp;
pub mod webauthn;
