//! `keyward outbox ..`: mails on their way. Lists never show what they say.

use clap::{Args, Subcommand};
use keyward_api::settings::tokens::TokenSettings;
use keyward_api::wiring::master_secret;
use keyward_domain::mail::delivery::OutboxError;
use keyward_domain::model::outbox::{MailEntry, MailState};
use keyward_domain::values::clock::Clock;
use keyward_domain::values::ids::MailId;
use keyward_infra::clock::SystemClock;
use keyward_infra::mail::folder::file_name;
use time::format_description::well_known::Rfc3339;

use super::output::{Problem, can_say, say};
use super::printable::Printable;
use crate::cli::settings::database::DatabaseSettings;

#[derive(Subcommand)]
pub(super) enum OutboxCommand {
    /// Print the newest mails as JSON, one a line
    List(List),
    /// Print one mail with what it says: a link or a code in it is as good as a password
    Show(Show),
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
pub(super) struct Show {
    /// The mail's number
    id: i64,
    #[command(flatten)]
    database: DatabaseSettings,
    #[command(flatten)]
    tokens: TokenSettings,
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
        OutboxCommand::Show(show) => show.run().await,
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

impl Show {
    async fn run(self) -> Result<(), Problem> {
        let database = self.database.open().await?;
        let found = database.repositories().outbox().find(MailId(self.id)).await;
        let found = found.map_err(|error| format!("the outbox cannot be read: {error}"))?;
        let (entry, mail) = found.ok_or_else(|| format!("there is no mail with the number {}", self.id))?;
        database.close().await?;
        let data_dir = &self.database.storage.data_dir;
        let text = if entry.state == MailState::Sent {
            // Only a mail that became a file still says anything.
            let file = data_dir.join("mail").join(file_name(mail.reference, mail.created_at));
            std::fs::read(&file)
                .map(|mail| String::from_utf8_lossy(&mail).into_owned())
                .map_err(|_| format!("the mail {} was sent, and what it said is deleted", self.id))?
        } else {
            let master = master_secret::find(&self.tokens, data_dir)?;
            let master =
                master.ok_or("there is no master secret here, and what the mail says is encrypted")?;
            let message = mail.open(&master).ok_or("the mail was sealed with another master secret")?;
            let (to, subject) = (&message.recipient, &message.letter.subject);
            format!("To: {to}\nSubject: {subject}\n\n{}", message.letter.text)
        };
        text.lines().try_for_each(|line| say(Printable(line)))
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
