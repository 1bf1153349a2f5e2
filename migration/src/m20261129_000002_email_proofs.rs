//! `email_proofs`: addresses that have to be proven, for each account one of either purpose, `verify` or `change`.
//!
//! It takes the place of `verifications`, which has one an account and stays for programs of the version before: they go on
//! while the new one starts. A later version drops it.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum EmailProofs {
    Table,
    UserId,
    Purpose,
    Email,
    TokenHash,
    Tries,
    KeptAt,
    ExpiresAt,
}

#[derive(DeriveIden)]
enum Users {
    Table,
    Id,
}

const COPY: &str = "
INSERT INTO email_proofs (user_id, purpose, email, token_hash, tries, kept_at, expires_at)
SELECT verifications.user_id, CASE WHEN users.email = verifications.email THEN 'verify' ELSE 'change' END,
    verifications.email, token_hash, tries, kept_at, expires_at
FROM verifications JOIN users ON users.id = verifications.user_id";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut user = ForeignKey::create()
            .name("fk_email_proofs_user_id")
            .from(EmailProofs::Table, EmailProofs::UserId)
            .to(Users::Table, Users::Id)
            .on_delete(ForeignKeyAction::Cascade)
            .take();
        let table = Table::create()
            .table(EmailProofs::Table)
            .col(ColumnDef::new(EmailProofs::UserId).big_integer().not_null())
            .col(ColumnDef::new(EmailProofs::Purpose).text().not_null())
            .col(ColumnDef::new(EmailProofs::Email).text().not_null())
            .col(ColumnDef::new(EmailProofs::TokenHash).blob().not_null())
            .col(ColumnDef::new(EmailProofs::Tries).big_integer().not_null())
            .col(ColumnDef::new(EmailProofs::KeptAt).big_integer().not_null())
            .col(ColumnDef::new(EmailProofs::ExpiresAt).big_integer().not_null())
            .primary_key(Index::create().col(EmailProofs::UserId).col(EmailProofs::Purpose))
            .foreign_key(&mut user)
            .take();
        manager.create_table(table).await?;
        manager
            .create_index(index("ux_email_proofs_token_hash", EmailProofs::TokenHash).unique().take())
            .await?;
        manager.create_index(index("ix_email_proofs_email", EmailProofs::Email)).await?;
        manager.create_index(index("ix_email_proofs_expires_at", EmailProofs::ExpiresAt)).await?;
        manager.get_connection().execute_unprepared(COPY).await.map(drop)
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(EmailProofs::Table).take()).await
    }
}

fn index(name: &str, column: EmailProofs) -> IndexCreateStatement {
    Index::create().name(name).table(EmailProofs::Table).col(column).take()
}
