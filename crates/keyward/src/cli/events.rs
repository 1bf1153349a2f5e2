//! `keyward events ..`: what happened to accounts, sessions and keys.

use std::time::Duration;

use clap::{Args, Subcommand};
use keyward_domain::model::events::Event;
use keyward_domain::model::store_error::StoreError;
use keyward_domain::upkeep::event_tail::EventTail;
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
    let unreadable = |error: StoreError| format!("the events cannot be read: {error}");
    let (mut follower, mut events) =
        EventTail::begin(database.store(), tail.limit).await.map_err(unreadable)?;
    loop {
        for (number, event) in events {
            say(Printable(line(number, &event)))?;
        }
        if !tail.follow {
            return Ok(database.close().await?);
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        events = follower.next().await.map_err(unreadable)?;
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
