//! Keyset paging: a page is "at most `limit` rows with a key beyond `after`", so page 10,000 costs what page 1 does.

/// How many rows a page has when the caller does not say.
pub const DEFAULT_LIMIT: u32 = 50;
/// How many rows a page may have.
pub const MAX_LIMIT: u32 = 200;

/// Which part of a list is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page<K = i64> {
    /// Maximum number of rows: 1 to [`MAX_LIMIT`].
    pub limit: u32,
    /// Only rows that come after this key in the order of the list: as a rule those with a greater id.
    pub after: Option<K>,
}

impl<K> Default for Page<K> {
    fn default() -> Self {
        Self { limit: DEFAULT_LIMIT, after: None }
    }
}

impl<K> Page<K> {
    /// How many rows to fetch: one more than wanted, which tells whether there is a next page.
    pub fn fetch(&self) -> u64 {
        u64::from(self.limit) + 1
    }
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slice<T, K = i64> {
    /// The rows, in the order of their keys.
    pub items: Vec<T>,
    /// The `after` of the next page, where there is one.
    pub next: Option<K>,
}

/// The bytes that a page of what people write has in JSON, unless its first row alone has more.
pub const PAGE_BYTES: u64 = 1024 * 1024;

impl<T, K> Slice<T, K> {
    /// Nothing, and nothing after it.
    pub fn empty() -> Self {
        Self { items: Vec::new(), next: None }
    }

    /// Cuts rows fetched with [`Page::fetch`] down to the page.
    pub fn cut(mut rows: Vec<T>, page: Page<K>, key: impl Fn(&T) -> K) -> Self {
        let limit = page.limit as usize;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = if more { rows.last().map(key) } else { None };
        Self { items: rows, next }
    }

    /// The same page of other rows, of which some may be missing.
    ///
    /// # Errors
    /// The first error of `turn`.
    pub fn try_map<U, E>(self, turn: impl FnMut(T) -> Result<U, E>) -> Result<Slice<U, K>, E> {
        let items = self.items.into_iter().map(turn).collect::<Result<_, _>>()?;
        Ok(Slice { items, next: self.next })
    }

    /// Ends the page before its rows weigh more than `most`, though never before the first.
    #[must_use]
    pub fn weighing(mut self, most: u64, weight: impl Fn(&T) -> u64, id: impl Fn(&T) -> K) -> Self {
        let sums = self.items.iter().scan(0_u64, |sum, row| {
            *sum = sum.saturating_add(weight(row));
            Some(*sum)
        });
        let fits = sums.take_while(|sum| *sum <= most).count().max(1);
        if fits < self.items.len() {
            self.items.truncate(fits);
            self.next = self.items.last().map(id);
        }
        self
    }
}

/// The bytes of a text in JSON, between its quotes.
pub fn json_bytes(text: &str) -> u64 {
    // A chunk's sum fits a byte, and without a branch the compiler looks at 16 bytes at a time.
    let more = |chunk: &[u8]| chunk.iter().fold(0_u8, |sum, byte| sum.wrapping_add(escape_bytes(*byte)));
    text.as_bytes().chunks(32).map(more).map(u64::from).sum::<u64>() + text.len() as u64
}

/// The number of bytes that escaping adds to one: five for `\u0001`, one for `\n` and `\"`.
fn escape_bytes(byte: u8) -> u8 {
    let is = |other: u8| u8::from(byte == other);
    let control = u8::from(byte < 0x20) * 5;
    let short = (is(0x08) | is(b'\t') | is(b'\n') | is(0x0c) | is(b'\r')) * 4;
    control - short + (is(b'"') | is(b'\\'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_weigh_what_they_are_sent_as() {
        for (text, bytes) in [("", 0), ("a\u{e4}", 3), ("\"\\\t\n\r", 10), ("\u{1}\u{1f}", 12), ("\u{7f}", 1)]
        {
            assert_eq!(json_bytes(text), bytes, "{text:?}");
        }
        for byte in 0..=0x7f_u8 {
            let more = match byte {
                b'"' | b'\\' | 0x08 | b'\t' | b'\n' | 0x0c | b'\r' => 1,
                0..0x20 => 5,
                _ => 0,
            };
            let text = char::from(byte).to_string().repeat(100);
            assert_eq!(json_bytes(&text), 100 * (1 + more), "{byte:#x}");
        }
    }

    #[test]
    fn a_full_page_with_more_behind_it_names_its_last_id() {
        let page = Page { limit: 2, after: None };
        let slice = Slice::cut(vec![4, 7, 9], page, |id| *id);
        assert_eq!(slice, Slice { items: vec![4, 7], next: Some(7) });
    }

    #[test]
    fn a_page_that_weighs_too_much_ends_early_but_has_a_row() {
        let cut = |most| {
            let slice = Slice { items: vec![4, 7, 9], next: None };
            slice.weighing(most, |id: &i64| id.unsigned_abs(), |id| *id)
        };
        assert_eq!(cut(20), Slice { items: vec![4, 7, 9], next: None });
        assert_eq!(cut(19), Slice { items: vec![4, 7], next: Some(7) });
        assert_eq!(cut(3), Slice { items: vec![4], next: Some(4) });
        let none = Slice::<i64>::empty();
        assert_eq!(none.clone().weighing(0, |_| 1, |id| *id), none);
    }

    #[test]
    fn the_last_page_names_no_next_one() {
        let page = Page { limit: 2, after: None };
        assert_eq!(Slice::cut(vec![4, 7], page, |id| *id).next, None);
        assert_eq!(Slice::cut(Vec::<i64>::new(), page, |id| *id).next, None);
    }
}
