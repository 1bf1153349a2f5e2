//! Making, listing and removing API keys.

use keyward_auth::{ApiKey as Secret, ScopeSet};
use time::Duration;

use super::api_key_error::ApiKeyError;
use crate::factors::standing::{Standing, strong_enough};
use crate::mail::postbox::Postbox;
use crate::model::api_keys::{ApiKey, KeyName, NewApiKey};
use crate::model::events::{Event, EventKind};
use crate::model::users::User;
use crate::ports::bundle::Ports;
use crate::ports::letters::Reader;
use crate::ports::store::Transaction;
use crate::values::actor::Actor;
use crate::values::by::By;
use crate::values::ids::{ApiKeyId, UserId};
use crate::values::origin::Origin;
use crate::values::scopes::{self, ACCOUNT};

/// How many keys an account may have. Those that are over by age do not count.
pub const MOST: u64 = 50;

/// What a key shall be.
pub struct KeyRequest {
    pub name: KeyName,
    /// What it shall be good for; `None` for all that the caller may do now, blank for nothing but reading the account.
    pub scope: Option<String>,
    /// After how many days it is over; `None` for never.
    pub days: Option<u32>,
}

/// A key that was made: the only time that it is shown.
pub struct MadeKey {
    pub secret: Secret,
    pub key: ApiKey,
}

/// Makes, lists and removes API keys.
#[derive(Clone)]
pub struct ApiKeys {
    ports: Ports,
    postbox: Option<Postbox>,
}

impl ApiKeys {
    /// The use case over these ports. Without a `postbox` no mail reports anything.
    pub fn new(ports: Ports, postbox: Option<Postbox>) -> Self {
        Self { ports, postbox }
    }

    /// Makes a key of the actor's account, good for no more than the actor's token is. Keys that are over by age make room. A mail
    /// reports it.
    ///
    /// # Errors
    /// [`ApiKeyError::Scope`]; [`ApiKeyError::Full`]; [`FactorError::TooWeak`](crate::factors::error::FactorError::TooWeak) where the
    /// account has a second factor and the actor did not show it.
    pub async fn make(
        &self,
        actor: &Actor,
        request: KeyRequest,
        origin: &Origin,
    ) -> Result<MadeKey, ApiKeyError> {
        let ports = &self.ports;
        let now = ports.clock.now();
        let allowed = actor.scope.iter().filter(|name| *name != ACCOUNT);
        let allowed = ScopeSet::from_names(allowed).unwrap_or_default();
        let scope = match request.scope.as_deref() {
            // A form with nothing chosen: that never stands for everything.
            Some(none) if none.trim().is_empty() => ScopeSet::default(),
            asked => scopes::grant(asked, &allowed)?,
        };
        let secret = Secret::generate(&*ports.random);
        // Whole seconds, as introspection says it.
        let end = |days: u32| (now + Duration::days(days.into())).replace_nanosecond(0).unwrap_or(now);
        let new = NewApiKey {
            user: actor.who,
            name: request.name,
            scope,
            hash: secret.hash(),
            created_at: now,
            expires_at: request.days.map(end),
        };
        let key = ports
            .retrying(|| async {
                let mut tx = ports.store.begin().await?;
                let held = tx.user_changes().hold(actor.who).await?;
                let held = held.filter(|user| !user.disabled).ok_or(ApiKeyError::CallerGone)?;
                strong_enough(actor, &Standing::of(&mut *tx, actor.who).await?)?;
                // A key outlives the session: one that ended meanwhile leaves none behind.
                let session = actor.session().ok_or(ApiKeyError::CallerGone)?;
                tx.sessions().live(session).await?.ok_or(ApiKeyError::CallerGone)?;
                tx.api_key_changes().remove_over(actor.who, now).await?;
                if tx.api_keys().of_user(actor.who, MOST).await?.len() as u64 >= MOST {
                    return Err(ApiKeyError::Full(MOST));
                }
                let key = tx.api_key_changes().insert(&new).await?;
                let event = Event::new(now, EventKind::ApiKeyMade, actor, origin).of(actor.who);
                let event = event.in_session(actor.session()).saying(format!("{}: {}", key.id, key.scope));
                tx.events().append(&event).await?;
                self.report(&mut *tx, &held, Report::Made(&key)).await?;
                tx.commit().await?;
                Ok(key)
            })
            .await?;
        Ok(MadeKey { secret, key })
    }

    /// The actor's keys, oldest first.
    pub async fn own(&self, actor: &Actor) -> Result<Vec<ApiKey>, ApiKeyError> {
        Ok(self.ports.store.autocommit().api_keys().of_user(actor.who, MOST).await?)
    }

    /// The keys of an account, oldest first, for an administrator.
    ///
    /// # Errors
    /// [`ApiKeyError::NoUser`].
    pub async fn of(&self, id: UserId) -> Result<Vec<ApiKey>, ApiKeyError> {
        let mut repositories = self.ports.store.autocommit();
        repositories.users().find(id).await?.ok_or(ApiKeyError::NoUser(id))?;
        Ok(repositories.api_keys().of_user(id, MOST).await?)
    }

    /// Removes a key of the actor's: it is refused from now on.
    ///
    /// # Errors
    /// [`ApiKeyError::NotFound`].
    pub async fn remove_own(&self, actor: &Actor, id: ApiKeyId, origin: &Origin) -> Result<(), ApiKeyError> {
        let event = self.removed(actor.who, &actor.into(), origin).in_session(actor.session());
        self.ports
            .retrying(|| async {
                let mut tx = self.ports.store.begin().await?;
                let removed = tx.api_key_changes().remove(actor.who, id).await?;
                removed.ok_or(ApiKeyError::NotFound(id))?;
                tx.events().append(&event.clone().saying(id.to_string())).await?;
                Ok(tx.commit().await?)
            })
            .await
    }

    /// Takes one key of an account away, or without `id` all of them, for `administrator` or, without one, for an operator's
    /// command. A mail reports it to their owner. Returns how many were removed.
    ///
    /// # Errors
    /// [`ApiKeyError::NoUser`]; [`ApiKeyError::NotFound`], without `id` never;
    /// [`FactorError::TooWeak`](crate::factors::error::FactorError::TooWeak) where the administrator has a second factor and did not
    /// show it.
    pub async fn take_away(
        &self,
        user: UserId,
        id: Option<ApiKeyId>,
        administrator: Option<&Actor>,
        by: &By,
        origin: &Origin,
    ) -> Result<u64, ApiKeyError> {
        let event = self.removed(user, by, origin);
        self.ports
            .retrying(|| async {
                let mut tx = self.ports.store.begin().await?;
                if let Some(actor) = administrator {
                    strong_enough(actor, &Standing::of(&mut *tx, actor.who).await?)?;
                }
                let held = tx.user_changes().hold(user).await?.ok_or(ApiKeyError::NoUser(user))?;
                let removed = if let Some(id) = id {
                    let key = tx.api_key_changes().remove(user, id).await?;
                    let key = key.ok_or(ApiKeyError::NotFound(id))?;
                    self.report(&mut *tx, &held, Report::Removed(Some(&key))).await?;
                    tx.events().append(&event.clone().saying(id.to_string())).await?;
                    1
                } else {
                    let removed = tx.api_key_changes().remove_all(user).await?;
                    if removed > 0 {
                        self.report(&mut *tx, &held, Report::Removed(None)).await?;
                        tx.events().append(&event.clone().saying("all")).await?;
                    }
                    removed
                };
                tx.commit().await?;
                Ok(removed)
            })
            .await
    }

    fn removed(&self, user: UserId, by: &By, origin: &Origin) -> Event {
        Event::new(self.ports.clock.now(), EventKind::ApiKeyRemoved, by.clone(), origin).of(user)
    }

    async fn report(
        &self,
        tx: &mut (impl Transaction + ?Sized),
        owner: &User,
        report: Report<'_>,
    ) -> Result<(), ApiKeyError> {
        let Some(postbox) = &self.postbox else { return Ok(()) };
        let letter = |reader: Reader<'_>| match report {
            Report::Made(key) => postbox.letters.api_key_made(reader, key),
            Report::Removed(Some(key)) => postbox.letters.api_key_removed(reader, Some(&key.name)),
            Report::Removed(None) => postbox.letters.api_key_removed(reader, None),
        };
        let notice = Reader::of(owner).map(letter).transpose()?;
        postbox.notify(tx, &self.ports, owner, notice).await?;
        Ok(())
    }
}

/// What a mail reports: a key, or that all were removed.
#[derive(Clone, Copy)]
enum Report<'a> {
    Made(&'a ApiKey),
    Removed(Option<&'a ApiKey>),
}
