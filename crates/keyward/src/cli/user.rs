//! `keyward user ..`: accounts, from the machine that holds the database.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use keyward_api::settings::passwords::PasswordSettings;
use keyward_api::wiring::ports::ports;
use keyward_auth::Zeroizing;
use keyward_domain::factors::removal::TakeFactorsAway;
use keyward_domain::identity::api_keys::ApiKeys;
use keyward_domain::identity::registration::{Register, Registration};
use keyward_domain::identity::users::Users;
use keyward_domain::model::users::{Name, User, UserChange};
use keyward_domain::values::by::By;
use keyward_domain::values::email::Email;
use keyward_domain::values::names::{LoginName, Names, Username};
use keyward_domain::values::new_password::NewPassword;
use keyward_domain::values::origin::Origin;
use keyward_domain::values::page::{MAX_LIMIT, Page};
use keyward_domain::values::scopes::Role;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::examples;
use super::import::Import;
use super::output::{Problem, can_say, first_line, say};
use super::password;
use super::printable::Printable;
use crate::cli::settings::database::DatabaseSettings;

#[derive(Subcommand)]
pub(super) enum UserCommand {
    /// Make an account
    Create(Create),
    /// List accounts
    List(DatabaseSettings),
    /// Bring the accounts of another system along, with the hashes of their passwords
    Import(Import),
    /// Lock an account out and end its sessions
    Disable(Account),
    /// Let a locked account in again
    Enable(Account),
    /// Take all second factors of an account away, whose owner has lost them. No mail reports it
    RemoveFactors(Account),
    /// List the API keys of an account: id, name, scope, when it expires and when it was last used
    Keys(Account),
    /// Take every API key of an account away. No mail reports it
    RemoveKeys(Account),
}

#[derive(Args)]
#[command(after_help = examples::USER_CREATE)]
pub(super) struct Create {
    #[command(flatten)]
    names: NewNames,
    /// What others shall see
    #[arg(long)]
    name: Option<String>,
    /// `user` or `admin`
    #[arg(long, default_value = "user", value_parser = ["user", "admin"])]
    role: String,
    /// Read the password from standard input: its first line [default: asked for on the terminal]
    #[arg(long)]
    password_stdin: bool,
    #[command(flatten)]
    database: DatabaseSettings,
    #[command(flatten)]
    passwords: PasswordSettings,
}

/// What a new account logs in with.
#[derive(Args)]
#[group(required = true, multiple = true)]
struct NewNames {
    /// The e-mail address to log in with
    #[arg(long)]
    email: Option<String>,
    /// The user name to log in with
    #[arg(long)]
    username: Option<String>,
}

/// One of the names of an account.
#[derive(Args)]
#[group(required = true, multiple = false)]
struct KnownName {
    /// The e-mail address of the account
    #[arg(long)]
    email: Option<String>,
    /// The user name of the account
    #[arg(long)]
    username: Option<String>,
}

#[derive(Args)]
pub(super) struct Account {
    #[command(flatten)]
    name: KnownName,
    #[command(flatten)]
    database: DatabaseSettings,
    #[command(flatten)]
    passwords: PasswordSettings,
}

pub(super) async fn run(command: UserCommand) -> Result<ExitCode, Problem> {
    match command {
        UserCommand::Import(import) => return import.run().await,
        UserCommand::Create(create) => create.run().await,
        UserCommand::List(database) => list(&database).await,
        UserCommand::Disable(account) => account.set_disabled(true).await,
        UserCommand::Enable(account) => account.set_disabled(false).await,
        UserCommand::RemoveFactors(account) => account.remove_factors().await,
        UserCommand::Keys(account) => account.list_keys().await,
        UserCommand::RemoveKeys(account) => account.remove_keys().await,
    }?;
    Ok(ExitCode::SUCCESS)
}

impl Create {
    async fn run(self) -> Result<(), Problem> {
        let names = self.names.parse()?;
        let name = self.name.as_deref().map(Name::parse).transpose();
        let name = name.map_err(|error| format!("--name {error}"))?;
        let password = NewPassword::parse(&self.password()?, &self.passwords.policy(), Some(&names));
        let password = password.map_err(|refusal| format!("the password is refused: {refusal}"))?;
        let role = Role::from_name(&self.role).unwrap_or_default();
        can_say()?;
        let database = self.database.open().await?;
        let register = Register::new(ports(&database, &self.passwords)?);
        let user = register.register(Registration { names, password, name, role }).await.map_err(words)?;
        say(line(&user))?;
        Ok(database.close().await?)
    }
}

impl Create {
    fn password(&self) -> Result<Zeroizing<String>, Problem> {
        if self.password_stdin { first_line().map(Zeroizing::new) } else { password::ask() }
    }
}

impl Account {
    async fn set_disabled(self, disabled: bool) -> Result<(), Problem> {
        let name = self.name.parse()?;
        can_say()?;
        let database = self.database.open().await?;
        let users = Users::new(ports(&database, &self.passwords)?);
        let user = users.find_by_name(&name).await.map_err(words)?;
        let user = user.ok_or_else(|| format!("there is no account named {name}"))?;
        let change = UserChange { disabled: Some(disabled), ..UserChange::default() };
        let by = By::command(if disabled { "user disable" } else { "user enable" });
        let changed = users.update(user.id, change, None, &by, &Origin::default()).await;
        say(line(&changed.map_err(words)?))?;
        Ok(database.close().await?)
    }
}

impl Account {
    async fn remove_factors(self) -> Result<(), Problem> {
        let name = self.name.parse()?;
        can_say()?;
        let database = self.database.open().await?;
        let ports = ports(&database, &self.passwords)?;
        let user = Users::new(ports.clone()).find_by_name(&name).await.map_err(words)?;
        let user = user.ok_or_else(|| format!("there is no account named {name}"))?;
        let by = By::command("user remove-factors");
        let removed = TakeFactorsAway::new(ports, None).of(user.id, None, &by, &Origin::default()).await;
        say(line(&removed.map_err(words)?))?;
        Ok(database.close().await?)
    }
}

impl Account {
    async fn list_keys(self) -> Result<(), Problem> {
        let name = self.name.parse()?;
        let database = self.database.open().await?;
        let ports = ports(&database, &self.passwords)?;
        let user = Users::new(ports.clone()).find_by_name(&name).await.map_err(words)?;
        let user = user.ok_or_else(|| format!("there is no account named {name}"))?;
        let day = |at: Option<OffsetDateTime>| {
            at.and_then(|at| at.format(&Rfc3339).ok()).unwrap_or_else(|| "-".to_owned())
        };
        for key in ApiKeys::new(ports, None).of(user.id).await.map_err(words)? {
            let scope = Some(key.scope.to_string()).filter(|scope| !scope.is_empty());
            let (scope, name) = (scope.as_deref().unwrap_or("-"), Printable(key.name.as_str()));
            let (expires, used) = (day(key.expires_at), day(key.last_used_at));
            say(format_args!("{}\t{name}\t{scope}\t{expires}\t{used}", key.id))?;
        }
        Ok(database.close().await?)
    }

    async fn remove_keys(self) -> Result<(), Problem> {
        let name = self.name.parse()?;
        can_say()?;
        let database = self.database.open().await?;
        let ports = ports(&database, &self.passwords)?;
        let user = Users::new(ports.clone()).find_by_name(&name).await.map_err(words)?;
        let user = user.ok_or_else(|| format!("there is no account named {name}"))?;
        let by = By::command("user remove-keys");
        let removed = ApiKeys::new(ports, None).take_away(user.id, None, None, &by, &Origin::default()).await;
        say(format_args!("{name} had {} API keys", removed.map_err(words)?))?;
        Ok(database.close().await?)
    }
}

async fn list(database: &DatabaseSettings) -> Result<(), Problem> {
    let database = database.open().await?;
    let mut repositories = database.repositories();
    let mut page = Page { limit: MAX_LIMIT, after: None };
    loop {
        let mut rows = repositories.users().list(page).await.map_err(words)?;
        let more = rows.len() > MAX_LIMIT as usize;
        rows.truncate(MAX_LIMIT as usize);
        for user in &rows {
            say(line(user))?;
        }
        page.after = rows.last().map(|user| user.id.0);
        if !more {
            return Ok(database.close().await?);
        }
    }
}

impl NewNames {
    fn parse(&self) -> Result<Names, Problem> {
        let email = self.email.as_deref().map(address).transpose()?;
        let username = self.username.as_deref().map(username).transpose()?;
        Names::new(email, username).ok_or_else(|| "--email or --username has to be there".to_owned())
    }
}

impl KnownName {
    fn parse(&self) -> Result<LoginName, Problem> {
        match (&self.email, &self.username) {
            (Some(email), _) => address(email).map(LoginName::Email),
            (None, username_of) => {
                username(username_of.as_deref().unwrap_or_default()).map(LoginName::Username)
            }
        }
    }
}

fn username(text: &str) -> Result<Username, Problem> {
    Username::parse(text).map_err(|error| format!("--username is not a valid user name: {error}"))
}

fn address(text: &str) -> Result<Email, Problem> {
    Email::parse(text).map_err(|error| format!("--email is not a valid email address: {error}"))
}

fn words(error: impl std::error::Error) -> Problem {
    match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

fn line(user: &User) -> String {
    let state = if user.disabled { "disabled" } else { "active" };
    let name = user.name.as_ref().map_or("-", Name::as_str);
    let email = user.names.email().map_or("-", Email::as_str);
    let username = user.names.username().map_or("-", Username::as_str);
    let role = user.role.as_str();
    format!("{}\t{email}\t{role}\t{state}\t{}\t{username}", user.id, Printable(name))
}
