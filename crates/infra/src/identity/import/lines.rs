//! Lines of a file, one at a time, never longer than a bound.

use std::io::{self, BufRead, Read};

use super::entry::Fault;

/// The longest line, and the longest record of several lines, in bytes.
pub(super) const MAX_BYTES: usize = 64 * 1024;

/// Reads lines and counts them.
pub(super) struct Lines<R> {
    input: R,
    /// Lines read so far: the number of the last one.
    pub(super) number: u64,
    /// Bytes read so far.
    pub(super) bytes: u64,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, number: 0, bytes: 0 }
    }

    /// The next line, without its end; `None` after the last.
    pub(super) fn next(&mut self) -> io::Result<Option<Result<String, Fault>>> {
        let mut line = Vec::new();
        // Room for the line's end.
        let limit = MAX_BYTES as u64 + 2;
        let read = self.input.by_ref().take(limit).read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(None);
        }
        self.number += 1;
        self.bytes += read as u64;
        let ended = line.pop_if(|byte| *byte == b'\n').is_some();
        if !ended && read as u64 == limit {
            self.skip_rest()?;
        }
        line.pop_if(|byte| *byte == b'\r');
        if line.len() > MAX_BYTES {
            return Ok(Some(Err(format!("it is longer than {MAX_BYTES} bytes"))));
        }
        if self.number == 1 && line.starts_with("\u{feff}".as_bytes()) {
            line.drain(.."\u{feff}".len());
        }
        Ok(Some(String::from_utf8(line).map_err(|_| "it is not UTF-8".to_owned())))
    }

    fn skip_rest(&mut self) -> io::Result<()> {
        loop {
            let buffer = self.input.fill_buf()?;
            let end = buffer.iter().position(|byte| *byte == b'\n');
            let read = end.map_or(buffer.len(), |end| end + 1);
            self.input.consume(read);
            self.bytes += read as u64;
            if end.is_some() || read == 0 {
                return Ok(());
            }
        }
    }
}
