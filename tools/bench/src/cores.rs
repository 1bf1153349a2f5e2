//! Processor cores: how many there are, and which ones a process runs on.

use keyward_servers::shell::Outcome;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// The cores of this machine that a run may use.
pub(crate) struct Cores {
    all: CpuSet,
    /// One for the server and one for the load, where there are two.
    pair: Option<(CpuSet, CpuSet)>,
}

/// Where a process runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Place {
    /// On the core of the server.
    One,
    All,
}

impl Cores {
    pub(crate) fn of_this_process() -> Outcome<Self> {
        let all = sched_getaffinity(None).map_err(|error| format!("The cores are not known: {error}."))?;
        let mut numbers = (0..CpuSet::MAX_CPU).filter(|number| all.is_set(*number)).map(|number| {
            let mut one = CpuSet::new();
            one.set(number);
            one
        });
        let pair = numbers.next().zip(numbers.next());
        Ok(Self { all, pair })
    }

    pub(crate) fn count(&self) -> usize {
        self.all.count().try_into().unwrap_or(1)
    }

    /// Whether server and load have a core each.
    pub(crate) fn are_apart(&self) -> bool {
        self.pair.is_some()
    }

    /// Puts this thread on the core of the load, with every thread and process that it starts from now on.
    pub(crate) fn keep_load_apart(&self) -> Outcome {
        self.pair.as_ref().map_or(Ok(()), |(_, load)| put(load))
    }

    /// Runs `start` with this thread at that place: a process that it starts stays there.
    pub(crate) fn start<T>(&self, place: Place, start: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
        let Some((server, load)) = &self.pair else { return start() };
        put(if place == Place::One { server } else { &self.all })?;
        let started = start();
        put(load)?;
        started
    }
}

fn put(cores: &CpuSet) -> Outcome {
    sched_setaffinity(None, cores).map_err(|error| format!("Cores cannot be chosen: {error}."))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// The cores that a new process is allowed, as in `0-1` (proc(5)).
    fn allowed() -> Outcome<String> {
        let mut command = Command::new("grep");
        keyward_servers::shell::capture(command.args(["Cpus_allowed_list", "/proc/self/status"]))
    }

    #[test]
    fn a_process_stays_where_it_was_started() {
        let cores = Cores::of_this_process().expect("they are known");
        let before = allowed().expect("a list");
        assert_eq!(cores.start(Place::All, allowed), Ok(before.clone()));
        let one = cores.start(Place::One, allowed).expect("a list");
        cores.keep_load_apart().expect("a core");
        let load = allowed().expect("a list");
        assert_eq!(one != before, cores.are_apart());
        assert_eq!(load != one, cores.are_apart());
    }
}
