//! `clients`.

use sea_orm::entity::prelude::*;

#[expect(clippy::struct_excessive_bools, reason = "columns")]
#[derive(Clone, Debug, DeriveEntityModel)]
#[sea_orm(table_name = "clients")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub name: String,
    pub scope: String,
    /// Zeros for a public client: the hash of no secret, also for a version of this program that knows none.
    pub secret_hash: Vec<u8>,
    pub created_at: i64,
    pub public: bool,
    /// URIs, separated by spaces.
    pub redirect_uris: String,
    pub logout_uris: String,
    pub resources: String,
    /// `None`: RS256.
    pub id_token_alg: Option<String>,
    pub first_party: bool,
    pub require_par: bool,
    pub device: bool,
    /// Empty for none.
    pub backchannel_logout_uri: String,
    pub backchannel_logout_session_required: bool,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
