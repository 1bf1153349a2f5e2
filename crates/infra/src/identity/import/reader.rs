//! A file of accounts, read one record at a time, in any of the formats.

use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use encoding_rs_io::DecodeReaderBytesBuilder;

use super::array::JsonArray;
use super::csv::Csv;
use super::draft::Reading;
use super::entry::{Entry, Fault};
use super::json::{JsonLines, Objects};

/// The buffer of a file.
const BUFFER: usize = 128 * 1024;

/// The file as UTF-8. UTF-16, as Excel and PowerShell write it, is known by its first two bytes.
pub fn decoded(input: impl Read) -> impl BufRead {
    let decoder = DecodeReaderBytesBuilder::new().utf8_passthru(true).build(input);
    BufReader::with_capacity(BUFFER, decoder)
}

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// RFC 4180, with the columns' names in its first line; `;` and tabs separate as well.
    Csv,
    /// One JSON object a line.
    JsonLines,
    /// A JSON array of objects, alone or as a member of an object.
    Json,
}

impl Format {
    /// The format of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "csv" | "tsv" => Some(Self::Csv),
            "jsonl" | "ndjson" => Some(Self::JsonLines),
            "json" => Some(Self::Json),
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
    /// A JSON array.
    Json(JsonArray<R>),
}

impl<R: BufRead> Users<R> {
    /// Begins to read. Columns that mean nothing here are passed over, if told to, and otherwise refused: a
    /// misspelled
    /// `disabled` would let people in.
    ///
    /// # Errors
    /// The first line of a CSV file does not name the columns.
    pub fn open(input: R, format: Format, reading: Reading) -> io::Result<Result<Self, Fault>> {
        Ok(match format {
            Format::Csv => Csv::open(input, reading)?.map(Self::Csv),
            Format::JsonLines => Ok(Self::JsonLines(JsonLines::open(input, Objects(reading)))),
            Format::Json => Ok(Self::Json(JsonArray::open(input, Objects(reading)))),
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
            Self::Json(json) => json.next_entry(),
        }
    }

    /// How many bytes were read.
    pub fn bytes(&self) -> u64 {
        match self {
            Self::Csv(csv) => csv.bytes(),
            Self::JsonLines(json) => json.bytes(),
            Self::Json(json) => json.bytes(),
        }
    }
}
