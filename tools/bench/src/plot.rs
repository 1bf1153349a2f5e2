//! Pictures: horizontal bars with the range of the rounds, as SVG that reads on light and on dark pages.

use std::fmt::Write;

use crate::stats::{Series, short};

/// A bar: what it says, how long it is, and how far the rounds lie apart.
pub(crate) struct Bar {
    pub(crate) label: String,
    pub(crate) value: f64,
    pub(crate) range: (f64, f64),
    /// Behind the bar.
    pub(crate) note: String,
}

impl Bar {
    pub(crate) fn of(series: &Series, label: &str) -> Self {
        let value = series.median();
        let note = format!("{} {}", short(value), series.unit).trim().to_owned();
        Self { label: label.to_owned(), value, range: (series.lowest(), series.highest()), note }
    }
}

const WIDTH: f64 = 760.0;
const LEFT: f64 = 250.0;
const RIGHT: f64 = 150.0;
const ROW: f64 = 30.0;
const TOP: f64 = 46.0;

/// A picture of these bars; `goal` is a line at a value, with what it means.
pub(crate) fn bars(title: &str, bars: &[Bar], goal: Option<(f64, &str)>) -> String {
    let most = bars.iter().map(|bar| bar.range.1.max(bar.value)).chain(goal.map(|(at, _)| at));
    let most = most.fold(f64::MIN_POSITIVE, f64::max);
    let at = |value: f64| LEFT + value / most * (WIDTH - LEFT - RIGHT);
    let height = TOP + ROW * bars.len() as f64 + 16.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" \
         font-family=\"system-ui, sans-serif\" font-size=\"13\" role=\"img\">\n\
         <style>text{{fill:#24292f}}.bar{{fill:#0969da}}.line{{stroke:#57606a}}.goal{{stroke:#cf222e}}.small{{fill:#cf222e}}\
         @media (prefers-color-scheme:dark){{text{{fill:#e6edf3}}.bar{{fill:#4493f8}}.line{{stroke:#9198a1}}\
         .goal{{stroke:#ff7b72}}.small{{fill:#ff7b72}}}}</style>\n\
         <text x=\"12\" y=\"24\" font-size=\"15\" font-weight=\"600\">{}</text>\n",
        escaped(title)
    );
    for (index, bar) in bars.iter().enumerate() {
        let y = TOP + ROW * index as f64;
        let (middle, end) = (y + 10.0, at(bar.value));
        let (low, high) = (at(bar.range.0), at(bar.range.1));
        // Writing to a `String` does not fail.
        let _ = writeln!(
            svg,
            "<text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"end\">{}</text>\
             <rect class=\"bar\" x=\"{LEFT}\" y=\"{y:.0}\" width=\"{:.1}\" height=\"20\" rx=\"2\"/>\
             <path class=\"line\" d=\"M{low:.1} {middle}H{high:.1}M{low:.1} {:.0}v8M{high:.1} {:.0}v8\"/>\
             <text x=\"{:.1}\" y=\"{:.0}\">{}</text>",
            LEFT - 8.0,
            y + 15.0,
            escaped(&bar.label),
            end - LEFT,
            middle - 4.0,
            middle - 4.0,
            high.max(end) + 8.0,
            y + 15.0,
            escaped(&bar.note),
        );
    }
    if let Some((value, words)) = goal {
        let x = at(value);
        let _ = writeln!(
            svg,
            "<path class=\"goal\" stroke-dasharray=\"4 3\" d=\"M{x:.1} {:.0}V{:.0}\"/>\
             <text class=\"small\" font-size=\"11\" x=\"{x:.1}\" y=\"{:.0}\" text-anchor=\"middle\">{}</text>",
            TOP - 4.0,
            height - 12.0,
            TOP - 8.0,
            escaped(words),
        );
    }
    svg + "</svg>\n"
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bar_is_drawn_with_its_words_escaped() {
        let bar = |label: &str, value| Bar {
            label: label.to_owned(),
            value,
            range: (value, value),
            note: "x < y".to_owned(),
        };
        let svg = bars("A & B", &[bar("one", 1.0), bar("two", 2.0)], Some((1.5, "goal")));
        assert_eq!(svg.matches("<rect").count(), 2);
        assert!(svg.contains("A &amp; B") && svg.contains("x &lt; y") && svg.contains("goal"), "{svg}");
        assert!(!svg.contains("NaN"), "{svg}");
    }
}
