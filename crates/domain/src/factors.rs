//! Second factors: enrolling and removing them, what an account owes beside its password, and comparing what it answers.

pub mod answer;
pub mod assertions;
mod breadth;
pub mod ceremony;
pub mod challenge;
pub mod checks;
pub mod error;
pub mod passkeys;
pub mod policy;
pub mod recovery_codes;
pub mod registration;
pub mod removal;
pub(crate) mod shown;
pub mod standing;
pub mod totp;
