//! Looking accounts up, listing and changing them.

use time::OffsetDateTime;

use super::administrators::{administering, spare_the_last};
use super::error::UserError;
use crate::model::events::{Event, EventKind};
use crate::model::overviews::Overview;
use crate::model::users::{User, UserChange, UserFilter};
use crate::ports::bundle::Ports;
use crate::ports::store::Repositories;
use crate::values::actor::{Actor, Via};
use crate::values::by::By;
use crate::values::ids::UserId;
use crate::values::names::LoginName;
use crate::values::origin::Origin;
use crate::values::page::{Page, Slice};
use crate::values::proof::Method;
use crate::values::scopes::{self, Role};

/// Looks accounts up, lists and changes them.
#[derive(Clone)]
pub struct Users {
    ports: Ports,
    /// Whether this server offers passkeys.
    passkeys: bool,
}

impl Users {
    /// The use cases over these ports.
    pub fn new(ports: Ports) -> Self {
        Self { ports, passkeys: false }
    }

    /// The same for a server that offers passkeys, if `passkeys`: elsewhere they do not count as factors.
    #[must_use]
    pub fn offering(self, passkeys: bool) -> Self {
        Self { passkeys, ..self }
    }

    /// The account of that id.
    pub async fn find(&self, id: UserId) -> Result<User, UserError> {
        self.ports.store.autocommit().users().find(id).await?.ok_or(UserError::NotFound(id))
    }

    /// The caller's own account.
    pub async fn find_own(&self, actor: &Actor) -> Result<User, UserError> {
        self.find(actor.who).await.map_err(UserError::of_caller)
    }

    /// An account as `actor` may see it: their own, or anyone's for an administrator. An API key is its owner's, and sees no
    /// account here without the scope of administrators.
    ///
    /// # Errors
    /// Others get [`UserError::Forbidden`] whether or not the account exists.
    pub async fn find_for(&self, actor: &Actor, id: UserId) -> Result<User, UserError> {
        let own = actor.who == id && !matches!(actor.via, Via::ApiKey(_));
        // A client's token reads the account of its user with the scope `account` alone, an administrator's too.
        let others = matches!(actor.via, Via::ClientSession(_)) && !actor.scope.contains(scopes::ACCOUNT);
        if own && others {
            return Err(UserError::Forbidden);
        }
        if !own && !actor.scope.contains(scopes::ADMIN) {
            return Err(UserError::Forbidden);
        }
        self.find(id).await
    }

    /// The account of that name.
    pub async fn find_by_name(&self, name: &LoginName) -> Result<Option<User>, UserError> {
        Ok(self.ports.store.autocommit().users().credentials_of(name).await?.map(|found| found.user))
    }

    /// Whether there is an administrator who is not disabled.
    pub async fn have_administrator(&self) -> Result<bool, UserError> {
        self.ports
            .retrying(|| async {
                let mut tx = self.ports.store.begin().await?;
                Ok(!tx.user_changes().administrators(1).await?.is_empty())
            })
            .await
    }

    /// One page of the accounts that fit.
    pub async fn list(&self, filter: &UserFilter, page: Page) -> Result<Slice<User>, UserError> {
        Ok(self.ports.store.replica().users().search(filter, page).await?)
    }

    /// One page of the accounts that fit, as administrators see them.
    pub async fn list_overviews(
        &self,
        filter: &UserFilter,
        page: Page,
    ) -> Result<Slice<(User, Overview)>, UserError> {
        let mut repositories = self.ports.store.replica();
        let Slice { items, next } = repositories.users().search(filter, page).await?;
        let ids: Vec<_> = items.iter().map(|user| user.id).collect();
        let mut overviews = repositories.overviews().of(&ids).await?;
        // An account that was deleted in between is left out.
        let items = items.into_iter().filter_map(|user| {
            let overview = overviews.remove(&user.id)?;
            Some((user, self.offered(overview)))
        });
        Ok(Slice { items: items.collect(), next })
    }

    /// What `actor` may see of an account that they may read, beside the account: `None` for anyone but an administrator.
    pub async fn overview_for(&self, actor: &Actor, id: UserId) -> Result<Option<Overview>, UserError> {
        if !actor.scope.contains(scopes::ADMIN) {
            return Ok(None);
        }
        self.overview(&mut *self.ports.store.autocommit(), id).await.map(Some)
    }

    /// When the caller last logged in, as it is noted.
    pub async fn last_login(&self, actor: &Actor) -> Result<Option<OffsetDateTime>, UserError> {
        let found = self.overview(&mut *self.ports.store.autocommit(), actor.who).await;
        found.map(|overview| overview.last_login_at).map_err(UserError::of_caller)
    }

    async fn overview(
        &self,
        repositories: &mut (impl Repositories + ?Sized),
        id: UserId,
    ) -> Result<Overview, UserError> {
        let found = repositories.overviews().of(&[id]).await?.remove(&id);
        found.map(|overview| self.offered(overview)).ok_or(UserError::NotFound(id))
    }

    /// The same without passkeys where none are offered, as a login asks for factors.
    fn offered(&self, mut overview: Overview) -> Overview {
        overview.factors.retain(|method| self.passkeys || *method != Method::Passkey);
        overview
    }

    /// Changes an account, for `administrator` or, without one, for its owner or an operator's command. Disabling an account ends its
    /// sessions. The last administrator stays one.
    ///
    /// # Errors
    /// [`UserError::TooWeak`] where the administrator has a second factor and did not show it.
    pub async fn update(
        &self,
        id: UserId,
        change: UserChange,
        administrator: Option<&Actor>,
        by: &By,
        origin: &Origin,
    ) -> Result<User, UserError> {
        self.change(id, change, administrator, by, origin).await.map(|(user, _)| user)
    }

    /// Changes an account as [`update`](Self::update) does. Returns it as it is then, with what an administrator sees of it besides.
    ///
    /// # Errors
    /// As there.
    pub async fn change(
        &self,
        id: UserId,
        change: UserChange,
        administrator: Option<&Actor>,
        by: &By,
        origin: &Origin,
    ) -> Result<(User, Overview), UserError> {
        let now = self.ports.clock.now();
        let event = |kind| Event::new(now, kind, by.clone(), origin).of(id);
        self.ports
            .retrying(|| async {
                let mut tx = self.ports.store.begin().await?;
                administering(&mut *tx, administrator).await?;
                if change.disabled == Some(true) || change.role.is_some_and(|role| role != Role::Admin) {
                    spare_the_last(&mut *tx, id).await?;
                }
                let user = tx.user_changes().update(id, &change).await?.ok_or(UserError::NotFound(id))?;
                if let Some(role) = change.role {
                    tx.events().append(&event(EventKind::RoleChanged).saying(role.as_str())).await?;
                }
                match change.disabled {
                    Some(true) => {
                        tx.session_endings().revoke_all(id, None, now).await?;
                        tx.events().append(&event(EventKind::UserDisabled)).await?;
                    }
                    Some(false) => tx.events().append(&event(EventKind::UserEnabled)).await?,
                    None => {}
                }
                let overview = self.overview(&mut *tx, id).await?;
                tx.commit().await?;
                Ok((user, overview))
            })
            .await
    }

    /// Changes the caller's own account.
    pub async fn update_own(
        &self,
        actor: &Actor,
        change: UserChange,
        origin: &Origin,
    ) -> Result<User, UserError> {
        self.update(actor.who, change, None, &actor.into(), origin).await.map_err(UserError::of_caller)
    }
}
