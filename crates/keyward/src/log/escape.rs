//! Strings and numbers as JSON (RFC 8259, section 7), as `serde_json` writes them.

use std::fmt::{self, Write};

/// What follows a backslash for each byte that needs one: `u` for `\u00XX`, 0 for none.
const ESCAPES: [u8; 256] = {
    let mut table = [0; 256];
    let mut control = 0;
    while control < 0x20 {
        table[control] = b'u';
        control += 1;
    }
    table[0x08] = b'b';
    table[0x09] = b't';
    table[0x0a] = b'n';
    table[0x0c] = b'f';
    table[0x0d] = b'r';
    table[b'"' as usize] = b'"';
    table[b'\\' as usize] = b'\\';
    table
};

/// Whether no byte of `text` is to be escaped. Looks at eight bytes at a time.
fn is_plain(text: &[u8]) -> bool {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES << 7;
    // The highest bit of each byte that is below `least`, or that is zero (Hacker's Delight, section 6-1).
    let below = |eight: u64, least: u64| eight.wrapping_sub(ONES * least) & !eight & HIGH;
    let is = |eight: u64, byte: u8| below(eight ^ (ONES * u64::from(byte)), 1);
    let special = |eight: u64| below(eight, 0x20) | is(eight, b'"') | is(eight, b'\\');
    let four = |bytes: &[u8; 4]| u64::from(u32::from_ne_bytes(*bytes));
    // The last may overlap those before.
    if let Some(last) = text.last_chunk() {
        let all = text.as_chunks().0.iter().chain([last]);
        all.fold(0, |found, eight| found | special(u64::from_ne_bytes(*eight))) == 0
    } else if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        special(four(first) << 32 | four(last)) == 0
    } else {
        text.iter().all(|byte| ESCAPES[usize::from(*byte)] == 0)
    }
}

/// Appends `text` to `line`, escaped, without quotes.
pub fn escaped(line: &mut String, text: &str) {
    if is_plain(text.as_bytes()) {
        line.push_str(text);
        return;
    }
    let mut begun = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escape = ESCAPES[usize::from(byte)];
        if escape == 0 {
            continue;
        }
        // Every escaped byte is ASCII, so both cuts are at boundaries of characters.
        line.push_str(&text[begun..at]);
        line.push('\\');
        line.push(char::from(escape));
        if escape == b'u' {
            let digit = |nibble: u8| char::from_digit(nibble.into(), 16).unwrap_or('0');
            line.push_str("00");
            line.push(digit(byte >> 4));
            line.push(digit(byte & 0xf));
        }
        begun = at + 1;
    }
    line.push_str(&text[begun..]);
}

/// Appends a string with its quotes.
pub fn string(line: &mut String, text: &str) {
    line.push('"');
    escaped(line, text);
    line.push('"');
}

/// Appends what `arguments` print as a string with its quotes.
pub fn printed(line: &mut String, arguments: fmt::Arguments<'_>) {
    struct Escaping<'a>(&'a mut String);

    impl Write for Escaping<'_> {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            escaped(self.0, text);
            Ok(())
        }
    }

    line.push('"');
    // A `Debug` that fails leaves what it wrote so far.
    Escaping(line).write_fmt(arguments).ok();
    line.push('"');
}

/// Appends a number; what JSON has no number for becomes `null`.
pub fn float(line: &mut String, number: f64) {
    let mut digits = zmij::Buffer::new();
    line.push_str(if number.is_finite() { digits.format_finite(number) } else { "null" });
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(write: impl FnOnce(&mut String)) -> String {
        let mut line = String::new();
        write(&mut line);
        line
    }

    #[test]
    fn special_characters_are_escaped_as_serde_json_does() {
        for text in
            ["", "\"\\/", "\u{0}\u{1f}\u{7f}\u{80}", "\u{2028}\u{2029}", "\u{8}\t\n\u{c}\r", "\u{10ffff}é"]
        {
            assert_eq!(written(|line| string(line, text)), serde_json::to_string(text).unwrap(), "{text:?}");
        }
        for number in [0.0, -0.0, 1.5, 1e300, f64::MIN_POSITIVE, f64::NAN, f64::INFINITY] {
            assert_eq!(
                written(|line| float(line, number)),
                serde_json::to_string(&number).unwrap(),
                "{number}"
            );
        }
    }

    #[test]
    fn every_byte_is_told_plain_or_not_wherever_it_stands() {
        for byte in 0..=u8::MAX {
            for (length, place) in (1..20).flat_map(|length| (0..length).map(move |place| (length, place))) {
                let text = &mut [b'a'; 20][..length];
                text[place] = byte;
                assert_eq!(
                    is_plain(text),
                    ESCAPES[usize::from(byte)] == 0,
                    "{byte:#x} at {place} of {length}"
                );
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_is_written_as_serde_json_writes_it(text in any::<String>()) {
            prop_assert_eq!(written(|line| string(line, &text)), serde_json::to_string(&text).unwrap());
            let plain = text.bytes().all(|byte| ESCAPES[usize::from(byte)] == 0);
            prop_assert_eq!(is_plain(text.as_bytes()), plain);
            let printed = written(|line| printed(line, format_args!("{text:?}|{text}")));
            prop_assert_eq!(printed, serde_json::to_string(&format!("{text:?}|{text}")).unwrap());
        }

        #[test]
        fn any_number_is_written_as_serde_json_writes_it(number in any::<f64>()) {
            prop_assert_eq!(written(|line| float(line, number)), serde_json::to_string(&number).unwrap());
        }
    }
}
