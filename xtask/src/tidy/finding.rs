//! A finding: a place in the tree and one sentence on what to do there.

use std::fmt::{Display, Formatter};

/// Something to fix, and where.
#[derive(Debug, PartialEq, PartialOrd, Eq, Ord)]
pub(super) struct Finding {
    path: String,
    line: usize,
    sentence: String,
}

impl Finding {
    pub(super) fn new(path: &str, line: usize, sentence: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, sentence: sentence.into() }
    }
}

impl Display for Finding {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.sentence)
    }
}
