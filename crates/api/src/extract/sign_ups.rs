//! Who wants an account: names and a password, as the operator's settings ask for them.

use axum::extract::FromRef;
use keyward_auth::PasswordPolicy;
use keyward_domain::identity::registration::Registration;
use keyward_domain::model::users::Name;
use keyward_domain::values::email::Email;
use keyward_domain::values::names::{LoginName, LoginNames, NameRules, Names, Username};
use keyward_domain::values::new_password::NewPassword;
use keyward_domain::values::scopes::Role;
use keyward_guard::Schemas;
use keyward_web::{Fields, Flaw, FromState, Input, Properties, Property, Shape};
use serde_json::{Value, json};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::{NewPasswords, new_password, read};

/// The context of a sign-up.
pub struct SignUps {
    passwords: NewPasswords,
    names: NameRules,
}

impl<S> FromState<S> for SignUps
where
    PasswordPolicy: FromRef<S>,
    NameRules: FromRef<S>,
{
    fn from_state(state: &S) -> Self {
        Self { passwords: NewPasswords::from_state(state), names: NameRules::from_ref(state) }
    }
}

/// Who wants an account.
pub struct UserCreate {
    names: Names,
    password: NewPassword,
    name: Option<Name>,
}

impl From<UserCreate> for Registration {
    fn from(UserCreate { names, password, name }: UserCreate) -> Self {
        Self { names, password, name, role: Role::User }
    }
}

impl Input for UserCreate {
    type Context = SignUps;

    fn read(fields: &mut Fields<'_>, SignUps { passwords, names: rules }: &SignUps) -> Option<Self> {
        let email = email(fields, *rules);
        let username = username(fields, *rules, email.as_ref().and_then(Option::as_ref));
        let names = match (email, username) {
            (Some(email), Some(Some(LoginName::Email(other)))) => Names::new(email.or(Some(other)), None),
            (Some(email), Some(Some(LoginName::Username(username)))) => Names::new(email, Some(username)),
            (Some(email), Some(None)) => Names::new(email, None),
            _ => None,
        };
        let password = fields.required("password", &new_password(names.as_ref()), passwords);
        let name = fields.optional("name", &read::text(), &());
        Some(Self { names: names?, password: password?, name: name? })
    }
}

/// The field `email`. Where an address is required and `username` holds no address either, it is missing.
#[expect(clippy::option_option, reason = "`None` is a fault; a missing address may be none")]
fn email(fields: &mut Fields<'_>, rules: NameRules) -> Option<Option<Email>> {
    let username = fields.given("username");
    let address = username.and_then(Value::as_str).is_some_and(|text| text.contains('@'));
    let needed = match rules.kinds {
        LoginNames::Both | LoginNames::Email if !rules.email_required => username.is_none(),
        LoginNames::Username => rules.email_required,
        LoginNames::Both | LoginNames::Email => !address,
    };
    if needed && fields.given("email").is_none() {
        let flaw = match rules {
            NameRules { kinds: LoginNames::Both, email_required: false } => {
                Flaw::missing().saying(json!({ "or": "username" }))
            }
            _ => Flaw::missing(),
        };
        fields.fault("email", flaw);
        return None;
    }
    fields.optional("email", &read::email(), &())
}

/// The field `username`. With an `@` in it, it is the e-mail address, which must not be another one than `email`.
#[expect(clippy::option_option, reason = "`None` is a fault; a missing name may be none")]
fn username(fields: &mut Fields<'_>, rules: NameRules, email: Option<&Email>) -> Option<Option<LoginName>> {
    let reader = read::login_name(rules.kinds);
    let name = match rules.kinds {
        LoginNames::Username => fields.required("username", &reader, &()).map(Some),
        LoginNames::Both | LoginNames::Email => fields.optional("username", &reader, &()),
    }?;
    match (&name, email) {
        (Some(LoginName::Email(other)), Some(email)) if other != email => {
            fields.fault("username", Flaw::value("this is another e-mail address than the one in `email`"));
            None
        }
        _ => Some(name),
    }
}

impl Shape for UserCreate {
    fn shape() -> Properties {
        let words = "An e-mail address to log in with; letter case does not matter. One of `email` and \
            `username` has to be there.";
        let email = Property::of::<(), Email, _>("email", &read::email());
        let username = Property::of::<(), LoginName, _>("username", &read::login_name(LoginNames::Both));
        let password = Property::of::<NewPasswords, NewPassword, _>("password", &new_password(None));
        let name = Property::of::<(), Name, _>("name", &read::text());
        let example = json!({ "email": "ana@example.com", "password": "a long pass phrase", "name": "Ana" });
        Properties::new()
            .described("Who wants an account.")
            .example(example)
            .with(email.nullable().described(words))
            .with(username.nullable().described(USERNAME))
            .with(password)
            .with(name.nullable().described("What others shall see."))
    }
}

/// What a user name is.
const USERNAME: &str = "A user name to log in with: letters `a` to `z`, whose case does not matter, digits, `.`, `_` and `-`. \
    With an `@` in it, it is the e-mail address.";

const _: () = assert!(Username::MAX < Email::MAX, "the longest text in `username` is an address");

impl PartialSchema for UserCreate {
    fn schema() -> RefOr<Schema> {
        Self::shape().object()
    }
}

impl ToSchema for UserCreate {
    fn schemas(schemas: &mut Schemas) {
        schemas.extend(Self::shape().named());
    }
}
