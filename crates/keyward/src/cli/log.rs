//! Log lines: for people on a terminal, JSON otherwise; always to standard error.

use std::io::{IsTerminal, stderr};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::output::Problem;
use super::traces::Traces;
use crate::cli::settings::ServerSettings;

/// Starts logging, and tracing, as the settings say.
pub(super) fn start(settings: &ServerSettings) -> Result<Traces, Problem> {
    let filter = EnvFilter::builder()
        .parse(&settings.log)
        .map_err(|error| format!("KEYWARD_LOG is no filter such as info or info,sqlx=debug: {error}"))?;
    let terminal = stderr().is_terminal();
    let json = match settings.log_format.as_str() {
        "json" => true,
        "text" => false,
        _ => !terminal,
    };
    let traces = Traces::open(&settings.watch)?;
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr);
    if json {
        // There is one span, that of the request: a list of it would say everything twice.
        subscriber.json().flatten_event(true).with_span_list(false).finish().with(traces.layer()).init();
    } else {
        subscriber.with_ansi(terminal).with_target(false).finish().with(traces.layer()).init();
    }
    Ok(traces)
}
