//! OAuth2 clients.

use async_trait::async_trait;
use keyward_auth::{Algorithm, ScopeSet, SecretHash};
use keyward_domain::model::clients::{Client, ClientChange, ClientRepository, ClientSettings};
use keyward_domain::model::store_error::StoreError;
use keyward_domain::values::ids::ClientId;
use keyward_domain::values::logout_uri::Backchannel;
use keyward_domain::values::resource_uri::ResourceUri;
use keyward_domain::values::text::Text;
use keyward_domain::values::uris::RedirectUri;
use sea_orm::{ActiveValue, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

use super::uris::{joined, split};
use crate::database::columns::{micros, time};
use crate::database::connections::Connections;
use crate::database::db::Db;
use crate::database::error::{corrupt, failed};
use crate::entity::clients::{ActiveModel, Column, Entity, Model};

/// What is kept in place of a hash for a client without a secret.
const NO_SECRET: [u8; 32] = [0; 32];

#[async_trait]
impl<C: Connections> ClientRepository for Db<C> {
    async fn insert(&mut self, client: &Client) -> Result<(), StoreError> {
        let Client { id, secret, settings, created_at } = client;
        let hash = secret.as_ref().map_or(&NO_SECRET, SecretHash::as_bytes);
        let row = ActiveModel {
            id: ActiveValue::Set(id.to_string()),
            name: ActiveValue::Set(settings.name.to_string()),
            scope: ActiveValue::Set(settings.scope.to_string()),
            secret_hash: ActiveValue::Set(hash.to_vec()),
            created_at: ActiveValue::Set(micros(*created_at)),
            public: ActiveValue::Set(secret.is_none()),
            redirect_uris: ActiveValue::Set(joined(&settings.redirect_uris)),
            logout_uris: ActiveValue::Set(joined(&settings.logout_uris)),
            resources: ActiveValue::Set(joined(&settings.resources)),
            id_token_alg: ActiveValue::Set(Some(settings.id_token_alg.to_string())),
            first_party: ActiveValue::Set(settings.first_party),
            device: ActiveValue::Set(settings.device),
            require_par: ActiveValue::Set(settings.require_par),
            backchannel_logout_uri: ActiveValue::Set(settings.backchannel.as_str().to_owned()),
            backchannel_logout_session_required: ActiveValue::Set(settings.backchannel_session_required),
        };
        Entity::insert(row).exec_without_returning(self.write()).await.map(drop).map_err(failed)
    }

    async fn find(&mut self, id: &ClientId) -> Result<Option<Client>, StoreError> {
        let row = Entity::find_by_id(id.as_str()).one(self.read()).await.map_err(failed)?;
        row.map(client).transpose()
    }

    async fn list(&mut self) -> Result<Vec<Client>, StoreError> {
        let rows = Entity::find().order_by_asc(Column::Id).all(self.read()).await.map_err(failed)?;
        rows.into_iter().map(client).collect()
    }

    async fn count(&mut self) -> Result<u64, StoreError> {
        Entity::find().count(self.read()).await.map_err(failed)
    }

    async fn change(&mut self, id: &ClientId, change: &ClientChange) -> Result<bool, StoreError> {
        fn text<T>(given: Option<&T>, write: impl FnOnce(&T) -> String) -> ActiveValue<String> {
            given.map_or(ActiveValue::NotSet, |given| ActiveValue::Set(write(given)))
        }
        let flag = |given: Option<bool>| given.map_or(ActiveValue::NotSet, ActiveValue::Set);
        let algorithm = change.id_token_alg.map(|algorithm| Some(algorithm.to_string()));
        let row = ActiveModel {
            // Without a column to set there is no valid statement.
            id: ActiveValue::Set(id.to_string()),
            name: text(change.name.as_ref(), ToString::to_string),
            scope: text(change.scope.as_ref(), ToString::to_string),
            redirect_uris: text(change.redirect_uris.as_ref(), |uris| joined(uris)),
            logout_uris: text(change.logout_uris.as_ref(), |uris| joined(uris)),
            resources: text(change.resources.as_ref(), |uris| joined(uris)),
            id_token_alg: algorithm.map_or(ActiveValue::NotSet, ActiveValue::Set),
            first_party: flag(change.first_party),
            device: flag(change.device),
            require_par: flag(change.require_par),
            backchannel_logout_uri: text(change.backchannel.as_ref(), |uri| uri.as_str().to_owned()),
            backchannel_logout_session_required: flag(change.backchannel_session_required),
            ..Default::default()
        };
        let update = Entity::update_many().set(row).filter(Column::Id.eq(id.as_str()));
        let done = update.exec(self.write()).await.map_err(failed)?;
        Ok(done.rows_affected > 0)
    }

    async fn replace_secret(&mut self, id: &ClientId, secret: &SecretHash) -> Result<bool, StoreError> {
        let row =
            ActiveModel { secret_hash: ActiveValue::Set(secret.as_bytes().to_vec()), ..Default::default() };
        let of_client = Column::Id.eq(id.as_str());
        let update = Entity::update_many().set(row).filter(of_client).filter(Column::Public.eq(false));
        let done = update.exec(self.write()).await.map_err(failed)?;
        Ok(done.rows_affected > 0)
    }

    async fn hold(&mut self, id: &ClientId) -> Result<bool, StoreError> {
        let standing = Entity::find_by_id(id.as_str()).select_only().column(Column::Id).lock_shared();
        let row: Option<String> = standing.into_tuple().one(self.write()).await.map_err(failed)?;
        Ok(row.is_some())
    }

    async fn remove(&mut self, id: &ClientId) -> Result<bool, StoreError> {
        let removal = Entity::delete_by_id(id.as_str()).exec(self.write()).await.map_err(failed)?;
        Ok(removal.rows_affected > 0)
    }
}

/// A client's id as it was kept.
pub(crate) fn client_id(text: &str) -> Result<ClientId, StoreError> {
    ClientId::parse(text).ok_or_else(|| corrupt(format!("client id {text:?}")))
}

fn client(row: Model) -> Result<Client, StoreError> {
    let hash = row.secret_hash.try_into().map_err(|_| corrupt("a secret's hash of another length"))?;
    let algorithm = row.id_token_alg.as_deref().map_or(Ok(Algorithm::Rs256), str::parse);
    let settings = ClientSettings {
        name: Text::from_stored(row.name),
        scope: ScopeSet::parse(&row.scope).map_err(|_| corrupt(format!("scope {:?}", row.scope)))?,
        redirect_uris: split(&row.redirect_uris, RedirectUri::parse)?,
        logout_uris: split(&row.logout_uris, RedirectUri::parse)?,
        resources: split(&row.resources, ResourceUri::parse)?,
        id_token_alg: algorithm.map_err(|_| corrupt("an algorithm of ID tokens"))?,
        first_party: row.first_party,
        device: row.device,
        require_par: row.require_par,
        backchannel: Backchannel::parse(&row.backchannel_logout_uri)
            .map_err(|_| corrupt(format!("URI {:?}", row.backchannel_logout_uri)))?,
        backchannel_session_required: row.backchannel_logout_session_required,
    };
    Ok(Client {
        id: client_id(&row.id)?,
        secret: (!row.public).then(|| SecretHash::from_bytes(hash)),
        settings,
        created_at: time(row.created_at)?,
    })
}
