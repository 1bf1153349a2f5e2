//! `device_requests`: devices that ask for a login, each for some minutes; and which clients may. A request goes with its client, and with
//! the account that allowed it.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum Clients {
    Table,
    Id,
    Device,
}

#[derive(DeriveIden)]
enum Users {
    Table,
    Id,
}

#[derive(DeriveIden)]
enum DeviceRequests {
    Table,
    CodeHash,
    UserCode,
    ClientId,
    Scope,
    Resource,
    UserAgent,
    Ip,
    Network,
    CreatedAt,
    ExpiresAt,
    Interval,
    AskedAt,
    State,
    UserId,
    BrowserId,
    DecidedAt,
}

fn requests() -> TableCreateStatement {
    use DeviceRequests as Column;
    let text = |name| ColumnDef::new(name).text().not_null().take();
    let number = |name| ColumnDef::new(name).big_integer().not_null().take();
    let mut client = ForeignKey::create()
        .name("fk_device_requests_client_id")
        .from(Column::Table, Column::ClientId)
        .to(Clients::Table, Clients::Id)
        .on_delete(ForeignKeyAction::Cascade)
        .take();
    let mut user = ForeignKey::create()
        .name("fk_device_requests_user_id")
        .from(Column::Table, Column::UserId)
        .to(Users::Table, Users::Id)
        .on_delete(ForeignKeyAction::Cascade)
        .take();
    Table::create()
        .table(Column::Table)
        .col(ColumnDef::new(Column::CodeHash).blob().not_null().primary_key())
        .col(text(Column::UserCode))
        .col(text(Column::ClientId))
        .col(text(Column::Scope))
        .col(ColumnDef::new(Column::Resource).text())
        .col(ColumnDef::new(Column::UserAgent).text())
        .col(ColumnDef::new(Column::Ip).text())
        .col(ColumnDef::new(Column::Network).text())
        .col(number(Column::CreatedAt))
        .col(number(Column::ExpiresAt))
        .col(number(Column::Interval))
        .col(ColumnDef::new(Column::AskedAt).big_integer())
        .col(text(Column::State))
        .col(ColumnDef::new(Column::UserId).big_integer())
        .col(ColumnDef::new(Column::BrowserId).uuid())
        .col(ColumnDef::new(Column::DecidedAt).big_integer())
        .foreign_key(&mut client)
        .foreign_key(&mut user)
        .take()
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut device = ColumnDef::new(Clients::Device).boolean().not_null().default(false).take();
        manager.alter_table(Table::alter().table(Clients::Table).add_column(&mut device).take()).await?;
        manager.create_table(requests()).await?;
        let index = |name: &str| Index::create().name(name).table(DeviceRequests::Table).take();
        let code = index("ux_device_requests_user_code").col(DeviceRequests::UserCode).unique().take();
        manager.create_index(code).await?;
        manager
            .create_index(index("ix_device_requests_expires_at").col(DeviceRequests::ExpiresAt).take())
            .await?;
        manager.create_index(index("ix_device_requests_user_id").col(DeviceRequests::UserId).take()).await?;
        for (name, column) in [
            ("ix_device_requests_client_id", DeviceRequests::ClientId),
            ("ix_device_requests_network", DeviceRequests::Network),
        ] {
            manager.create_index(index(name).col(column).col(DeviceRequests::ExpiresAt).take()).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(DeviceRequests::Table).take()).await?;
        manager.alter_table(Table::alter().table(Clients::Table).drop_column(Clients::Device).take()).await
    }
}
