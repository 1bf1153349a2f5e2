//! `keyward events ..`: what happened to accounts, sessions and keys.

use std::time::Duration;

use clap::{Args, Subcommand};
use keyward_domain::model::events::Event;
use time::format_description::well_known::Rfc3339;

use super::output::{Problem, say};
use super::printable::Printable;
use crate::cli::settings::database::DatabaseSettings;

#[derive(Subcommand)]
pub(super) enum EventsCommand {
    /// Print the newest events as JSON, one a line
    Tail(Tail),
}

#[derive(Args)]
pub(super) struct Tail {
    /// How many
    #[arg(long, default_value_t = 50, value_name = "N")]
    limit: u64,
    /// Go on printing what happens
    #[arg(long)]
    follow: bool,
    #[command(flatten)]
    database: DatabaseSettings,
}

pub(super) async fn run(command: EventsCommand) -> Result<(), Problem> {
    let EventsCommand::Tail(tail) = command;
    let database = tail.database.open().await?;
    let (mut after, mut limit) = (None, tail.limit);
    loop {
        let events = database.repositories().events().newest(after, limit).await;
        for (number, event) in events.map_err(|error| format!("the events cannot be read: {error}"))? {
            say(Printable(line(number, &event)))?;
            after = Some(number);
        }
        if !tail.follow {
            return Ok(database.close().await?);
        }
        limit = u64::MAX;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

fn line(number: i64, event: &Event) -> String {
    let origin = &event.origin;
    serde_json::json!({
        "id": number,
        "at": event.at.format(&Rfc3339).unwrap_or_default(),
        "event": event.kind.as_str(),
        "actor": event.by.who.to_string(),
        "via": event.by.via.as_ref().map(ToString::to_string),
        "user": event.user.map(|user| user.0),
        "session": event.session.map(|session| session.to_string()),
        "ip": origin.device.ip.map(|ip| ip.to_string()),
        "user_agent": origin.device.user_agent,
        "request_id": origin.request_id,
        "detail": event.detail,
    })
    .to_string()
}
