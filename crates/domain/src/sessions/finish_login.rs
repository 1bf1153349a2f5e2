//! The second half of a login: the token that the first half ended with, and a second factor.

use keyward_auth::Thumbprint;

use super::error::SessionError;
use super::opening::{Opening, Tokens, owner};
use crate::factors::answer::Answer;
use crate::factors::challenge::PendingLogin;
use crate::factors::checks::{Checked, FactorChecks};
use crate::factors::standing::Standing;
use crate::mail::postbox::Postbox;
use crate::model::clients::Client;
use crate::model::sessions::Session;
use crate::model::users::Credentials;
use crate::values::by::By;
use crate::values::origin::Origin;
use crate::values::proof::Method;
use crate::values::scopes;

/// Finishes logins that owe a second factor.
#[derive(Clone)]
pub struct FinishLogin {
    opening: Opening,
    checks: FactorChecks,
    postbox: Postbox,
}

/// How a transaction ended that finishes a login.
enum Finished {
    Opened,
    Overtaken,
}

impl FinishLogin {
    /// The use case; `checks` compares second factors, and `postbox` holds the secret that tokens are sealed under.
    pub fn new(opening: Opening, checks: FactorChecks, postbox: Postbox) -> Self {
        Self { opening, checks, postbox }
    }

    /// Opens the session. The token is good once, for five minutes, and as long as the account has the password and the factors
    /// that it had when the token was made. A wrong answer does not consume it. Only `client`, which authenticated itself, finishes
    /// what it began; what no client began, none finishes. The scope is the one that the login was granted. The tokens are bound to
    /// `key`, which has to be that of the first half, if that showed one.
    ///
    /// # Errors
    /// [`SessionError::InvalidMfaToken`], for another client's and without the key as well; [`SessionError::WrongCode`] and [`SessionError::InvalidPasskey`], which are counted.
    pub async fn finish(
        &self,
        token: &str,
        answer: &Answer,
        client: Option<&Client>,
        key: Option<&Thumbprint>,
        origin: &Origin,
    ) -> Result<Tokens, SessionError> {
        let ports = &self.opening.ports;
        let pending = PendingLogin::open(token, &self.postbox.master, ports.clock.now());
        let pending = pending.filter(|pending| pending.client.as_ref() == client.map(|client| &client.id));
        let pending = pending.filter(|pending| pending.key.is_none() || pending.key.as_ref() == key);
        let pending = pending.ok_or(SessionError::InvalidMfaToken)?;
        let mut repositories = ports.store.autocommit();
        let found = repositories.users().credentials(pending.user).await?;
        let found = found.filter(|found| !found.user.disabled).ok_or(SessionError::InvalidMfaToken)?;
        let standing = Standing::of(&mut *repositories, pending.user).await?;
        if standing.fingerprint(found.hash.as_ref()) != pending.fingerprint {
            return Err(SessionError::InvalidMfaToken);
        }
        let checked = self.checks.check(pending.user, &standing, answer, &By::UNKNOWN, origin).await;
        let checked = checked.map_err(SessionError::at_login)?;
        let role = self.opening.grants().bound(found.user.role, &pending.scope);
        let allowed = Client::bound(client, &role);
        let scope = scopes::intersection(&pending.scope, &allowed);
        let methods = [Method::Password, checked.method()];
        let mut session = self.opening.open(pending.user, scope, pending.client.clone(), &methods, origin);
        session.key = key.filter(|_| client.is_none_or(Client::is_public)).cloned();
        let tokens = self.opening.tokens(&session, session.scope.clone(), key)?;
        match ports.retrying(|| self.store(&pending, &found, &checked, &session, origin)).await? {
            Finished::Opened => Ok(tokens),
            Finished::Overtaken => {
                Err(SessionError::at_login(self.checks.overtaken(&checked, &By::UNKNOWN, origin).await))
            }
        }
    }

    async fn store(
        &self,
        pending: &PendingLogin,
        found: &Credentials,
        checked: &Checked,
        session: &Session,
        origin: &Origin,
    ) -> Result<Finished, SessionError> {
        let mut tx = self.opening.ports.store.begin().await?;
        // From here on the account keeps its password and its factors.
        tx.user_changes().hold(pending.user).await?.ok_or(SessionError::InvalidMfaToken)?;
        let standing = Standing::of(&mut *tx, pending.user).await?;
        let stands = tx.user_changes().still_has(pending.user, found.hash.as_ref()).await?
            && standing.fingerprint(found.hash.as_ref()) == pending.fingerprint;
        let registered = match &session.client {
            Some(client) => tx.clients().hold(client).await?,
            None => true,
        };
        if !stands || !registered || !tx.spent().spend(pending.id, pending.expiry()).await? {
            return Err(SessionError::InvalidMfaToken);
        }
        if !self.checks.redeem(&mut *tx, checked, &owner(session), origin).await? {
            return Ok(Finished::Overtaken);
        }
        self.opening.store(&mut *tx, session, origin).await?;
        tx.commit().await?;
        Ok(Finished::Opened)
    }
}
