//! Log lines: for people on a terminal, JSON otherwise; always to standard error.

use std::io::{IsTerminal, stderr};

use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, registry};

use super::output::Problem;
use super::traces::Traces;
use crate::cli::settings::ServerSettings;
use crate::cli::settings::logging::LogSettings;
use crate::log::layer::JsonLines;
use crate::log::sink::{Buffered, Direct, Sink, Writing};

/// Logging and tracing under way. Dropped, it writes what is left of the log.
pub(super) struct Logging {
    traces: Traces,
    _writing: Option<Writing>,
}

impl Logging {
    /// Sends the traces that are left. It waits for the collector.
    pub(super) fn close(self) {
        self.traces.close();
    }
}

/// Starts logging, and tracing, as the settings say.
pub(super) fn start(settings: &ServerSettings) -> Result<Logging, Problem> {
    let LogSettings { log_format, log_buffer, .. } = &settings.log;
    let terminal = stderr().is_terminal();
    let json = match log_format.as_str() {
        "json" => true,
        "text" => false,
        _ => !terminal,
    };
    let traces = Traces::open(&settings.watch)?;
    let (lines, writing) = if json {
        let (sink, writing) = sink(*log_buffer)?;
        (JsonLines(sink).boxed(), writing)
    } else {
        let text = tracing_subscriber::fmt::layer().with_writer(stderr).with_ansi(terminal);
        (text.with_target(false).boxed(), None)
    };
    registry().with(lines).with(settings.log.filter()).with(traces.layer()).init();
    Ok(Logging { traces, _writing: writing })
}

/// Where lines go, with the thread that writes them if there is one.
fn sink(buffer: usize) -> Result<(Box<dyn Sink>, Option<Writing>), Problem> {
    if buffer == 0 {
        return Ok((Box::new(Direct), None));
    }
    let (buffered, writing) = Buffered::start(buffer, stderr())
        .map_err(|error| format!("the thread that writes the log did not start: {error}"))?;
    Ok((Box::new(buffered), Some(writing)))
}
