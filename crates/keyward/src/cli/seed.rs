//! `keyward seed`: something to look at on the first day.

use clap::Args;
use keyward_api::foundation::Foundation;
use keyward_api::resources::resource::Seeded;
use keyward_api::settings::passwords::PasswordSettings;
use keyward_api::wiring::ports::ports;
use keyward_auth::{SystemRandom, random_secret};
use keyward_domain::identity::registration::{Register, Registration};
use keyward_domain::identity::users::Users;
use keyward_domain::limits::writes::WriteLimit;
use keyward_domain::model::users::{Name, UserFilter};
use keyward_domain::values::email::Email;
use keyward_domain::values::ids::UserId;
use keyward_domain::values::names::Names;
use keyward_domain::values::new_password::NewPassword;
use keyward_domain::values::page::Page;
use keyward_domain::values::scopes::Role;

use super::output::{Problem, say_before};
use crate::cli::settings::database::DatabaseSettings;

#[derive(Args)]
pub(super) struct Seed {
    #[command(flatten)]
    database: DatabaseSettings,
    #[command(flatten)]
    passwords: PasswordSettings,
}

const USERS: [(&str, &str, Role); 2] =
    [("ada@example.com", "Ada", Role::Admin), ("grace@example.com", "Grace", Role::User)];

impl Seed {
    pub(super) async fn run(self) -> Result<(), Problem> {
        let resources = self.database.resources.mounted()?;
        let database = self.database.open().await?;
        let ports = ports(&database, &self.passwords)?;
        let users = Users::new(ports.clone());
        let present =
            users.list(&UserFilter::default(), Page { limit: 1, after: None }).await.map_err(words)?;
        if !present.items.is_empty() {
            return Err("this database has users already: only an empty one is seeded".to_owned());
        }
        let passwords = USERS.map(|_| random_secret(&SystemRandom));
        for ((address, _, role), password) in USERS.iter().zip(&passwords) {
            say_before(format_args!("{address}\t{}\t{}", role.as_str(), **password))?;
        }
        let register = Register::new(ports.clone());
        let mut ids = [UserId(0); 2];
        for (((address, name, role), password), id) in USERS.into_iter().zip(&passwords).zip(&mut ids) {
            *id = self.add_user(&register, address, name, role, password).await?;
        }
        let [administrator, user] = ids;
        let foundation =
            Foundation { ports, database: database.database().clone(), writes: WriteLimit::default() };
        for seed in resources.iter().filter_map(|resource| resource.seed) {
            seed(&foundation, Seeded { administrator, user }).await?;
        }
        Ok(database.close().await?)
    }

    async fn add_user(
        &self,
        register: &Register,
        address: &str,
        name: &str,
        role: Role,
        password: &str,
    ) -> Result<UserId, Problem> {
        let names = Names::from(Email::parse(address).map_err(words)?);
        let password = NewPassword::parse(password, &self.passwords.policy(), Some(&names)).map_err(words)?;
        let name = Some(Name::parse(name).map_err(words)?);
        let user = register.register(Registration { names, password, name, role }).await.map_err(words)?;
        Ok(user.id)
    }
}

fn words<E: std::error::Error>(error: E) -> Problem {
    error.to_string()
}
