//! `keyward client show`.

use keyward_api::wiring::ports::ports;
use keyward_domain::oauth::clients::Clients;

use super::known::{Known, known, words};
use crate::cli::output::{Problem, say};
use crate::cli::printable::Printable;

/// Prints what a client was registered for, one member a line.
pub(super) async fn show(Known { id, database, passwords }: &Known) -> Result<(), Problem> {
    let id = known(id)?;
    let database = database.open().await?;
    let client = Clients::new(ports(&database, passwords)?).find(&id).await.map_err(words)?;
    let settings = &client.settings;
    say(format_args!("client_id\t{}", client.id))?;
    say(format_args!("name\t{}", Printable(&settings.name)))?;
    say(format_args!("kind\t{}", if client.is_public() { "public" } else { "confidential" }))?;
    say(format_args!("scope\t{}", settings.scope))?;
    for uri in &settings.redirect_uris {
        say(format_args!("redirect_uri\t{uri}"))?;
    }
    for uri in &settings.logout_uris {
        say(format_args!("post_logout_redirect_uri\t{uri}"))?;
    }
    for uri in &settings.resources {
        say(format_args!("resource\t{uri}"))?;
    }
    say(format_args!("id_token_alg\t{}", settings.id_token_alg))?;
    say(format_args!("first_party\t{}", settings.first_party))?;
    say(format_args!("require_par\t{}", settings.require_par))?;
    if settings.device {
        say(format_args!("device\ttrue"))?;
    }
    if let Some(uri) = &settings.backchannel.0 {
        say(format_args!("backchannel_logout_uri\t{uri}"))?;
        let required = settings.backchannel_session_required;
        say(format_args!("backchannel_logout_session_required\t{required}"))?;
    }
    Ok(database.close().await?)
}
