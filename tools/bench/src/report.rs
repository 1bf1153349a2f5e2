//! What is written of a run: JSON for machines, tables and pictures for people.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use keyward_servers::shell::{self, Outcome};
use serde_json::{Value, json};

use crate::circumstances::circumstances;
use crate::cores::Cores;
use crate::options::Options;
use crate::plot::{Bar, bars};
use crate::stats::{Series, Table, short};
use crate::targets::{Target, targets};
use crate::tokens::Cost;

const PAGE: &str = "docs/PERFORMANCE.md";
const BEGIN: &str = "<!-- bench: begin -->";
const END: &str = "<!-- bench: end -->";

pub(crate) fn write(table: &Table, tokens: &[Cost], options: &Options, cores: &Cores) -> Outcome {
    let folder = shell::root().join("docs/benchmarks");
    fs::create_dir_all(&folder).map_err(|error| format!("{} cannot be made: {error}.", folder.display()))?;
    let (circumstances, targets) = (circumstances(options, cores), targets(table));
    let save = |name: &str, text: String| {
        fs::write(folder.join(name), text).map_err(|error| format!("{name} cannot be written: {error}."))
    };
    let series: Vec<Value> = table.0.iter().map(Series::json).collect();
    let judged = targets.iter().map(|target| {
        let measured = target.measured.as_ref().map(Series::json);
        json!({ "what": target.what, "goal": target.goal, "at_least": target.at_least, "met": target.is_met(), "measured": measured })
    });
    let costs = tokens
        .iter()
        .map(|cost| json!({ "what": cost.what, "algorithm": cost.algorithm, "micros": cost.micros }));
    let whole = json!({
        "circumstances": circumstances,
        "targets": judged.collect::<Vec<_>>(),
        "series": series,
        "tokens": costs.collect::<Vec<_>>(),
    });
    save("service.json", format!("{whole:#}\n"))?;
    for (name, picture) in pictures(table, tokens) {
        save(name, picture)?;
    }
    insert(&shell::root().join(PAGE), &tables(&circumstances, &targets, table, tokens))?;
    println!("\nWrote docs/benchmarks and the tables in {PAGE}.");
    Ok(())
}

fn pictures(table: &Table, tokens: &[Cost]) -> Vec<(&'static str, String)> {
    let ratio = |name: &str| Some(Bar::of(&table.ratio(name, "bare axum")?, name));
    let reads: Vec<Bar> = [
        "bare axum",
        "GET /users/me, no log lines",
        "GET /users/me, SQLite",
        "GET /users/me, PostgreSQL",
        "GET /posts?limit=20, SQLite",
        "GET /posts?limit=20, PostgreSQL",
    ]
    .into_iter()
    .filter_map(ratio)
    .collect();
    let of = |name: &&str| Some(Bar::of(table.get(name)?, name));
    let storm: Vec<Bar> =
        ["GET /users/me p99, alone", "GET /users/me p99, 64 log in"].iter().filter_map(of).collect();
    let rows: Vec<Bar> = table
        .0
        .iter()
        .filter(|series| series.name.contains("among"))
        .map(|series| Bar::of(series, series.name))
        .collect();
    let costs: Vec<Bar> = tokens
        .iter()
        .filter(|cost| cost.algorithm != "RS256" || cost.what != "issue")
        .map(|cost| Bar {
            label: format!("{} {}", cost.what, cost.algorithm),
            value: cost.micros,
            range: (cost.micros, cost.micros),
            note: format!("{} µs", short(cost.micros)),
        })
        .collect();
    vec![
        (
            "reads.svg",
            bars("Reads per CPU second, against bare axum", &reads, Some((0.7, "aim for /users/me"))),
        ),
        ("storm.svg", bars("One read in a hundred takes longer (300 reads a second)", &storm, None)),
        ("rows.svg", bars("Reads per CPU second among more and more rows", &rows, None)),
        ("tokens.svg", bars("A token on one core (issuing with RS256 left out)", &costs, None)),
    ]
}

fn tables(circumstances: &Value, targets: &[Target], table: &Table, tokens: &[Cost]) -> String {
    let mut text = String::new();
    // Writing to a `String` does not fail.
    if let Some(members) = circumstances.as_object() {
        for (name, value) in members {
            let _ = writeln!(text, "- {name}: {}", value.as_str().map_or(value.to_string(), str::to_owned));
        }
    }
    text += "\n| aim | goal | median | range | |\n|---|---|---|---|---|\n";
    for target in targets {
        let sign = if target.at_least { "at least" } else { "at most" };
        let verdict = match target.is_met() {
            Some(true) => "met",
            Some(false) => "**missed**",
            None => "not measured",
        };
        let (median, range) = target.measured.as_ref().map_or(("-".to_owned(), "-".to_owned()), words);
        let _ =
            writeln!(text, "| {} | {sign} {} | {median} | {range} | {verdict} |", target.what, target.goal);
    }
    text += "\n| measured | unit | median | range |\n|---|---|---|---|\n";
    for series in &table.0 {
        let (median, range) = words(series);
        let _ = writeln!(text, "| {} | {} | {median} | {range} |", series.name, series.unit);
    }
    text += "\n| tokens, one core | algorithm | median, µs |\n|---|---|---|\n";
    for cost in tokens {
        let _ = writeln!(text, "| {} | {} | {} |", cost.what, cost.algorithm, short(cost.micros));
    }
    text
}

fn words(series: &Series) -> (String, String) {
    (short(series.median()), format!("{} to {}", short(series.lowest()), short(series.highest())))
}

/// Replaces what stands between the marks.
fn insert(page: &Path, text: &str) -> Outcome {
    let unusable = |what: &str| format!("{PAGE}: {what}.");
    let old = fs::read_to_string(page).map_err(|error| unusable(&error.to_string()))?;
    let (head, rest) = old.split_once(BEGIN).ok_or_else(|| unusable("there is no mark to begin at"))?;
    let (_, tail) = rest.split_once(END).ok_or_else(|| unusable("there is no mark to end at"))?;
    let new = format!("{head}{BEGIN}\n\n{text}\n{END}{tail}");
    fs::write(page, new).map_err(|error| unusable(&error.to_string()))
}
