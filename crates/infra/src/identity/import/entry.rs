//! One account of a file, or why its line is refused.

use keyward_domain::identity::import::ForeignUser;

/// Why a line, or the whole file, is refused: a sentence.
pub type Fault = String;

/// What one line, or record of several lines, tells.
pub struct Entry {
    /// The number of its first line, from 1.
    pub line: u64,
    /// The number of the element of a JSON array, from 1.
    pub element: Option<u64>,
    pub user: Result<ForeignUser, Fault>,
}
