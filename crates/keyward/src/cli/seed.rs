//! `keyward seed`: something to look at on the first day.

use std::sync::Arc;

use clap::Args;
use keyward_api::access::epochs::Epochs;
use keyward_api::settings::passwords::PasswordSettings;
use keyward_api::settings::storage::StorageSettings;
use keyward_api::wiring::database::OpenDatabase;
use keyward_api::wiring::ports::ports;
use keyward_auth::{SystemRandom, random_secret};
use keyward_domain::identity::registration::Registration;
use keyward_domain::identity::users::Users;
use keyward_domain::model::users::Name;
use keyward_domain::ports::bundle::Ports;
use keyward_domain::posts::{Content, Draft, Posts, Title};
use keyward_domain::shop::catalog::{Catalog, Description, Label, ProductSpec};
use keyward_domain::values::email::Email;
use keyward_domain::values::ids::UserId;
use keyward_domain::values::money::Money;
use keyward_domain::values::new_password::NewPassword;
use keyward_domain::values::page::Page;
use keyward_domain::values::scopes::Role;

use super::output::{Problem, say};

#[derive(Args)]
pub(super) struct Seed {
    #[command(flatten)]
    storage: StorageSettings,
    #[command(flatten)]
    passwords: PasswordSettings,
}

const USERS: [(&str, &str, Role); 2] =
    [("ada@example.com", "Ada", Role::Admin), ("grace@example.com", "Grace", Role::User)];

const POSTS: [(&str, &str); 3] = [
    ("Hello", "This is what a post looks like."),
    ("Locks", "Whatever has a padlock in the documentation wants a token; whatever has none does not."),
    ("Drafts", "A post that is not published is seen by its owner alone."),
];

/// Category, name, description, price, pieces.
const PRODUCTS: [(&str, &str, &str, &str, u32); 6] = [
    ("Books", "The Art of Locks", "A history of keys and wards, with 120 drawings.", "34.90", 12),
    ("Books", "Small Proofs", "Mathematics for the train.", "12.50", 40),
    ("Kitchen", "Enamel Mug", "White, with a blue rim. Holds a third of a litre.", "9.95", 150),
    ("Kitchen", "Paring Knife", "Carbon steel, eight centimetres.", "24", 30),
    ("Garden", "Watering Can", "Galvanised, five litres.", "39.90", 8),
    ("Garden", "Seed Box", "Twelve old kinds of vegetables.", "18.20", 0),
];

impl Seed {
    pub(super) async fn run(self) -> Result<(), Problem> {
        let database = OpenDatabase::open(&self.storage).await?;
        let ports = ports(&database, &self.passwords, Arc::new(Epochs::default()))?;
        let users = Users::new(ports.clone());
        let present = users.list(Page { limit: 1, after: None }).await.map_err(words)?;
        if !present.items.is_empty() {
            return Err("this database has users already: only an empty one is seeded".to_owned());
        }
        for (address, name, role) in USERS {
            let password = random_secret(&SystemRandom);
            let id = self.add_user(&users, address, name, role, &password).await?;
            if role == Role::User {
                add_posts(&Posts::new(ports.clone()), id).await?;
            }
            say(format_args!("{address}\t{}\t{}", role.as_str(), *password));
        }
        add_products(&ports).await?;
        Ok(database.close().await?)
    }

    async fn add_user(
        &self,
        users: &Users,
        address: &str,
        name: &str,
        role: Role,
        password: &str,
    ) -> Result<UserId, Problem> {
        let email = Email::parse(address).map_err(words)?;
        let password = NewPassword::parse(password, &self.passwords.policy(), Some(&email)).map_err(words)?;
        let name = Some(Name::parse(name).map_err(words)?);
        let user = users.register(Registration { email, password, name, role }).await.map_err(words)?;
        Ok(user.id)
    }
}

async fn add_posts(posts: &Posts, owner: UserId) -> Result<(), Problem> {
    for (title, content) in POSTS {
        let draft = Draft {
            title: Title::parse(title).map_err(words)?,
            content: Content::parse(content).map_err(words)?,
            published: title != "Drafts",
        };
        posts.create(owner, &draft).await.map_err(words)?;
    }
    Ok(())
}

async fn add_products(ports: &Ports) -> Result<(), Problem> {
    let catalog = Catalog::new(ports.clone());
    let mut last = None;
    for (category, name, description, price, quantity) in PRODUCTS {
        let category = match last.take() {
            Some((label, id)) if label == category => (label, id),
            _ => {
                let label = Label::parse(category).map_err(words)?;
                (category, catalog.create_category(&label).await.map_err(words)?.id)
            }
        };
        let spec = ProductSpec {
            name: Label::parse(name).map_err(words)?,
            description: Description::parse(description).map_err(words)?,
            price: Money::parse(price).map_err(words)?,
            quantity,
            category: category.1,
        };
        catalog.create_product(&spec).await.map_err(words)?;
        last = Some(category);
    }
    Ok(())
}

fn words<E: std::error::Error>(error: E) -> Problem {
    error.to_string()
}
