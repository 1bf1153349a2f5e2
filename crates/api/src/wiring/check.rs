//! Whether settings fit together, before anything is touched.

use std::time::Duration;

use humantime::format_duration;
use keyward_auth::Algorithm;
use keyward_domain::values::resource_uri::is_own;
use keyward_infra::database::connect_error::ConnectError;

use super::distinct::distinct;
use super::error::ServiceError;
use super::grants::grants;
use super::key_ring::shared_secret;
use super::ports;
use super::{mail, master_secret};
use crate::resources::resource::Resource;
use crate::settings::Settings;

/// Checks all that can be checked without a database.
///
/// # Errors
/// The first setting that cannot be used.
pub fn check(settings: &Settings, resources: &[Resource]) -> Result<(), ServiceError> {
    distinct(resources)?;
    // The clock of the jobs; the command line takes none either.
    if settings.tokens.revocation_bound.is_zero() {
        return Err("KEYWARD_REVOCATION_BOUND must be longer than nothing".to_owned().into());
    }
    grants(&settings.scopes, resources)?;
    // A token for another service has the issuer in its audience, too, where the userinfo endpoint is to take it.
    if is_own(&settings.tokens.audience, &settings.issuer()) {
        let words = "KEYWARD_AUDIENCE must be another name than KEYWARD_ISSUER: that is the audience of the userinfo endpoint";
        return Err(words.to_owned().into());
    }
    settings.factors.check(&settings.issuer())?;
    ports::check(&settings.passwords)?;
    shared_secret(&settings.tokens)?;
    master_secret::given(&settings.tokens)?;
    mail::mailer(settings)?;
    settings.brand.logo()?;
    if settings.replica.database_read_url.is_some() && settings.storage.database_url().starts_with("sqlite:")
    {
        return Err(format!("KEYWARD_DATABASE_READ_URL: {}", ConnectError::NoReplica).into());
    }
    mail::templates(settings, resources).map(drop)
}

/// What works and is most likely not meant: a sentence each.
pub fn advice(settings: &Settings) -> Vec<String> {
    let (tokens, throttle) = (&settings.tokens, &settings.throttle);
    let mut advice = Vec::new();
    let mut say = |applies: bool, words: &dyn Fn() -> String| {
        if applies {
            advice.push(words());
        }
    };
    say(tokens.secret.is_some() && tokens.algorithm != Algorithm::Hs256, &|| {
        format!("KEYWARD_SECRET has no effect: it is for KEYWARD_ALGORITHM=HS256, not {}", tokens.algorithm)
    });
    let longer = |one: &str, first: Duration, other: &str, second: Duration| {
        let (first, second) = (format_duration(first), format_duration(second));
        format!("{one} ({first}) is longer than {other} ({second}) and has no effect")
    };
    say(tokens.session_idle > tokens.session_absolute, &|| {
        let (idle, absolute) = (tokens.session_idle, tokens.session_absolute);
        longer("KEYWARD_SESSION_IDLE", idle, "KEYWARD_SESSION_ABSOLUTE", absolute)
    });
    say(throttle.throttle_first > throttle.throttle_cap, &|| {
        let (first, cap) = (throttle.throttle_first, throttle.throttle_cap);
        longer("KEYWARD_THROTTLE_FIRST", first, "KEYWARD_THROTTLE_CAP", cap)
    });
    say(tokens.access_token_ttl < Duration::from_mins(1), &|| {
        let life = format_duration(tokens.access_token_ttl);
        format!(
            "KEYWARD_ACCESS_TOKEN_TTL is {life}: under a minute clients refresh all the time, and clocks that differ break logins"
        )
    });
    say(tokens.access_token_ttl > tokens.session_absolute.min(tokens.session_idle), &|| {
        let life = format_duration(tokens.access_token_ttl);
        format!(
            "KEYWARD_ACCESS_TOKEN_TTL ({life}) is longer than a session may last: other services accept a token after its session's end"
        )
    });
    advice
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_are_most_likely_not_meant_are_named() {
        let mut settings = Settings::defaults();
        assert_eq!(advice(&settings), Vec::<String>::new());
        settings.tokens.secret = Some("of more than thirty-two bytes, for sure".to_owned().into());
        settings.tokens.session_idle = Duration::from_hours(48);
        settings.tokens.session_absolute = Duration::from_hours(24);
        settings.tokens.access_token_ttl = Duration::from_secs(30);
        let words = advice(&settings);
        for (words, named) in
            words.iter().zip(["KEYWARD_SECRET", "KEYWARD_SESSION_IDLE (2days)", "TTL is 30s"])
        {
            assert!(words.contains(named) && !words.contains("thirty-two"), "{words}");
        }
        assert_eq!(words.len(), 3);
        settings.tokens.algorithm = Algorithm::Hs256;
        assert_eq!(advice(&settings).len(), 2);
    }
}
