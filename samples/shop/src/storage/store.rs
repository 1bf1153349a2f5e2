//! The shop's unit of work on SeaORM.

use async_trait::async_trait;
use keyward_domain::model::store_error::StoreError;
use keyward_infra::database::db::{Db, Open};
use keyward_infra::database::store::Database;

use crate::domain::cart::CartRepository;
use crate::domain::order::OrderRepository;
use crate::domain::product::CatalogRepository;
use crate::domain::store::{ShopStore, ShopTransaction};

impl ShopTransaction for Db<Open> {
    fn catalog(&mut self) -> &mut dyn CatalogRepository {
        self
    }

    fn carts(&mut self) -> &mut dyn CartRepository {
        self
    }

    fn orders(&mut self) -> &mut dyn OrderRepository {
        self
    }
}

#[async_trait]
impl ShopStore for Database {
    fn catalog(&self) -> Box<dyn CatalogRepository> {
        Box::new(self.autocommit_db())
    }

    fn catalog_replica(&self) -> Box<dyn CatalogRepository> {
        Box::new(self.replica_db())
    }

    fn carts(&self) -> Box<dyn CartRepository> {
        Box::new(self.autocommit_db())
    }

    fn orders(&self) -> Box<dyn OrderRepository> {
        Box::new(self.autocommit_db())
    }

    fn orders_replica(&self) -> Box<dyn OrderRepository> {
        Box::new(self.replica_db())
    }

    async fn begin(&self) -> Result<Box<dyn ShopTransaction>, StoreError> {
        Ok(Box::new(self.begin_db().await?))
    }
}
