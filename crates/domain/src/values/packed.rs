//! Several values as one text of bytes, for what is sealed: each with its length before it.

/// Packs values one after another.
#[derive(Default)]
pub struct Packer(Vec<u8>);

impl Packer {
    /// Adds bytes.
    #[must_use]
    pub fn bytes(mut self, bytes: &[u8]) -> Self {
        // What is sealed is far smaller; a length that does not fit would only make the text unreadable.
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(bytes);
        self
    }

    /// Adds text.
    #[must_use]
    pub fn text(self, text: &str) -> Self {
        self.bytes(text.as_bytes())
    }

    /// Adds text that may be absent.
    #[must_use]
    pub fn optional(self, text: Option<&str>) -> Self {
        match text {
            Some(text) => self.bytes(&[1]).text(text),
            None => self.bytes(&[0]),
        }
    }

    /// Adds an integer.
    #[must_use]
    pub fn integer(self, number: i64) -> Self {
        self.bytes(&number.to_be_bytes())
    }

    /// Everything that was added.
    pub fn done(self) -> Vec<u8> {
        self.0
    }
}

/// Reads values in the order in which they were packed. Each reading is `None` where the bytes are something else.
pub struct Unpacker<'a>(&'a [u8]);

impl<'a> Unpacker<'a> {
    /// Reads from these bytes.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The next bytes.
    pub fn bytes(&mut self) -> Option<&'a [u8]> {
        let (length, rest) = self.0.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (bytes, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }

    /// The next bytes, `N` of them.
    pub fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.bytes()?.try_into().ok()
    }

    /// The next text.
    pub fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()?).ok()
    }

    /// The next text that may be absent.
    pub fn optional(&mut self) -> Option<Option<&'a str>> {
        match self.bytes()? {
            [1] => self.text().map(Some),
            [0] => Some(None),
            _ => None,
        }
    }

    /// The next integer.
    pub fn integer(&mut self) -> Option<i64> {
        self.array().map(i64::from_be_bytes)
    }

    /// Whether nothing is left.
    pub fn is_done(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_read_again_in_its_order_and_nothing_else() {
        let packed =
            Packer::default().text("a").bytes(&[7; 3]).integer(-5).optional(None).optional(Some("")).done();
        let mut read = Unpacker::new(&packed);
        assert_eq!(read.text(), Some("a"));
        assert_eq!(read.array(), Some([7; 3]));
        assert_eq!(read.integer(), Some(-5));
        assert_eq!(read.optional(), Some(None));
        assert_eq!(read.optional(), Some(Some("")));
        assert!(read.is_done());
        assert_eq!(read.text(), None);
        for end in 0..packed.len() {
            let mut cut = Unpacker::new(&packed[..end]);
            let all = [cut.text().is_some(), cut.bytes().is_some(), cut.integer().is_some()];
            assert!(!(all == [true; 3] && cut.optional() == Some(None) && cut.optional() == Some(Some(""))));
        }
        assert_eq!(Unpacker::new(&[0, 0, 0, 9, 1]).bytes(), None);
        assert_eq!(Unpacker::new(&u32::MAX.to_be_bytes()).bytes(), None);
    }
}
