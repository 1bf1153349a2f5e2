//! The blog's transactions on SeaORM.

use async_trait::async_trait;
use keyward_domain::model::store_error::StoreError;
use keyward_infra::database::db::{Db, Open};
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
