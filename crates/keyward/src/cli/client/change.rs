//! `keyward client set`.

use clap::Args;
use keyward_api::settings::backchannel::BackchannelSettings;
use keyward_api::settings::passwords::PasswordSettings;
use keyward_api::settings::scopes::ScopeSettings;
use keyward_api::wiring::ports::ports;
use keyward_auth::{Algorithm, ScopeSet};
use keyward_domain::model::clients::ClientChange;
use keyward_domain::oauth::clients::{Administration, Clients};
use keyward_domain::values::logout_uri::Backchannel;
use keyward_domain::values::origin::Origin;
use keyward_domain::values::resource_uri::ResourceUri;
use keyward_domain::values::text::Text;
use keyward_domain::values::uris::{RedirectUri, UriError};

use super::known::{OwnNames, known, refuse_unknown, words};
use crate::cli::output::{Problem, can_say, say};
use crate::cli::settings::database::DatabaseSettings;

#[derive(Args)]
pub(in crate::cli) struct Change {
    /// The client's id
    id: String,
    /// What people call it
    #[arg(long)]
    name: Option<String>,
    /// What it may be granted, separated by spaces
    #[arg(long)]
    scope: Option<String>,
    /// Take scopes that no account can have: those of another service, for the client's own tokens
    #[arg(long)]
    other_scopes: bool,
    /// Where authorization codes may be sent, in place of those before; may be repeated
    #[arg(long, value_name = "URI")]
    redirect_uri: Option<Vec<String>>,
    /// Where a browser may return to after a logout, in place of those before; may be repeated; an empty one for none
    #[arg(long, value_name = "URI")]
    post_logout_redirect_uri: Option<Vec<String>>,
    /// A service that its tokens may be for, in place of those before; may be repeated; an empty one for none
    #[arg(long, value_name = "URI")]
    resource: Option<Vec<String>>,
    /// How its ID tokens are signed: RS256, ES256 or `EdDSA`
    #[arg(long, value_name = "ALGORITHM")]
    id_token_alg: Option<Algorithm>,
    /// Whether people are not asked to allow it
    #[arg(long, value_name = "true|false")]
    first_party: Option<bool>,
    /// Whether it may log people in on devices without a browser
    #[arg(long, value_name = "true|false")]
    device: Option<bool>,
    /// Whether its authorization requests have to be pushed
    #[arg(long, value_name = "true|false")]
    require_par: Option<bool>,
    /// Where logout tokens for its ended sessions go; an empty one for nowhere
    #[arg(long, value_name = "URI", value_parser = Backchannel::parse)]
    backchannel_logout_uri: Option<Backchannel>,
    /// Whether it cannot do without `sid` in logout tokens, which they always have
    #[arg(long, value_name = "true|false")]
    backchannel_logout_session_required: Option<bool>,
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

impl Change {
    pub(super) async fn run(self) -> Result<(), Problem> {
        let id = known(&self.id)?;
        let name = self.name.as_deref().map(Text::parse).transpose();
        let scope = self.scope.as_deref().map(ScopeSet::parse).transpose();
        let change = ClientChange {
            name: name.map_err(|error| format!("--name {error}"))?,
            scope: scope.map_err(|error| format!("--scope: {error}"))?,
            redirect_uris: uris("--redirect-uri", self.redirect_uri.as_deref(), RedirectUri::parse)?,
            logout_uris: uris(
                "--post-logout-redirect-uri",
                self.post_logout_redirect_uri.as_deref(),
                RedirectUri::parse,
            )?,
            resources: uris("--resource", self.resource.as_deref(), ResourceUri::parse)?,
            id_token_alg: self.id_token_alg,
            first_party: self.first_party,
            device: self.device,
            require_par: self.require_par,
            backchannel: self.backchannel_logout_uri,
            backchannel_session_required: self.backchannel_logout_session_required,
        };
        if let Some(scope) = change.scope.as_ref().filter(|_| !self.other_scopes) {
            refuse_unknown(scope, &self.scopes, &self.database)?;
        }
        can_say()?;
        let database = self.database.open().await?;
        let clients = Clients::new(ports(&database, &self.passwords)?)
            .reserving(self.own.all())
            .telling_private(self.backchannel.allows_private());
        let origin = Origin::default();
        let who = Administration::command("client set", &origin);
        clients.change(&id, &change, &who).await.map_err(words)?;
        say(format_args!("{id} is changed"))?;
        Ok(database.close().await?)
    }
}

/// The URIs that a flag gives; empty ones count as none.
fn uris<T>(
    flag: &str,
    given: Option<&[String]>,
    parse: fn(&str) -> Result<T, UriError>,
) -> Result<Option<Vec<T>>, Problem> {
    let read = |uri: &String| parse(uri).map_err(|error| format!("{flag} {uri}: {error}"));
    let all = given.map(|given| given.iter().filter(|uri| !uri.is_empty()).map(read).collect());
    all.transpose()
}
