//! What tokens cost, from the benches of `keyward-auth`: divan prints a tree, of which the medians are read.

use keyward_servers::shell::{self, Outcome};

/// A bench: what is done, with which algorithm, and its median in microseconds.
#[derive(Debug, PartialEq)]
pub(crate) struct Cost {
    pub(crate) what: String,
    pub(crate) algorithm: String,
    pub(crate) micros: f64,
}

pub(crate) fn measure() -> Outcome<Vec<Cost>> {
    shell::heading("tokens");
    let printed = shell::capture(&mut shell::cargo(["bench", "-p", "keyward-auth", "--bench", "tokens"]))?;
    println!("{printed}");
    let costs = read(&printed);
    if costs.is_empty() {
        Err("The benches of tokens printed nothing that can be read.".to_owned())
    } else {
        Ok(costs)
    }
}

fn read(printed: &str) -> Vec<Cost> {
    let mut what = String::new();
    let mut costs = Vec::new();
    for line in printed.lines() {
        let line = line.trim_start_matches(['│', '├', '╰', '─', ' ']);
        let mut columns = line.split('│').map(str::trim);
        let name = columns.next().unwrap_or_default().split_whitespace().next().unwrap_or_default();
        match columns.nth(1).and_then(micros) {
            Some(micros) => costs.push(Cost { what: what.clone(), algorithm: name.to_owned(), micros }),
            None => name.clone_into(&mut what),
        }
    }
    costs
}

/// `41.2 µs` in microseconds.
fn micros(text: &str) -> Option<f64> {
    let (number, unit) = text.split_once(' ')?;
    let factor = match unit {
        "ns" => 0.001,
        "µs" => 1.0,
        "ms" => 1000.0,
        _ => return None,
    };
    Some(number.parse::<f64>().ok()? * factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_are_read_from_the_tree() {
        let printed = "\
Timer precision: 20 ns
tokens      fastest       │ slowest       │ median        │ mean          │ samples │ iters
├─ issue                  │               │               │               │         │
│  ├─ EdDSA 40.1 µs       │ 60.2 µs       │ 41.5 µs       │ 42 µs         │ 100     │ 100
│  ╰─ RS256 1.2 ms        │ 1.5 ms        │ 1.3 ms        │ 1.3 ms        │ 100     │ 100
╰─ recognise              │               │               │               │         │
   ╰─ EdDSA 310 ns        │ 900 ns        │ 320 ns        │ 330 ns        │ 100     │ 3200
";
        let cost = |what: &str, algorithm: &str, micros| Cost {
            what: what.to_owned(),
            algorithm: algorithm.to_owned(),
            micros,
        };
        let expected =
            [cost("issue", "EdDSA", 41.5), cost("issue", "RS256", 1300.0), cost("recognise", "EdDSA", 0.32)];
        assert_eq!(read(printed), expected);
    }
}
