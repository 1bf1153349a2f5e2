//! JSON: an array of objects, alone or as a member of an object, as `firebase auth:export` writes it. What a member means is
//! said in `draft.rs`.

use std::io::{self, BufRead};

use super::entry::{Entry, Fault};
use super::json::Objects;
use super::lines::MAX_BYTES;

/// A file with one JSON array, of which one object at a time is in memory.
pub struct JsonArray<R> {
    input: R,
    objects: Objects,
    /// The number of the line, from 1.
    line: u64,
    bytes: u64,
    place: Place,
}

/// Where the reader is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Before,
    Inside,
    After,
}

impl<R: BufRead> JsonArray<R> {
    pub(super) fn open(input: R, objects: Objects) -> Self {
        Self { input, objects, line: 1, bytes: 0, place: Place::Before }
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn next_entry(&mut self) -> io::Result<Option<Entry>> {
        if self.place == Place::Before {
            self.place = if self.find_array()? { Place::Inside } else { Place::After };
            if self.place == Place::After {
                let fault = Err("the file holds no JSON array of objects".to_owned());
                return Ok(Some(Entry { line: self.line, user: fault }));
            }
        }
        while self.place == Place::Inside {
            match self.next_byte()? {
                Some(b'{') => {
                    let line = self.line;
                    let user = self.object()?.and_then(|text| self.objects.read(&text));
                    return Ok(Some(Entry { line, user }));
                }
                Some(b',' | b' ' | b'\t' | b'\r' | b'\n') => {}
                Some(b']') => {
                    self.place = Place::After;
                    return self.rest();
                }
                found => {
                    self.place = Place::After;
                    let what =
                        if found.is_some() { "what follows is no object" } else { "the array is not closed" };
                    return Ok(Some(Entry {
                        line: self.line,
                        user: Err(format!("{what}; nothing after it is read")),
                    }));
                }
            }
        }
        Ok(None)
    }

    /// Reads what follows the array: a second list is refused, for its accounts would be missed.
    fn rest(&mut self) -> io::Result<Option<Entry>> {
        let mut text = Text::default();
        while let Some(byte) = self.next_byte()? {
            if !text.is_string(byte) && matches!(byte, b'[' | b'{') {
                let user =
                    Err("a second list follows, which is not read: one file holds one list".to_owned());
                return Ok(Some(Entry { line: self.line, user }));
            }
        }
        Ok(None)
    }

    /// Passes the array's bracket; says whether there is one.
    fn find_array(&mut self) -> io::Result<bool> {
        let mut text = Text::default();
        while let Some(byte) = self.next_byte()? {
            if !text.is_string(byte) && byte == b'[' {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The object whose first brace was read. One that is too long is read to its end, and refused.
    fn object(&mut self) -> io::Result<Result<String, Fault>> {
        let (mut object, mut text, mut depth) = (vec![b'{'], Text::default(), 1_u32);
        while depth > 0 {
            let Some(byte) = self.next_byte()? else {
                self.place = Place::After;
                return Ok(Err("the object is not closed".to_owned()));
            };
            if !text.is_string(byte) {
                match byte {
                    b'{' | b'[' => depth = depth.saturating_add(1),
                    b'}' | b']' => depth -= 1,
                    _ => {}
                }
            }
            if object.len() <= MAX_BYTES {
                object.push(byte);
            }
        }
        if object.len() > MAX_BYTES {
            return Ok(Err(format!("it is longer than {MAX_BYTES} bytes")));
        }
        Ok(String::from_utf8(object).map_err(|_| "it is not UTF-8".to_owned()))
    }

    fn next_byte(&mut self) -> io::Result<Option<u8>> {
        let Some(byte) = self.input.fill_buf()?.first().copied() else { return Ok(None) };
        self.input.consume(1);
        self.bytes += 1;
        self.line += u64::from(byte == b'\n');
        Ok(Some(byte))
    }
}

/// Whether a byte is part of a string, its quotes included.
#[derive(Default)]
struct Text {
    open: bool,
    escaped: bool,
}

impl Text {
    fn is_string(&mut self, byte: u8) -> bool {
        let was_open = self.open;
        if self.escaped {
            self.escaped = false;
        } else if byte == b'\\' && self.open {
            self.escaped = true;
        } else if byte == b'"' {
            self.open = !self.open;
        }
        was_open || self.open
    }
}
