//! On what, when and with what a run measured.

use std::fs;
use std::process::Command;

use keyward_servers::shell;
use serde_json::{Value, json};

use crate::cores::Cores;
use crate::options::Options;

/// Describes machine, versions, commit and time of a run.
pub(crate) fn circumstances(options: &Options, cores: &Cores) -> Value {
    let first = |path: &str, name: &str| {
        let text = fs::read_to_string(path).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.trim().strip_prefix(':'));
        line.unwrap_or("unknown").trim().to_owned()
    };
    let said = |program: &str, args: &[&str]| {
        let text = shell::capture(Command::new(program).args(args).current_dir(shell::root()));
        text.unwrap_or_default().trim().to_owned()
    };
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load: Vec<&str> = load.split(' ').take(3).collect();
    let pinned = if cores.are_apart() {
        "server on core 0, load on core 1; logins and their reads on all cores"
    } else {
        "nothing"
    };
    json!({
        "machine": format!("{}, {} cores, {} memory", first("/proc/cpuinfo", "model name"), cores.count(), first("/proc/meminfo", "MemTotal")),
        "kernel": said("uname", &["-sr"]),
        "pinned": pinned,
        "load averages at the end": load.join(" "),
        "rust": said("rustc", &["--version"]),
        "build": options.profile(),
        "commit": said("git", &["rev-parse", "--short", "HEAD"]),
        "date": said("date", &["-u", "+%Y-%m-%d %H:%M UTC"]),
        "rounds": format!("{} of {:?} each", options.rounds(), options.time()),
        "rows": options.rows(),
    })
}
