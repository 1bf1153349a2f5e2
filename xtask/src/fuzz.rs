//! `cargo xtask fuzz`: builds and runs the targets of `fuzz/`, one after another.
//!
//! Only what they check is in the workspace, in `fuzz/properties`; the programs themselves want a nightly compiler.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use keyward_servers::shell::{self, Outcome};

pub(crate) const HELP: &str = "
Usage: cargo xtask fuzz [--seconds N] [--only TARGET] [--strict]

Builds every fuzz target and feeds it its seeds and what becomes of them, then says how many inputs that were and
what they found. What a run learns is kept in target/fuzz/corpus, for the next one to go on from. Wants a nightly
toolchain, cargo-fuzz and a C++ compiler; where one is missing it says so and does nothing.

  --seconds N     how long for each target (60)
  --only TARGET   just this one
  --strict        fail where something is missing, even without a target by name";

/// Seconds for each target, where `cargo xtask ci` runs them.
const BRIEF: u32 = 5;

/// The longest input. Tokens may have 8 KiB.
const LONGEST: usize = 10_000;

struct Options {
    seconds: u32,
    only: Option<String>,
    strict: bool,
    /// Built in a third of the time, and slower.
    unoptimised: bool,
}

pub(crate) fn run(args: &[String]) -> Outcome {
    start(&parse(args)?)
}

/// A short run, where it can be had: whether the programs still build, and hold what the seeds lead to.
pub(crate) fn brief() -> Outcome {
    start(&Options { seconds: BRIEF, only: None, strict: false, unoptimised: true })
}

fn start(options: &Options) -> Outcome {
    let strict = options.strict || options.only.is_some();
    match look() {
        Ok(host) => fuzz(options, &host),
        Err(missing) if strict => Err(format!("The fuzz targets cannot run: {missing}")),
        Err(missing) => {
            shell::note(&format!("Skipped: {missing}"));
            Ok(())
        }
    }
}

fn parse(args: &[String]) -> Outcome<Options> {
    let mut options = Options { seconds: 60, only: None, strict: false, unoptimised: false };
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match (arg.as_str(), args.as_slice().first()) {
            ("--strict", _) => options.strict = true,
            ("--seconds", Some(number)) => {
                let number = number.parse().ok().filter(|number| *number > 0);
                options.seconds = number.ok_or("--seconds takes a number from 1 on.")?;
                args.next();
            }
            ("--only", Some(name)) => {
                let known = targets()?;
                if !known.contains(name) {
                    return Err(format!("--only takes one of {}, not `{name}`.", known.join(", ")));
                }
                options.only = Some(name.clone());
                args.next();
            }
            _ => return Err(format!("`{arg}` makes no sense here; see `cargo xtask fuzz --help`.")),
        }
    }
    Ok(options)
}

/// The names of the targets: those of their files.
fn targets() -> Outcome<Vec<String>> {
    let folder = shell::root().join("fuzz/targets");
    let unreadable = |error| format!("{} could not be read: {error}.", folder.display());
    let files = folder.read_dir().map_err(unreadable)?.flatten();
    let mut names: Vec<String> =
        files.filter_map(|file| Some(file.path().file_stem()?.to_str()?.to_owned())).collect();
    names.sort();
    Ok(names)
}

/// What the nightly compiler builds for, or a sentence on what is missing.
fn look() -> Result<String, String> {
    if !cfg!(unix) {
        return Err("libFuzzer is for Linux and macOS.".to_owned());
    }
    let said = nightly("rustc").arg("-vV").stdin(Stdio::null()).output().ok();
    let Some(said) = said.filter(|said| said.status.success()) else {
        return Err("there is no nightly toolchain; `rustup toolchain install nightly` gets one.".to_owned());
    };
    if !shell::works(nightly("cargo").args(["fuzz", "--version"])) {
        return Err("cargo-fuzz is not installed; `cargo install cargo-fuzz --locked` gets it.".to_owned());
    }
    if !shell::works(Command::new("c++").arg("--version")) {
        return Err("libFuzzer needs a C++ compiler, such as g++.".to_owned());
    }
    let said = String::from_utf8_lossy(&said.stdout);
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| "the nightly compiler does not say what it builds for.".to_owned())
}

/// A program of the nightly toolchain, independent of the one that runs xtask.
fn nightly(program: &str) -> Command {
    let mut command = Command::new("rustup");
    command.args(["run", "nightly", program]).current_dir(shell::root()).env_remove("CARGO");
    shell::forget_us(&mut command);
    command
}

fn fuzz(options: &Options, host: &str) -> Outcome {
    // Neither cargo-fuzz nor its own build has a --locked.
    let mut locked = shell::cargo(["metadata", "--locked", "--format-version", "1"]);
    locked.args(["--manifest-path", "fuzz/Cargo.toml"]).stderr(Stdio::null());
    if !shell::works(&mut locked) {
        return Err("fuzz/Cargo.lock does not fit the manifests: `cargo update -w --manifest-path fuzz/Cargo.toml` mends it."
            .to_owned());
    }
    let folder = shell::root().join("target/fuzz");
    // No sanitizer: none of our code is unsafe, and without one there are twice as many inputs a second.
    let mut build = nightly("cargo");
    build.args(["fuzz", "build", "--fuzz-dir", "fuzz", "--sanitizer", "none", "--target-dir"]).arg(&folder);
    if options.unoptimised {
        build.arg("--dev");
    }
    shell::run(build.args(&options.only))?;
    let programs = folder.join(host).join(if options.unoptimised { "debug" } else { "release" });

    let mut reports = Vec::new();
    for name in options.only.clone().map_or_else(targets, |name| Ok(vec![name]))? {
        println!("{name}: {} s ...", options.seconds);
        reports.push(feed(&programs.join(&name), &name, options.seconds, &folder)?);
    }
    println!("\n{HEAD}");
    for report in &reports {
        println!("{}", report.line());
    }
    let broken: Vec<&Report> = reports.iter().filter(|report| report.failed).collect();
    for report in &broken {
        println!("\n{}", report.last_words);
    }
    match broken.first() {
        None => Ok(()),
        Some(first) => Err(format!(
            "{} of the targets broke a promise, `{}` first; the input is in {}.",
            broken.len(),
            first.name,
            folder.join("artifacts").join(&first.name).display()
        )),
    }
}

/// Runs one target; what it says goes into a file.
fn feed(program: &Path, name: &str, seconds: u32, folder: &Path) -> Outcome<Report> {
    let make = |kind: &str| -> Outcome<PathBuf> {
        let path = folder.join(kind).join(name);
        fs::create_dir_all(&path)
            .map(|()| path.clone())
            .map_err(|error| format!("{} could not be made: {error}.", path.display()))
    };
    let (corpus, artifacts, log) = (make("corpus")?, make("artifacts")?, make("logs")?.join("last.log"));
    let file =
        File::create(&log).map_err(|error| format!("{} could not be made: {error}.", log.display()))?;
    let mut command = Command::new(program);
    command
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-max_len={LONGEST}"))
        .args(["-timeout=30", "-rss_limit_mb=1024", "-print_final_stats=1"])
        .arg(format!("-artifact_prefix={}/", artifacts.display()));
    let words = shell::root().join("fuzz/dictionaries").join(format!("{name}.dict"));
    if words.exists() {
        command.arg(format!("-dict={}", words.display()));
    }
    command.arg(corpus).arg(shell::root().join("fuzz/seeds").join(name));
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(file).status();
    let status = status.map_err(|error| format!("{} could not be started: {error}.", program.display()))?;
    let said = fs::read(&log).map_err(|error| format!("{} could not be read: {error}.", log.display()))?;
    Ok(Report::of(name, !status.success(), &String::from_utf8_lossy(&said)))
}

const HEAD: &str = "target              runs    runs/s  new inputs    edges  features    MiB  outcome";

/// What one run came to.
#[derive(Debug, PartialEq)]
struct Report {
    name: String,
    runs: u64,
    speed: u64,
    found: u64,
    edges: u64,
    features: u64,
    memory: u64,
    failed: bool,
    /// The end of what it said.
    last_words: String,
}

impl Report {
    fn of(name: &str, failed: bool, said: &str) -> Self {
        let lines: Vec<&str> = said.lines().collect();
        let stat = |key: &str| {
            let value = lines.iter().rev().find_map(|line| line.strip_prefix(&format!("stat::{key}:")));
            value.and_then(|value| value.trim().parse().ok()).unwrap_or(0)
        };
        // Each line of progress reads `#123 NEW cov: 45 ft: 67 corp: 8/9b ..`.
        let progress = lines.iter().rev().find(|line| line.starts_with('#') && line.contains(" cov: "));
        let after = |key: &str| {
            let mut words = progress.map_or("", |line| *line).split_whitespace();
            words.find(|word| *word == key).and_then(|_| words.next()?.parse().ok()).unwrap_or(0)
        };
        let end = lines
            .iter()
            .rposition(|line| line.contains("panicked at"))
            .unwrap_or(lines.len().saturating_sub(12));
        Self {
            name: name.to_owned(),
            runs: stat("number_of_executed_units"),
            speed: stat("average_exec_per_sec"),
            found: stat("new_units_added"),
            edges: after("cov:"),
            features: after("ft:"),
            memory: stat("peak_rss_mb"),
            failed,
            last_words: lines[end..].iter().take(12).copied().collect::<Vec<_>>().join("\n"),
        }
    }

    fn line(&self) -> String {
        let Self { name, runs, speed, found, edges, features, memory, .. } = self;
        let outcome = if self.failed { shell::paint("31", "BROKEN") } else { shell::paint("32", "held") };
        format!("{name:14} {runs:>9} {speed:>9} {found:>11} {edges:>8} {features:>9} {memory:>6}  {outcome}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_reads_what_libfuzzer_says() {
        let said = "INFO: seed corpus: files: 3\n\
            #4\tINITED cov: 10 ft: 11 corp: 3/9b exec/s: 0 rss: 30Mb\n\
            #512\tNEW    cov: 410 ft: 977 corp: 40/1Kb lim: 4 exec/s: 512 rss: 44Mb L: 1/9 MS: 1 ChangeBit-\n\
            stat::number_of_executed_units: 70001\n\
            stat::average_exec_per_sec:     1166\n\
            stat::new_units_added:          38\n\
            stat::slowest_unit_time_sec:    0\n\
            stat::peak_rss_mb:              51\n";
        let report = Report::of("jwks", false, said);
        assert_eq!((report.runs, report.speed, report.found, report.memory), (70_001, 1_166, 38, 51));
        assert_eq!((report.edges, report.features), (410, 977));
        assert!(report.line().ends_with("held"), "{}", report.line());
    }

    #[test]
    fn a_broken_promise_is_shown_from_its_panic_on() {
        let said = "#9\tNEW cov: 1 ft: 1\n\nthread '<unnamed>' panicked at src/json.rs:7:\nit repeats\n==1== ERROR: libFuzzer\n";
        let report = Report::of("jwks", true, said);
        assert!(report.last_words.starts_with("thread '<unnamed>' panicked"), "{}", report.last_words);
        assert!(report.line().ends_with("BROKEN"));
    }

    #[test]
    fn an_unknown_target_or_option_is_refused_by_name() {
        let parse = |line: &str| parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
        let options = parse("--seconds 900 --only jwks").expect("a fine command line");
        assert_eq!((options.seconds, options.only.as_deref(), options.strict), (900, Some("jwks"), false));
        for line in ["--only jwk", "--only", "--seconds 0", "--seconds", "jwks", "--secs 1"] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
