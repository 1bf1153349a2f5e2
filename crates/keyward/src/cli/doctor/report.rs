//! What checks find, and how it is printed.

use crate::cli::output::{Problem, say};
use crate::cli::printable::Printable;
use Finding::{Bad, Good, Note};

/// What a check found.
pub(super) enum Finding {
    /// As it should be.
    Good(String),
    /// Works, but is worth knowing.
    Note(String),
    /// Does not work: what is wrong, and what mends it.
    Bad(String, String),
}

/// What was printed so far.
#[derive(Default)]
pub(super) struct Report {
    bad: usize,
}

impl Report {
    /// How many parts have to be corrected.
    pub(super) fn bad(&self) -> usize {
        self.bad
    }

    /// Prints what was found of a part: servers of others are quoted in it.
    pub(super) fn add(&mut self, part: &str, finding: Finding) -> Result<(), Problem> {
        let (verdict, words) = match &finding {
            Good(words) => ("ok", words),
            Note(words) => ("note", words),
            Bad(words, _) => ("bad", words),
        };
        say(Printable(format_args!("{verdict:<5} {part:<9} {words}")))?;
        if let Bad(_, mend) = finding {
            say(Printable(format_args!("{:<15} mend: {mend}", "")))?;
            self.bad += 1;
        }
        Ok(())
    }
}
