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
    /// The number of the element, from 1.
    element: u64,
    bytes: u64,
    place: Place,
}

/// Where the reader is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Before the array.
    Before,
    /// Behind its bracket: an element or the end follows.
    Open,
    /// Behind an element: a comma or the end follows.
    Element,
    /// Behind a comma: an element follows.
    Comma,
    /// Behind the array, or behind what cannot be read.
    After,
}

impl<R: BufRead> JsonArray<R> {
    pub(super) fn open(input: R, objects: Objects) -> Self {
        Self { input, objects, line: 1, element: 0, bytes: 0, place: Place::Before }
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn next_entry(&mut self) -> io::Result<Option<Entry>> {
        if self.place == Place::Before {
            if let Err(fault) = self.find_array()? {
                return Ok(Some(self.stop(None, fault)));
            }
            self.place = Place::Open;
        }
        while self.place != Place::After {
            let next = self.next_visible()?;
            match (self.place, next) {
                (Place::Open | Place::Comma, Some(b'{')) => {
                    self.element += 1;
                    self.place = Place::Element;
                    let (line, element) = (self.line, Some(self.element));
                    let user = self.object()?.and_then(|text| self.objects.read(&text));
                    return Ok(Some(Entry { line, element, user }));
                }
                (Place::Element, Some(b',')) => self.place = Place::Comma,
                (Place::Open | Place::Element, Some(b']')) => {
                    self.place = Place::After;
                    return self.rest();
                }
                (_, None) => return Ok(Some(self.stop(None, "the array is not closed"))),
                (Place::Element, Some(_)) => {
                    let fault = "a comma is missing behind it; nothing after it is read";
                    return Ok(Some(self.stop(Some(self.element), fault)));
                }
                (_, Some(_)) => {
                    let fault = "it is no JSON object; nothing after it is read";
                    return Ok(Some(self.stop(Some(self.element + 1), fault)));
                }
            }
        }
        Ok(None)
    }

    /// The last entry: what cannot be read, here or at an element.
    fn stop(&mut self, element: Option<u64>, fault: &str) -> Entry {
        self.place = Place::After;
        Entry { line: self.line, element, user: Err(fault.to_owned()) }
    }

    /// Reads what follows the array: a second list is refused, for its accounts would be missed.
    fn rest(&mut self) -> io::Result<Option<Entry>> {
        let mut text = Text::default();
        while let Some(byte) = self.next_byte()? {
            if !text.is_string(byte) && matches!(byte, b'[' | b'{') {
                let fault = "a second list follows, which is not read: one file holds one list";
                return Ok(Some(self.stop(None, fault)));
            }
        }
        Ok(None)
    }

    /// Passes the array's bracket. Before it stands nothing, or the beginning of one object, whose members may be anything but
    /// another list: no account may be passed over.
    fn find_array(&mut self) -> io::Result<Result<(), &'static str>> {
        const NONE: &str = "the file holds no JSON array of objects";
        let mut next = self.next_visible()?;
        // The mark at the beginning of UTF-8.
        if next == Some(0xef) {
            self.next_byte()?;
            self.next_byte()?;
            next = self.next_visible()?;
        }
        match next {
            Some(b'[') => return Ok(Ok(())),
            Some(b'{') => {}
            _ => return Ok(Err(NONE)),
        }
        let (mut text, mut depth) = (Text::default(), 1_u32);
        while let Some(byte) = self.next_byte()? {
            if text.is_string(byte) {
                continue;
            }
            match byte {
                b'[' => return Ok(Ok(())),
                b'{' => depth = depth.saturating_add(1),
                b'}' if depth == 1 => return Ok(Err(NONE)),
                b'}' => depth -= 1,
                _ => {}
            }
        }
        Ok(Err(NONE))
    }

    /// The next byte that is no white space.
    fn next_visible(&mut self) -> io::Result<Option<u8>> {
        loop {
            match self.next_byte()? {
                Some(b' ' | b'\t' | b'\r' | b'\n') => {}
                next => return Ok(next),
            }
        }
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
