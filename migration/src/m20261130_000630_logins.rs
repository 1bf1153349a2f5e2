//! When each account last logged in. Accounts that have not logged in since have no row. It is a table of its own because a login locks the
//! row of its account together with others.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum Logins {
    Table,
    UserId,
    At,
}

#[derive(DeriveIden)]
enum Users {
    Table,
    Id,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut user = ForeignKey::create()
            .name("fk_logins_user_id")
            .from(Logins::Table, Logins::UserId)
            .to(Users::Table, Users::Id)
            .on_delete(ForeignKeyAction::Cascade)
            .take();
        let table = Table::create()
            .table(Logins::Table)
            .col(ColumnDef::new(Logins::UserId).big_integer().not_null().primary_key())
            .col(ColumnDef::new(Logins::At).big_integer().not_null())
            .foreign_key(&mut user)
            .take();
        manager.create_table(table).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(Logins::Table).take()).await
    }
}
