//! How pages look: the application's logo and colour; and who `/docs` is.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;

/// How pages look.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Pages")]
pub struct BrandSettings {
    /// The file with the logo that pages show: SVG, PNG, JPEG or WebP, of at most 40 kB
    #[arg(long, env = "KEYWARD_APP_LOGO", value_name = "FILE")]
    pub app_logo: Option<PathBuf>,

    /// The colour of buttons and links on pages, as in `#0b5394`; darker or lighter where it could not be read
    #[arg(long, env = "KEYWARD_APP_COLOR", value_name = "COLOR")]
    pub app_color: Option<Color>,

    /// The client that `/docs` logs people in as, by authorization code: *Authorize* then knows its id
    #[arg(long, env = "KEYWARD_DOCS_CLIENT_ID", value_name = "ID", value_parser = client_id)]
    pub docs_client_id: Option<String>,
}

/// What every client id is made of.
fn client_id(id: &str) -> Result<String, String> {
    let fits = (1..=64).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if fits { Ok(id.to_owned()) } else { Err("is not the id of a client: see `keyward client list`".into()) }
}

/// The largest logo, in bytes.
const LARGEST: u64 = 40 * 1000;

/// A picture and its media type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logo {
    pub kind: &'static str,
    pub bytes: Vec<u8>,
}

impl BrandSettings {
    /// Reads the logo.
    ///
    /// # Errors
    /// One sentence that names the setting.
    pub fn logo(&self) -> Result<Option<Logo>, String> {
        let read = |path: &PathBuf| {
            let named = |problem: &str| format!("KEYWARD_APP_LOGO: the file {} {problem}", path.display());
            let kind = kind(path).ok_or_else(|| named("must end in .svg, .png, .jpg, .jpeg or .webp"))?;
            let unreadable = |error: std::io::Error| named(&format!("cannot be read: {error}"));
            let size = std::fs::metadata(path).map_err(unreadable)?.len();
            if size > LARGEST {
                return Err(named(&format!("has {size} bytes; it must have at most {LARGEST}")));
            }
            Ok(Logo { kind, bytes: std::fs::read(path).map_err(unreadable)? })
        };
        self.app_logo.as_ref().map(read).transpose()
    }

    /// The rules that replace the usual colours.
    pub fn style(&self) -> String {
        let Some(color) = self.app_color else { return String::new() };
        let (light, dark) = (color.readable_on(LIGHT), color.readable_on(DARK));
        format!(
            "\n:root {{ --deed: {light}; }}\n@media (prefers-color-scheme: dark) {{ :root {{ --deed: {dark}; }} }}\n"
        )
    }
}

fn kind(path: &Path) -> Option<&'static str> {
    match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "svg" => Some("image/svg+xml"),
        "png" => Some("image/png"),
        "jpg" | "jpeg" => Some("image/jpeg"),
        "webp" => Some("image/webp"),
        _ => None,
    }
}

/// A colour: red, green and blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Color([u8; 3]);

/// `--back` of the style sheet by day: text has the least contrast to it.
const LIGHT: Color = Color([0xf3, 0xf5, 0xf8]);
/// `--paper` of the style sheet by night.
const DARK: Color = Color([0x17, 0x1b, 0x20]);
/// The contrast that text has to have (WCAG 2.2, success criterion 1.4.3), and a little more for rounding.
const CONTRAST: f64 = 4.6;

impl FromStr for Color {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str = "it must be a colour of six hexadecimal digits, as in #0b5394";
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6).ok_or(WRONG)?;
        let part = |at: usize| digits.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
        match (part(0), part(2), part(4)) {
            (Some(red), Some(green), Some(blue)) if !digits.contains('+') => Ok(Self([red, green, blue])),
            _ => Err(WRONG),
        }
    }
}

impl std::fmt::Display for Color {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self([red, green, blue]) = self;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

impl Color {
    /// The colour, as much darker or lighter as it takes to be read on `ground`.
    fn readable_on(self, ground: Self) -> Self {
        let target = if ground.luminance() > 0.5 { 0.0 } else { 255.0 };
        let mixed = |step: u8| {
            let share = f64::from(step) / 20.0;
            Self(self.0.map(|part| mix(f64::from(part), target, share)))
        };
        (0..=20).map(mixed).find(|color| color.contrast(ground) >= CONTRAST).unwrap_or(self)
    }

    /// WCAG 2.2, "contrast ratio".
    fn contrast(self, other: Self) -> f64 {
        let (one, other) = (self.luminance() + 0.05, other.luminance() + 0.05);
        if one > other { one / other } else { other / one }
    }

    /// WCAG 2.2, "relative luminance".
    fn luminance(self) -> f64 {
        let [red, green, blue] = self.0.map(|part| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between two bytes")]
fn mix(from: f64, to: f64, share: f64) -> u8 {
    (from + (to - from) * share).round() as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_colour_can_be_read_by_day_and_by_night() {
        for text in ["#000000", "#ffffff", "#ffff00", "#0b5394", "#00ff00", "#7f7f7f", "#FF0000"] {
            let color: Color = text.parse().unwrap();
            for ground in [LIGHT, DARK] {
                let shown = color.readable_on(ground);
                assert!(shown.contrast(ground) >= CONTRAST, "{text}: {shown} on {ground}");
            }
        }
        let readable: Color = "#0b5394".parse().unwrap();
        assert_eq!(readable.readable_on(LIGHT), readable);
        assert!((Color([0; 3]).contrast(Color([255; 3])) - 21.0).abs() < 0.01);
    }

    #[test]
    fn what_is_no_colour_is_refused() {
        for text in [
            "",
            "#",
            "red",
            "#fff",
            "0b5394",
            "#0b539",
            "#0b53944",
            "#gggggg",
            "#+1+1+1",
            "#0b5394;}",
            "#\u{e4}\u{e4}\u{e4}",
        ] {
            assert!(text.parse::<Color>().is_err(), "{text:?}");
        }
    }
}
