//! CSV (RFC 4180). What a column means is said in `draft.rs`.

use std::io::{self, BufRead};
use std::mem::take;

use keyward_domain::identity::import::ForeignUser;

use super::draft::{Draft, FIELDS, Field, Reading, Value};
use super::entry::{Entry, Fault};
use super::lines::{Lines, MAX_BYTES};

/// A CSV file whose first line was read.
pub struct Csv<R> {
    lines: Lines<R>,
    separator: char,
    /// What each column means; `None` for those that are passed over.
    columns: Vec<Option<Field>>,
    reading: Reading,
}

impl<R: BufRead> Csv<R> {
    pub(super) fn open(input: R, reading: Reading) -> io::Result<Result<Self, Fault>> {
        let mut lines = Lines::new(input);
        let empty = || Ok(Err("the file is empty".to_owned()));
        let Some(mut head) = lines.next()? else { return empty() };
        // Excel's line that names the separator.
        let named = head.as_ref().ok().and_then(|line| line.strip_prefix("sep=")?.chars().next());
        if named.is_some() {
            match lines.next()? {
                Some(next) => head = next,
                None => return empty(),
            }
        }
        Ok(head.and_then(|head| {
            let likely = || [',', ';', '\t'].into_iter().find(|c| head.contains(*c)).unwrap_or(',');
            let separator = named.unwrap_or_else(likely);
            let names = split(&head, separator).ok_or("the first line is no CSV: a quote is misplaced")?;
            Ok(Self { lines, separator, columns: columns(&names, &reading)?, reading })
        }))
    }

    pub(super) fn bytes(&self) -> u64 {
        self.lines.bytes
    }

    pub(super) fn next_entry(&mut self) -> io::Result<Option<Entry>> {
        loop {
            let Some(first) = self.lines.next()? else { return Ok(None) };
            let line = self.lines.number;
            let user = match first {
                Ok(text) if text.is_empty() => continue,
                Ok(text) => self.rest(text)?.and_then(|record| self.read(&record)),
                Err(fault) => Err(fault),
            };
            return Ok(Some(Entry { line, element: None, user }));
        }
    }

    /// The record that begins with this line: as many lines as it takes until no quote is open.
    fn rest(&mut self, mut record: String) -> io::Result<Result<String, Fault>> {
        let quotes = |text: &str| text.bytes().filter(|byte| *byte == b'"').count();
        let mut open = quotes(&record) % 2 == 1;
        while open {
            let next = match self.lines.next()? {
                Some(Ok(next)) if record.len() + next.len() < MAX_BYTES => next,
                _ => {
                    let last = self.lines.number;
                    return Ok(Err(format!("a quote is left open; all up to line {last} is passed over")));
                }
            };
            open ^= quotes(&next) % 2 == 1;
            record.push('\n');
            record.push_str(&next);
        }
        Ok(Ok(record))
    }

    fn read(&self, record: &str) -> Result<ForeignUser, Fault> {
        let cells = split(record, self.separator).ok_or("it is no CSV: a quote is misplaced")?;
        let (found, expected) = (cells.len(), self.columns.len());
        if found != expected {
            return Err(format!("it has {found} columns, and the first line {expected}"));
        }
        let mut draft = Draft::default();
        for (cell, column) in cells.into_iter().zip(&self.columns) {
            if let Some(field) = column {
                draft.set(*field, if cell.is_empty() { Value::Nothing } else { Value::Text(cell) })?;
            }
        }
        draft.finish(&self.reading)
    }
}

/// What the columns of these names mean.
fn columns(names: &[String], reading: &Reading) -> Result<Vec<Option<Field>>, Fault> {
    let has = |field| names.iter().any(|name| Field::from_name(name) == Some(field));
    for (present, lacking) in [
        (has(Field::Email) || has(Field::Username), "neither `email` nor `username`"),
        (has(Field::Hash), "no `hash`"),
    ] {
        if !present {
            return Err(format!(
                "the first line has to name the columns, of which there are {FIELDS}: there is {lacking}"
            ));
        }
    }
    let mut columns = Vec::with_capacity(names.len());
    for (index, name) in names.iter().enumerate() {
        let column = reading.field(name).map_err(|fault| format!("column {}: {fault}", index + 1))?;
        if let Some(field) = column.filter(|_| columns.contains(&column)) {
            return Err(format!("two columns are `{}`", field.name()));
        }
        columns.push(column);
    }
    Ok(columns)
}

/// The cells of a record; `None` if a quote stands where none may.
fn split(record: &str, separator: char) -> Option<Vec<String>> {
    let mut cells = Vec::new();
    let mut cell = String::new();
    let mut characters = record.chars().peekable();
    loop {
        if characters.next_if_eq(&'"').is_some() {
            loop {
                match characters.next()? {
                    '"' if characters.next_if_eq(&'"').is_some() => cell.push('"'),
                    '"' => break,
                    other => cell.push(other),
                }
            }
        } else {
            while let Some(c) = characters.next_if(|c| *c != separator) {
                if c == '"' {
                    return None;
                }
                cell.push(c);
            }
        }
        cells.push(take(&mut cell));
        match characters.next() {
            None => return Some(cells),
            Some(c) if c == separator => {}
            Some(_) => return None,
        }
    }
}
