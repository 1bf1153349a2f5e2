//! The blog's transactions on SeaORM, and the deletion of an account's posts.

use async_trait::async_trait;
use keyward_domain::model::store_error::StoreError;
use keyward_domain::values::ids::UserId;
use keyward_infra::database::db::{Db, LeavingStep, Open};
use keyward_infra::database::store::Database;

use crate::domain::post::PostRepository;
use crate::domain::store::{BlogStore, BlogTransaction};

impl BlogTransaction for Db<Open> {
    fn posts(&mut self) -> &mut dyn PostRepository {
        self
    }
}

#[async_trait]
impl BlogStore for Database {
    fn posts(&self) -> Box<dyn PostRepository> {
        Box::new(self.autocommit_db())
    }

    fn posts_replica(&self) -> Box<dyn PostRepository> {
        Box::new(self.replica_db())
    }

    async fn begin(&self) -> Result<Box<dyn BlogTransaction>, StoreError> {
        Ok(Box::new(self.begin_db().await?))
    }
}

/// Deletes the posts of an account, in the transaction that deletes the account.
pub fn leaving(db: &mut Db<Open>, user: UserId) -> LeavingStep<'_> {
    Box::pin(async move { db.posts().delete_of(user).await })
}
