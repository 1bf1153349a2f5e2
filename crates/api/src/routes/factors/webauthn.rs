//! WebAuthn on the wire: the JSON that browsers make by `toJSON()`, and read by `parseCreationOptionsFromJSON` and
//! `parseRequestOptionsFromJSON`.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyward_domain::factors::assertions::AssertionRequest;
use keyward_domain::factors::ceremony::LIFE;
use keyward_domain::factors::registration::RegistrationRequest;
use keyward_domain::model::passkeys::{Passkey, PasskeyName};
use keyward_domain::ports::webauthn::{Assertion, Attestation};
use keyward_web::Input;
use keyward_web::readers::{choice, object};
use serde::Serialize;
use utoipa::ToSchema;

use crate::extract::{binary, read};

/// The one type of credentials that there is.
const PUBLIC_KEY: &[(&str, ())] = &[("public-key", ())];

/// What `navigator.credentials.create()` gave, as its `toJSON()`; further members are ignored.
#[derive(Input)]
#[expect(non_snake_case, reason = "as WebAuthn names them")]
#[input(example = json!({
    "id": "mC3kX2Ej5q0", "rawId": "mC3kX2Ej5q0", "type": "public-key", "name": "Ana's phone",
    "response": { "clientDataJSON": "eyJ0eXBlIjoid2ViYXV0aG4uZ2V0In0", "attestationObject": "o2NmbXRkbm9uZQ", "transports": ["internal"] }
}))]
pub struct PasskeyRegistration {
    /// The credential id, in base64url.
    #[expect(dead_code, reason = "compared with `rawId` as it is read")]
    #[input(read = binary::bytes(1..=1023))]
    id: Vec<u8>,
    /// The same.
    #[input(given(id), read = binary::bytes(1..=1023).same(id))]
    rawId: Vec<u8>,
    #[input(read = choice(PUBLIC_KEY))]
    r#type: (),
    #[input(read = object::<AttestationResponse>())]
    response: AttestationResponse,
    /// What its owner calls the passkey; "Passkey" if missing.
    #[input(read = read::text::<1, 100>())]
    name: Option<PasskeyName>,
}

/// What an authenticator made.
#[derive(Input)]
#[expect(non_snake_case, reason = "as WebAuthn names them")]
pub struct AttestationResponse {
    /// In base64url.
    #[input(read = binary::bytes(2..=2048))]
    clientDataJSON: Vec<u8>,
    /// In base64url.
    #[input(read = binary::bytes(1..=8192))]
    attestationObject: Vec<u8>,
    /// How the browser reaches the authenticator. Words that are not known are left out.
    #[input(read = binary::transports())]
    transports: Option<Vec<String>>,
}

/// What `navigator.credentials.get()` gave, as its `toJSON()`; further members are ignored.
#[derive(Input)]
#[expect(non_snake_case, reason = "as WebAuthn names them")]
#[input(example = json!({
    "id": "mC3kX2Ej5q0", "rawId": "mC3kX2Ej5q0", "type": "public-key",
    "response": {
        "clientDataJSON": "eyJ0eXBlIjoid2ViYXV0aG4uZ2V0In0", "authenticatorData": "SZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2MFAAAAAA", "signature": "MEUCIQDx", "userHandle": "q80vqw"
    }
}))]
pub struct PasskeyAssertion {
    /// The credential id, in base64url.
    #[expect(dead_code, reason = "compared with `rawId` as it is read")]
    #[input(read = binary::bytes(1..=1023))]
    id: Vec<u8>,
    /// The same.
    #[input(given(id), read = binary::bytes(1..=1023).same(id))]
    rawId: Vec<u8>,
    #[input(read = choice(PUBLIC_KEY))]
    r#type: (),
    #[input(read = object::<AssertionResponse>())]
    response: AssertionResponse,
}

/// What an authenticator signed.
#[derive(Input)]
#[expect(non_snake_case, reason = "as WebAuthn names them")]
pub struct AssertionResponse {
    /// In base64url.
    #[input(read = binary::bytes(2..=2048))]
    clientDataJSON: Vec<u8>,
    /// In base64url.
    #[input(read = binary::bytes(37..=2048))]
    authenticatorData: Vec<u8>,
    /// In base64url.
    #[input(read = binary::bytes(1..=1024))]
    signature: Vec<u8>,
    /// In base64url. A login needs it, for nothing else names the account.
    #[input(read = binary::bytes(1..=64))]
    userHandle: Option<Vec<u8>>,
}

impl PasskeyRegistration {
    /// The answer of the authenticator, and the passkey's name.
    pub fn into_parts(self) -> (Attestation, PasskeyName) {
        let Self { rawId: id, r#type: (), response, name, .. } = self;
        let attestation = Attestation {
            id,
            client_data: response.clientDataJSON,
            attestation_object: response.attestationObject,
            transports: response.transports.unwrap_or_default(),
        };
        (attestation, name.unwrap_or_else(|| PasskeyName::from_stored("Passkey".to_owned())))
    }
}

impl From<PasskeyAssertion> for Assertion {
    fn from(passkey: PasskeyAssertion) -> Self {
        let PasskeyAssertion { rawId: id, r#type: (), response, .. } = passkey;
        Self {
            id,
            client_data: response.clientDataJSON,
            authenticator_data: response.authenticatorData,
            signature: response.signature,
            user_handle: response.userHandle,
        }
    }
}

/// What `PublicKeyCredential.parseCreationOptionsFromJSON` reads.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PasskeyCreationOptions {
    rp: RelyingPartyEntity,
    user: UserEntity,
    /// In base64url. Good once, for five minutes, for this account.
    #[schema(example = "kX3aJw0")]
    challenge: String,
    pub_key_cred_params: Vec<CredentialParameters>,
    /// In milliseconds.
    #[schema(example = 300_000)]
    timeout: i64,
    /// The passkeys that the account has: their authenticators make no second one.
    exclude_credentials: Vec<CredentialDescriptor>,
    authenticator_selection: AuthenticatorSelection,
    #[schema(example = "none")]
    attestation: &'static str,
}

/// Whom a passkey is for.
#[derive(Serialize, ToSchema)]
pub struct RelyingPartyEntity {
    #[schema(example = "login.example.com")]
    id: String,
    #[schema(example = "login.example.com")]
    name: String,
}

/// The account, as authenticators show it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserEntity {
    /// The user handle, in base64url.
    #[schema(example = "q80vqw")]
    id: String,
    #[schema(example = "ana@example.com")]
    name: String,
    #[schema(example = "Ana")]
    display_name: String,
}

/// An algorithm that a passkey may have.
#[derive(Serialize, ToSchema)]
pub struct CredentialParameters {
    #[schema(example = "public-key")]
    r#type: &'static str,
    /// As COSE numbers it: -7 is ES256.
    #[schema(example = -7)]
    alg: i32,
}

/// A passkey that there is.
#[derive(Serialize, ToSchema)]
pub struct CredentialDescriptor {
    #[schema(example = "public-key")]
    r#type: &'static str,
    /// In base64url.
    #[schema(example = "mC3kX2Ej5q0")]
    id: String,
    #[schema(example = json!(["internal"]))]
    transports: Vec<String>,
}

/// What authenticators have to do: to keep the passkey themselves, and to verify their user.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuthenticatorSelection {
    #[schema(example = "required")]
    resident_key: &'static str,
    #[schema(example = true)]
    require_resident_key: bool,
    #[schema(example = "required")]
    user_verification: &'static str,
}

/// What `PublicKeyCredential.parseRequestOptionsFromJSON` reads.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PasskeyRequestOptions {
    /// In base64url. Good once, for five minutes.
    #[schema(example = "kX3aJw0")]
    challenge: String,
    /// In milliseconds.
    #[schema(example = 300_000)]
    timeout: i64,
    #[schema(example = "login.example.com")]
    rp_id: String,
    /// Empty: the authenticator says which account it is.
    allow_credentials: Vec<CredentialDescriptor>,
    #[schema(example = "required")]
    user_verification: &'static str,
}

const REQUIRED: &str = "required";

fn milliseconds() -> i64 {
    LIFE.whole_seconds() * 1000
}

fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn described(passkey: &Passkey) -> CredentialDescriptor {
    let (id, transports) = (text(&passkey.new.credential), passkey.new.transports.clone());
    CredentialDescriptor { r#type: "public-key", id, transports }
}

impl From<RegistrationRequest> for PasskeyCreationOptions {
    fn from(request: RegistrationRequest) -> Self {
        let name = request.user.names.primary().to_owned();
        let display_name = request.user.name.as_ref().map_or_else(|| name.clone(), ToString::to_string);
        let parameter = |alg| CredentialParameters { r#type: "public-key", alg };
        Self {
            rp: RelyingPartyEntity { id: request.party.id, name: request.party.name },
            user: UserEntity { id: text(&request.handle), name, display_name },
            challenge: text(&request.challenge),
            pub_key_cred_params: request.algorithms.into_iter().map(parameter).collect(),
            timeout: milliseconds(),
            exclude_credentials: request.existing.iter().map(described).collect(),
            authenticator_selection: AuthenticatorSelection {
                resident_key: REQUIRED,
                require_resident_key: true,
                user_verification: REQUIRED,
            },
            attestation: "none",
        }
    }
}

impl From<AssertionRequest> for PasskeyRequestOptions {
    fn from(request: AssertionRequest) -> Self {
        Self {
            challenge: text(&request.challenge),
            timeout: milliseconds(),
            rp_id: request.party,
            allow_credentials: Vec::new(),
            user_verification: REQUIRED,
        }
    }
}
