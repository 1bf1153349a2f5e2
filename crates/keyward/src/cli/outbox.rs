//! `keyward outbox ..`: mails on their way. What they say is never shown.

use clap::{Args, Subcommand};
use keyward_domain::mail::delivery::OutboxError;
use keyward_domain::model::outbox::{MailEntry, MailState};
use keyward_domain::values::clock::Clock;
use keyward_domain::values::ids::MailId;
use keyward_infra::clock::SystemClock;
use time::format_description::well_known::Rfc3339;

use super::output::{Problem, can_say, say};
use super::printable::Printable;
use crate::cli::settings::database::DatabaseSettings;

#[derive(Subcommand)]
pub(super) enum OutboxCommand {
    /// Print the newest mails as JSON, one a line
    List(List),
    /// Try a mail again at once, or every dead one
    Retry(Retry),
}

#[derive(Args)]
pub(super) struct List {
    /// Only those that are `waiting`, `sent` or `dead`
    #[arg(long, value_name = "STATE", value_parser = ["waiting", "sent", "dead"])]
    state: Option<String>,
    /// How many
    #[arg(long, default_value_t = 50, value_name = "N")]
    limit: u32,
    #[command(flatten)]
    database: DatabaseSettings,
}

#[derive(Args)]
pub(super) struct Retry {
    /// The mail's number
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    id: Option<i64>,
    /// Every dead mail
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    database: DatabaseSettings,
}

pub(super) async fn run(command: OutboxCommand) -> Result<(), Problem> {
    match command {
        OutboxCommand::List(List { state, limit, database }) => {
            let database = database.open().await?;
            let state = state.as_deref().and_then(MailState::from_name);
            let mails = database.repositories().outbox().list(state, limit.into()).await;
            for mail in mails.map_err(|error| format!("the outbox cannot be read: {error}"))? {
                // JSON escapes some control characters, but not DEL and those beyond ASCII.
                say(Printable(line(&mail)))?;
            }
            Ok(database.close().await?)
        }
        OutboxCommand::Retry(Retry { id, all: _, database }) => {
            can_say()?;
            let database = database.open().await?;
            let id = id.map(MailId);
            let due = database.repositories().outbox().retry(id, SystemClock.now()).await;
            let due = due.map_err(|error| format!("the outbox cannot be changed: {error}"))?;
            if let Some(id) = id.filter(|_| due == 0) {
                return Err(OutboxError::NotFound(id).to_string());
            }
            say(format_args!("{due}\tdue now"))?;
            Ok(database.close().await?)
        }
    }
}

fn line(mail: &MailEntry) -> String {
    serde_json::json!({
        "id": mail.id.0,
        "to": mail.recipient.as_str(),
        "subject": mail.subject,
        "state": mail.state.as_str(),
        "attempts": mail.attempts,
        "created_at": mail.created_at.format(&Rfc3339).unwrap_or_default(),
        "at": mail.at.format(&Rfc3339).unwrap_or_default(),
        "last_error": mail.last_error,
    })
    .to_string()
}
