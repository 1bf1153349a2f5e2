//! A server that is measured, and what it costs.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use keyward_servers::process::Process;
use keyward_servers::shell::Outcome;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::connection::Blocking;
use crate::request::Request;

/// How long a server may take to answer for the first time, and to stop.
const PATIENCE: Duration = Duration::from_mins(1);

/// A program under load, ended when dropped.
pub(crate) struct Server {
    process: Process,
    pub(crate) port: u16,
    /// From its start to its first good answer.
    pub(crate) cold_start: Duration,
}

impl Server {
    /// Waits until the program that was started at `begun` answers 200 to `GET path`.
    pub(crate) fn ready(process: Process, port: u16, path: &str, begun: Instant) -> Outcome<Self> {
        let request = Request::new(&format!("GET {path}"), "", &Value::Null);
        while begun.elapsed() < PATIENCE {
            let good =
                |mut connection: Blocking| connection.ask(&request).is_ok_and(|answer| answer.status == 200);
            if Blocking::open(port).is_ok_and(good) {
                return Ok(Self { process, port, cold_start: begun.elapsed() });
            }
            thread::sleep(Duration::from_millis(1));
        }
        Err("A server does not answer.".to_owned())
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Asks it to stop, and waits until it has.
    pub(crate) fn stop(mut self) -> Outcome {
        let id = Pid::from_raw(self.process.id().cast_signed()).ok_or("It has no id.")?;
        kill_process(id, Signal::TERM).map_err(|error| format!("A server cannot be stopped: {error}."))?;
        let begun = Instant::now();
        while !self.process.has_ended() {
            if begun.elapsed() > PATIENCE {
                return Err("A server does not stop.".to_owned());
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// The processor time that it has used, in seconds (proc(5): ticks of a hundredth).
    pub(crate) fn cpu(&self) -> f64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.process.id())).unwrap_or_default();
        let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        let ticks = fields.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<f64>().ok());
        ticks.sum::<f64>() / 100.0
    }

    /// The resident memory, in MiB.
    pub(crate) fn memory(&self) -> f64 {
        self.process.memory().unwrap_or(f64::NAN)
    }
}
