//! Looking accounts up, listing and changing them.

use super::administrators::{administering, spare_the_last};
use super::error::UserError;
use crate::model::events::{Event, EventKind};
use crate::model::overviews::Overview;
use crate::model::users::{User, UserChange, UserFilter};
use crate::ports::bundle::Ports;
use crate::values::actor::{Actor, Via};
use crate::values::by::By;
use crate::values::ids::UserId;
use crate::values::names::LoginName;
use crate::values::origin::Origin;
use crate::values::page::{Page, Slice};
use crate::values::scopes::{self, Role};

/// Looks accounts up, lists and changes them.
#[derive(Clone)]
pub struct Users {
    ports: Ports,
}

impl Users {
    /// The use cases over these ports.
    pub fn new(ports: Ports) -> Self {
        Self { ports }
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
        let items = items.into_iter().map(|user| {
            let overview = overviews.remove(&user.id).unwrap_or_default();
            (user, overview)
        });
        Ok(Slice { items: items.collect(), next })
    }

    /// What `actor` may see of an account that they may read, beside the account: `None` for anyone but an administrator.
    pub async fn overview_for(&self, actor: &Actor, id: UserId) -> Result<Option<Overview>, UserError> {
        if !actor.scope.contains(scopes::ADMIN) {
            return Ok(None);
        }
        let found = self.ports.store.autocommit().overviews().of(&[id]).await?;
        Ok(Some(found.into_values().next().unwrap_or_default()))
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
                tx.commit().await?;
                Ok(user)
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
