//! New passwords: what an operator's setting asks of them, enforced and documented.

use axum::extract::FromRef;
use keyward_auth::{PasswordPolicy, PasswordRefusal};
use keyward_domain::values::names::Names;
use keyward_domain::values::new_password::NewPassword;
use keyward_web::{Flaw, FromState, Given, Reader};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{OpenApi, RefOr, Schema};

/// The context of a body that has a new password: the policy that the service is set to.
pub struct NewPasswords(PasswordPolicy);

impl<S> FromState<S> for NewPasswords
where
    PasswordPolicy: FromRef<S>,
{
    fn from_state(state: &S) -> Self {
        Self(PasswordPolicy::from_ref(state))
    }
}

/// Reads a new password, which is never echoed, in a body whose context is [`NewPasswords`]. `owner` are the
/// names of the account, where they are known, which the password must not be.
pub fn new_password(owner: Option<&Names>) -> NewPasswordReader<'_> {
    NewPasswordReader { owner }
}

/// Made by [`new_password`].
pub struct NewPasswordReader<'a> {
    owner: Option<&'a Names>,
}

impl Reader<NewPasswords> for NewPasswordReader<'_> {
    type Value = NewPassword;

    const SECRET: bool = true;

    fn read(&self, given: Given<'_>, NewPasswords(policy): &NewPasswords) -> Result<NewPassword, Flaw> {
        NewPassword::parse(given.string()?, policy, self.owner).map_err(refusal)
    }

    fn schema(&self) -> RefOr<Schema> {
        schema(&PasswordPolicy::default())
    }
}

/// What is wrong with a new password.
pub fn refusal(refusal: PasswordRefusal) -> Flaw {
    match refusal {
        PasswordRefusal::TooShort { min } => Flaw::too_short(min),
        PasswordRefusal::TooLong { max } => Flaw::too_long(max),
        other => Flaw::value(&other.to_string()),
    }
}

/// The schema of a new password.
fn schema(policy: &PasswordPolicy) -> RefOr<Schema> {
    let words = format!("{} characters or more, and none of the commonest.", policy.min_chars);
    ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Password)))
        .description(Some(words))
        .min_length(Some(policy.min_chars))
        .max_length(Some(policy.max_chars))
        .into()
}

/// Documents new passwords as `policy` asks for them. A handler's signature alone knows the default policy
/// only.
pub fn as_set(document: &mut OpenApi, policy: &PasswordPolicy) {
    let (usual, set) = (schema(&PasswordPolicy::default()), schema(policy));
    let schemas = document.components.iter_mut().flat_map(|components| components.schemas.values_mut());
    for body in schemas {
        let RefOr::T(Schema::Object(body)) = body else { continue };
        for property in body.properties.values_mut().filter(|property| **property == usual) {
            property.clone_from(&set);
        }
    }
}
