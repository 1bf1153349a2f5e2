//! Text of others on a terminal: a name must neither begin a line or a column of its own nor send an escape sequence.

use std::fmt::{self, Display, Formatter, Write};

/// The same text with U+FFFD for every control character, tabs and line ends included.
pub(super) struct Printable<T>(pub(super) T);

impl<T: Display> Display for Printable<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(Plain(f), "{}", self.0)
    }
}

struct Plain<'a, 'b>(&'a mut Formatter<'b>);

impl Write for Plain<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|c| self.0.write_char(if c.is_control() { '\u{fffd}' } else { c }))
    }
}

#[cfg(test)]
mod tests {
    use super::Printable;

    #[test]
    fn control_characters_are_shown_and_never_sent() {
        let shown = Printable("Eve\n1\troot\u{1b}[2J\u{7f}\u{9b}m\r\0 \u{fc} \u{1f40e}").to_string();
        assert_eq!(
            shown,
            "Eve\u{fffd}1\u{fffd}root\u{fffd}[2J\u{fffd}\u{fffd}m\u{fffd}\u{fffd} \u{fc} \u{1f40e}"
        );
    }
}
