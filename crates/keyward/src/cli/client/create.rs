//! `keyward client create`.

use clap::Args;
use keyward_api::settings::backchannel::BackchannelSettings;
use keyward_api::settings::passwords::PasswordSettings;
use keyward_api::settings::scopes::ScopeSettings;
use keyward_api::wiring::ports::ports;
use keyward_auth::{Algorithm, ScopeSet, SecretHash, Zeroizing};
use keyward_domain::model::clients::ClientSettings;
use keyward_domain::oauth::client_error::ClientError;
use keyward_domain::oauth::clients::{Administration, Clients};
use keyward_domain::values::ids::ClientId;
use keyward_domain::values::logout_uri::Backchannel;
use keyward_domain::values::origin::Origin;
use keyward_domain::values::resource_uri::ResourceUri;
use keyward_domain::values::text::Text;
use keyward_domain::values::uris::RedirectUri;

use super::known::{OwnNames, refuse_unknown, sound, words};
use crate::cli::examples;
use crate::cli::output::{Problem, first_line, say_before};
use crate::cli::settings::database::DatabaseSettings;

#[derive(Args)]
#[command(after_help = examples::CLIENT_CREATE)]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command")]
pub(in crate::cli) struct Create {
    /// What people call it
    #[arg(long)]
    name: String,
    /// What it may be granted, for itself and at most in the name of a user, separated by spaces; `revocations:read` lets it
    /// follow the feed of ended sessions [default: with a redirect URI `openid profile email`]
    #[arg(long)]
    scope: Option<String>,
    /// Take scopes that no account can have: those of another service, for the client's own tokens
    #[arg(long)]
    other_scopes: bool,
    /// Its id [default: made up]
    #[arg(long)]
    id: Option<String>,
    /// Give it no secret: for applications in a browser or on a device, which cannot keep one
    #[arg(long, conflicts_with = "secret_stdin")]
    public: bool,
    /// Read its secret from standard input instead of making one up: at least 32 characters, random ones
    #[arg(long)]
    secret_stdin: bool,
    /// Where authorization codes may be sent, byte for byte; may be repeated
    #[arg(long, value_name = "URI", value_parser = RedirectUri::parse)]
    redirect_uri: Vec<RedirectUri>,
    /// Where a browser may return to after a logout; may be repeated
    #[arg(long, value_name = "URI", value_parser = RedirectUri::parse)]
    post_logout_redirect_uri: Vec<RedirectUri>,
    /// A service that its tokens may be for, beside this one; may be repeated
    #[arg(long, value_name = "URI", value_parser = ResourceUri::parse)]
    resource: Vec<ResourceUri>,
    /// How its ID tokens are signed: RS256, ES256 or `EdDSA`
    #[arg(long, default_value = "RS256", value_name = "ALGORITHM")]
    id_token_alg: Algorithm,
    /// Do not ask people whether to allow it: for applications of your own
    #[arg(long)]
    first_party: bool,
    /// Let it log people in on devices without a browser, by a code that they type elsewhere
    #[arg(long)]
    device: bool,
    /// Its authorization requests have to be pushed (RFC 9126)
    #[arg(long)]
    require_par: bool,
    /// Where logout tokens for its ended sessions go: `https`, or `http` on this machine
    #[arg(long, value_name = "URI", value_parser = Backchannel::parse)]
    backchannel_logout_uri: Option<Backchannel>,
    /// Note that it cannot do without `sid` in logout tokens, which they always have
    #[arg(long)]
    backchannel_logout_session_required: bool,
    #[command(flatten)]
    database: DatabaseSettings,
    #[command(flatten)]
    passwords: PasswordSettings,
    #[command(flatten)]
    scopes: ScopeSettings,
    #[command(flatten)]
    backchannel: BackchannelSettings,
    #[command(flatten)]
    own: OwnNames,
}

impl Create {
    pub(super) async fn run(self) -> Result<(), Problem> {
        if self.public && self.redirect_uri.is_empty() && !self.device {
            return Err("--public needs --redirect-uri, or --device".to_owned());
        }
        let name = Text::parse(&self.name).map_err(|error| format!("--name {error}"))?;
        let usual = || ClientSettings::usual_scope(&self.redirect_uri, self.device);
        let scope = self.scope.as_deref().map_or_else(|| Ok(usual()), ScopeSet::parse);
        let scope = scope.map_err(|error| format!("--scope: {error}"))?;
        if !self.other_scopes {
            refuse_unknown(&scope, &self.scopes, &self.database)?;
        }
        let given = self.id.as_deref().map(|id| {
            let words =
                "--id must be 1 to 100 visible ASCII characters other than : % and +, not digits alone";
            ClientId::parse(id).ok_or(words)
        });
        let given = given.transpose()?;
        let secret = if self.secret_stdin { Some(Zeroizing::new(first_line()?)) } else { None };
        secret.as_deref().map_or(Ok(()), |secret| sound(secret))?;
        let database = self.database.open().await?;
        let clients = Clients::new(ports(&database, &self.passwords)?)
            .reserving(self.own.all())
            .telling_private(self.backchannel.allows_private());
        let public = self.public;
        let settings = ClientSettings {
            redirect_uris: self.redirect_uri,
            logout_uris: self.post_logout_redirect_uri,
            resources: self.resource,
            id_token_alg: self.id_token_alg,
            first_party: self.first_party,
            device: self.device,
            require_par: self.require_par,
            backchannel: self.backchannel_logout_uri.unwrap_or_default(),
            backchannel_session_required: self.backchannel_logout_session_required,
            ..ClientSettings::new(name, scope)
        };
        clients.check(&settings).map_err(words)?;
        let id = given.unwrap_or_else(|| clients.make_id());
        let found = database.repositories().clients().find(&id).await;
        if found.map_err(words)?.is_some() {
            return Err(ClientError::Taken.to_string());
        }
        say_before(format_args!("client_id={id}"))?;
        let secret = match secret {
            None if !public => {
                let made = clients.make_secret();
                say_before(format_args!("client_secret={}", *made))?;
                Some(made)
            }
            secret => secret,
        };
        let hash = secret.as_deref().map(|secret| SecretHash::of(secret));
        let origin = Origin::default();
        let who = Administration::command("client create", &origin);
        clients.register(id, settings, hash, &who).await.map_err(words)?;
        Ok(database.close().await?)
    }
}
