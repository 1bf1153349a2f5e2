//! The keeper: a small process that starts a private PostgreSQL server, waits, and leaves nothing behind.
//!
//! It is this program again, started with a command of its own. It waits for the end of its standard input,
//! which comes when its parent closes the pipe **or ends in any way**: Ctrl-C and `kill -9` end a process
//! without running its `Drop`s, yet close its pipes. So a server is never orphaned, and no signal handler is
//! needed.

use std::io::Write;
use std::path::Path;

use super::cluster::Cluster;
use crate::shell::Outcome;

/// The command that makes a program a keeper.
pub(super) const COMMAND: &str = "keep-postgres";

/// Makes the server durable, at the port that follows; the first two arguments.
pub(super) const DURABLE: &str = "--durable";

/// Keeps a server if this program was started as a keeper. Programs that start private servers call it first.
pub fn run_if_asked() -> Option<Outcome> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (command, rest) = args.split_first()?;
    (command == COMMAND).then(|| run(rest))
}

/// Keeps a server until standard input ends. Each argument is a folder with PostgreSQL's programs; the first
/// that starts serves.
fn run(args: &[String]) -> Outcome {
    let (port, folders) = match args {
        [flag, port, folders @ ..] if flag == DURABLE => (port.parse().ok(), folders),
        folders => (None, folders),
    };
    let mut last = "No PostgreSQL to start was named.".to_owned();
    for folder in folders {
        match Cluster::start(Path::new(folder), port) {
            Ok(mut cluster) => {
                // If the parent has ended, so has standard input, and the server stops at once.
                say(&cluster.url());
                for order in std::io::stdin().lines().map_while(Result::ok) {
                    let done = carry_out(&mut cluster, &order);
                    say(&done.map_or_else(|sentence| sentence, |()| "done".to_owned()));
                }
                return Ok(());
            }
            Err(sentence) => last = sentence,
        }
    }
    Err(last)
}

/// Carries out one line of standard input: `restart fast`, `restart immediate`, `pause` or `resume`.
fn carry_out(cluster: &mut Cluster, order: &str) -> Outcome {
    match (order, order.strip_prefix("restart ")) {
        ("pause", _) => cluster.pause(),
        ("resume", _) => cluster.resume(),
        (_, Some(mode)) => cluster.restart(mode),
        _ => Err(format!("The keeper knows no order {order:?}.")),
    }
}

fn say(line: &str) {
    let mut out = std::io::stdout();
    writeln!(out, "{line}").and_then(|()| out.flush()).ok();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_without_postgresql_fails_with_a_sentence() {
        let failure = run(&["/nowhere".to_owned()]).expect_err("nothing to start there");
        assert!(failure.starts_with("initdb could not be started"), "{failure}");
    }
}
