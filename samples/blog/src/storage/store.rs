//! The blog's transactions on SeaORM, and the removal of a deleted account's posts.

use async_trait::async_trait;
use keyward_domain::model::store_error::StoreError;
use keyward_domain::values::ids::UserId;
use keyward_infra::database::db::{Db, Open, RemovingStep};
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

/// Removes posts of an account that was deleted.
pub fn removing(db: &mut Db<Open>, user: UserId, limit: u64) -> RemovingStep<'_> {
    Box::pin(async move { db.posts().delete_some_of(user, limit).await })
}
