//! `users.username`: the user name of an account, unique where there is one.
//!
//! An account then may have no e-mail address. `users.email` stays as it is, unique and not null, for programs of the version
//! before, which read it from every row while they go on: where there is no address it holds the user name, which is no
//! address because it has no `@`. So neither database has to build the table anew.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum Users {
    Table,
    Username,
}

const INDEX: &str = "ux_users_username";

/// An account with a user name alone has no place in the schema before.
const NAMELESS: &str = "DELETE FROM users WHERE email = username";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = ColumnDef::new(Users::Username).text().null().take();
        manager.alter_table(Table::alter().table(Users::Table).add_column(column).take()).await?;
        let index = Index::create().name(INDEX).table(Users::Table).col(Users::Username).unique().take();
        manager.create_index(index).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(NAMELESS).await?;
        manager.drop_index(Index::drop().name(INDEX).table(Users::Table).to_owned()).await?;
        let alter = Table::alter().table(Users::Table).drop_column(Users::Username).take();
        manager.alter_table(alter).await
    }
}
