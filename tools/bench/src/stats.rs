//! Numbers of several rounds: their middle, and how far they lie apart.

use serde_json::{Value, json};

/// One number a round.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    pub(crate) name: &'static str,
    /// What is counted, as in `reads a second`.
    pub(crate) unit: &'static str,
    pub(crate) rounds: Vec<f64>,
}

impl Series {
    pub(crate) fn median(&self) -> f64 {
        let mut sorted = self.rounds.clone();
        sorted.sort_by(f64::total_cmp);
        let middle = sorted.len() / 2;
        match sorted.len() {
            0 => f64::NAN,
            length if length % 2 == 1 => sorted[middle],
            _ => f64::midpoint(sorted[middle - 1], sorted[middle]),
        }
    }

    pub(crate) fn lowest(&self) -> f64 {
        self.rounds.iter().copied().fold(f64::NAN, f64::min)
    }

    pub(crate) fn highest(&self) -> f64 {
        self.rounds.iter().copied().fold(f64::NAN, f64::max)
    }

    pub(crate) fn json(&self) -> Value {
        json!({
            "name": self.name,
            "unit": self.unit,
            "median": self.median(),
            "lowest": self.lowest(),
            "highest": self.highest(),
            "rounds": self.rounds,
        })
    }
}

/// Every series of a run, in the order in which it was first met.
#[derive(Default)]
pub(crate) struct Table(pub(crate) Vec<Series>);

impl Table {
    /// Notes the number of a round.
    pub(crate) fn note(&mut self, name: &'static str, unit: &'static str, value: f64) {
        println!("  {name:<42} {:>12} {unit}", short(value));
        match self.0.iter_mut().find(|series| series.name == name) {
            Some(series) => series.rounds.push(value),
            None => self.0.push(Series { name, unit, rounds: vec![value] }),
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Series> {
        self.0.iter().find(|series| series.name == name)
    }

    /// One series by another, round by round: what a noisy machine does to both of a round cancels out.
    pub(crate) fn ratio(&self, name: &str, by: &str) -> Option<Series> {
        let (above, below) = (self.get(name)?, self.get(by)?);
        let rounds = above.rounds.iter().zip(&below.rounds).map(|(above, below)| above / below).collect();
        Some(Series { name: above.name, unit: "", rounds })
    }
}

/// A number with as many digits as it deserves.
pub(crate) fn short(value: f64) -> String {
    match value.abs() {
        size if size.is_nan() => "-".to_owned(),
        size if size >= 1000.0 => {
            let text = format!("{value:.0}");
            let cut = text.len() - 3;
            if cut > 3 {
                format!("{},{},{}", &text[..cut - 3], &text[cut - 3..cut], &text[cut..])
            } else {
                format!("{},{}", &text[..cut], &text[cut..])
            }
        }
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_of_the_sorted_rounds() {
        let of = |rounds: &[f64]| Series { name: "x", unit: "", rounds: rounds.to_vec() }.median();
        assert!((of(&[3.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
        assert!((of(&[4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < 1e-9);
        assert!(of(&[]).is_nan());
    }

    #[test]
    fn a_ratio_is_taken_round_by_round() {
        let mut table = Table::default();
        for (ours, limit) in [(10.0, 100.0), (40.0, 50.0)] {
            table.note("ours", "", ours);
            table.note("limit", "", limit);
        }
        assert_eq!(table.ratio("ours", "limit").map(|series| series.rounds), Some(vec![0.1, 0.8]));
    }

    #[test]
    fn numbers_are_short() {
        let shown = [0.123_4, 1.5, 12.34, 123.4, 12_345.6, 1_234_567.0].map(short);
        assert_eq!(shown, ["0.12", "1.50", "12.3", "123", "12,346", "1,234,567"]);
    }
}
