//! The outcome of a check, which every parser's module reports.

/// How an input fared. Either is fine; a seed says which it is meant to meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It was taken for what it claims to be.
    Accepted,
    Refused,
}

impl Fate {
    pub(crate) fn accepted(yes: bool) -> Self {
        if yes { Self::Accepted } else { Self::Refused }
    }
}
