//! A file of accounts, read one record at a time, in any of the formats.

use std::io::{self, BufRead};
use std::path::Path;

use super::csv::Csv;
use super::entry::{Entry, Fault};
use super::json::JsonLines;

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// RFC 4180, with the columns' names in its first line; `;` and tabs separate as well.
    Csv,
    /// One JSON object a line.
    JsonLines,
}

impl Format {
    /// The format of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "csv" | "tsv" => Some(Self::Csv),
            "jsonl" | "ndjson" => Some(Self::JsonLines),
            _ => None,
        }
    }

    /// The format that a file of this name most likely has.
    pub fn of(path: &Path) -> Option<Self> {
        Self::from_name(&path.extension()?.to_str()?.to_ascii_lowercase())
    }
}

/// A file of accounts. Only one record of at most 64 KiB is in memory.
pub enum Users<R> {
    Csv(Csv<R>),
    JsonLines(JsonLines<R>),
}

impl<R: BufRead> Users<R> {
    /// Begins to read. Columns that mean nothing here are passed over, if told to, and otherwise refused: a
    /// misspelled
    /// `disabled` would let people in.
    ///
    /// # Errors
    /// The first line of a CSV file does not name the columns.
    pub fn open(input: R, format: Format, ignore_unknown: bool) -> io::Result<Result<Self, Fault>> {
        Ok(match format {
            Format::Csv => Csv::open(input, ignore_unknown)?.map(Self::Csv),
            Format::JsonLines => Ok(Self::JsonLines(JsonLines::open(input, ignore_unknown))),
        })
    }

    /// The next account.
    ///
    /// # Errors
    /// The file cannot be read any further.
    pub fn next_entry(&mut self) -> io::Result<Option<Entry>> {
        match self {
            Self::Csv(csv) => csv.next_entry(),
            Self::JsonLines(json) => json.next_entry(),
        }
    }

    /// How many bytes were read.
    pub fn bytes(&self) -> u64 {
        match self {
            Self::Csv(csv) => csv.bytes(),
            Self::JsonLines(json) => json.bytes(),
        }
    }
}
