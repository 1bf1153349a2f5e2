//! The first administrator, made from settings while a server starts.

use keyward_api::resources::resource::Resource;
use keyward_api::settings::storage::StorageSettings;
use keyward_api::wiring::database::OpenDatabase;
use keyward_auth::PasswordPolicy;
use keyward_domain::identity::error::UserError;
use keyward_domain::identity::registration::{Register, Registration};
use keyward_domain::identity::users::Users;
use keyward_domain::model::store_error::StoreError;
use keyward_domain::model::users::User;
use keyward_domain::ports::bundle::Ports;
use keyward_domain::values::email::Email;
use keyward_domain::values::names::Names;
use keyward_domain::values::new_password::NewPassword;
use keyward_domain::values::scopes::Role;

use super::output::Problem;
use crate::cli::settings::ServerSettings;
use crate::cli::settings::administrator::AdministratorSettings;
use crate::cli::settings::database::is_new;

/// The account that the settings describe.
pub(super) struct FirstAdministrator {
    names: Names,
    password: NewPassword,
}

impl FirstAdministrator {
    /// Reads the settings; `None` where they are not set, or have no effect because there is an administrator. The database is
    /// looked at only if they are faulty.
    ///
    /// # Errors
    /// One sentence that names the setting to correct, while there is no administrator.
    pub(super) async fn find(
        settings: &ServerSettings,
        resources: &[Resource],
    ) -> Result<Option<Self>, Problem> {
        match Self::read(&settings.administrator, &settings.service.passwords.policy()) {
            Err(problem) if have_administrator(&settings.service.storage, resources).await? => {
                tracing::warn!("there is an administrator, so this has no effect: {problem}");
                Ok(None)
            }
            read => read,
        }
    }

    fn read(settings: &AdministratorSettings, policy: &PasswordPolicy) -> Result<Option<Self>, Problem> {
        let (email, password) = match (&settings.admin_email, &settings.admin_password) {
            (None, None) => return Ok(None),
            (Some(email), Some(password)) => (email, password),
            _ => {
                return Err(
                    "KEYWARD_ADMIN_EMAIL and KEYWARD_ADMIN_PASSWORD go together: set both or none".to_owned()
                );
            }
        };
        let email = Email::parse(email).map_err(|error| format!("KEYWARD_ADMIN_EMAIL: {error}"))?;
        let names = Names::from(email);
        let text =
            std::str::from_utf8(password.expose()).map_err(|_| "KEYWARD_ADMIN_PASSWORD must be UTF-8")?;
        let password = NewPassword::parse(text, policy, Some(&names));
        let password = password.map_err(|refusal| format!("KEYWARD_ADMIN_PASSWORD is refused: {refusal}"))?;
        Ok(Some(Self { names, password }))
    }

    /// Makes the account if there is no administrator. An account that has the address already stays as it is.
    pub(super) async fn make(self, ports: &Ports) -> Result<(), Problem> {
        let users = Users::new(ports.clone());
        if users.have_administrator().await.map_err(failed)? {
            return Ok(());
        }
        let registration =
            Registration { names: self.names, password: self.password, name: None, role: Role::Admin };
        match Register::new(ports.clone()).register(registration).await {
            Ok(user) => {
                verify(ports, &user).await.map_err(failed)?;
                tracing::info!(user = user.id.0, "made the first administrator (KEYWARD_ADMIN_EMAIL)");
            }
            // Another replica that starts at the same moment makes it, too.
            Err(UserError::EmailTaken) if users.have_administrator().await.map_err(failed)? => {}
            Err(UserError::EmailTaken) => tracing::warn!(
                "KEYWARD_ADMIN_EMAIL has an account that is no administrator's: it stays as it is, and there is none"
            ),
            Err(error) => return Err(failed(error)),
        }
        Ok(())
    }
}

/// Whether there is an administrator. Nothing is made: without a database, or without our tables in it, there is no administrator.
async fn have_administrator(storage: &StorageSettings, resources: &[Resource]) -> Result<bool, Problem> {
    if is_new(storage) {
        return Ok(false);
    }
    let database = OpenDatabase::inspect(storage, resources).await?;
    let found = async {
        let mut tx = database.store().begin().await?;
        Ok::<_, StoreError>(!tx.user_changes().administrators(1).await?.is_empty())
    };
    let found = found.await.unwrap_or(false);
    database.close().await?;
    Ok(found)
}

/// Marks the address as verified: the operator vouches for it, and mail may not work yet.
async fn verify(ports: &Ports, user: &User) -> Result<(), UserError> {
    let Some(email) = user.names.email() else { return Ok(()) };
    ports
        .retrying(|| async {
            let mut tx = ports.store.begin().await?;
            tx.user_changes().verify(user.id, email).await?;
            Ok(tx.commit().await?)
        })
        .await
}

fn failed(error: UserError) -> Problem {
    format!("the first administrator was not made: {error}")
}
