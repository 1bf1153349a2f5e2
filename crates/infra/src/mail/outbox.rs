//! Mails on their way. A claim is one statement, so that of any number of replicas one gets it.

use async_trait::async_trait;
use keyward_domain::model::mail::{Lane, Sealed};
use keyward_domain::model::outbox::{Claimed, MailEntry, MailState, OutboxRepository, Outcome, Recipients};
use keyward_domain::model::store_error::StoreError;
use keyward_domain::ports::announce::Change;
use keyward_domain::values::email::Email;
use keyward_domain::values::ids::MailId;
use sea_orm::sea_query::{Expr, ExprTrait, LockBehavior, LockType, Order, Query};
use sea_orm::{
    ActiveValue, ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect,
};
use time::OffsetDateTime;

use crate::database::batches::delete_all;
use crate::database::columns::{micros, time, without_nul};
use crate::database::connections::Connections;
use crate::database::db::Db;
use crate::database::error::{corrupt, failed};
use crate::entity::outbox::{ActiveModel, Column, Entity, Model};

/// How much is kept of why a try failed, in characters.
const LONGEST_ERROR: usize = 500;

#[async_trait]
impl<C: Connections> OutboxRepository for Db<C> {
    async fn enqueue(&mut self, mail: &Sealed) -> Result<MailId, StoreError> {
        let row = ActiveModel {
            id: ActiveValue::NotSet,
            reference: ActiveValue::Set(mail.reference),
            recipient: ActiveValue::Set(mail.recipient.to_string()),
            subject: ActiveValue::Set(mail.subject.clone()),
            text_part: ActiveValue::Set(mail.text.clone()),
            html_part: ActiveValue::Set(mail.html.clone()),
            created_at: ActiveValue::Set(micros(mail.created_at)),
            state: ActiveValue::Set(MailState::Waiting.as_str().to_owned()),
            at: ActiveValue::Set(micros(mail.created_at)),
            attempts: ActiveValue::Set(0),
            last_error: ActiveValue::Set(None),
            lane: ActiveValue::Set(mail.lane.number()),
        };
        let done = Entity::insert(row).exec(self.write()).await.map_err(failed)?;
        self.announce(Change::Mail).await?;
        Ok(MailId(done.last_insert_id))
    }

    async fn withdraw(&mut self, id: MailId) -> Result<(), StoreError> {
        Entity::delete_by_id(id.0).exec(self.write()).await.map(drop).map_err(failed)
    }

    /// The conditions stand there twice: PostgreSQL looks at the outer ones again after it has waited for a row.
    async fn claim(
        &mut self,
        lane: Lane,
        to: &Recipients,
        now: OffsetDateTime,
        until: OffsetDateTime,
    ) -> Result<Option<Claimed>, StoreError> {
        let mut next = Query::select();
        next.column(Column::Id)
            .from(Entity)
            .and_where(Column::State.eq(MailState::Waiting.as_str()))
            .and_where(Column::Lane.eq(lane.number()))
            .and_where(Column::At.lte(micros(now)))
            .order_by(Column::At, Order::Asc)
            .limit(1);
        next.cond_where(are(to));
        if self.write().get_database_backend() == DbBackend::Postgres {
            next.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
        }
        let claim = Entity::update_many()
            .col_expr(Column::At, Expr::value(micros(until)))
            .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1_i64))
            .filter(Expr::col(Column::Id).eq(Expr::from(next)))
            .filter(Column::State.eq(MailState::Waiting.as_str()))
            .filter(Column::At.lte(micros(now)));
        let rows = claim.exec_with_returning(self.write()).await.map_err(failed)?;
        rows.into_iter().next().map(claimed).transpose()
    }

    async fn settle(
        &mut self,
        id: MailId,
        until: OffsetDateTime,
        outcome: &Outcome,
    ) -> Result<bool, StoreError> {
        let (state, at, error) = match outcome {
            Outcome::Sent(at) => (MailState::Sent, at, None),
            Outcome::Later(at, error) => (MailState::Waiting, at, Some(error)),
            Outcome::Dead(at, error) => (MailState::Dead, at, Some(error)),
        };
        let error = error.map(|error| without_nul(error).chars().take(LONGEST_ERROR).collect::<String>());
        let mut update = Entity::update_many()
            .col_expr(Column::State, Expr::value(state.as_str()))
            .col_expr(Column::At, Expr::value(micros(*at)))
            .col_expr(Column::LastError, Expr::value(error))
            .filter(Column::Id.eq(id.0))
            .filter(Column::State.eq(MailState::Waiting.as_str()))
            .filter(Column::At.eq(micros(until)));
        if state == MailState::Sent {
            update = update
                .col_expr(Column::TextPart, Expr::value(Vec::<u8>::new()))
                .col_expr(Column::HtmlPart, Expr::value(Vec::<u8>::new()));
        }
        Ok(update.exec(self.write()).await.map_err(failed)?.rows_affected > 0)
    }

    async fn list(&mut self, state: Option<MailState>, limit: u64) -> Result<Vec<MailEntry>, StoreError> {
        let mut rows = Entity::find();
        if let Some(state) = state {
            // In the order of the index.
            rows = rows.filter(Column::State.eq(state.as_str())).order_by_desc(Column::At);
        }
        let rows = rows.order_by_desc(Column::Id).limit(limit).all(self.read()).await.map_err(failed)?;
        rows.into_iter().rev().map(entry).collect()
    }

    async fn find(&mut self, id: MailId) -> Result<Option<(MailEntry, Sealed)>, StoreError> {
        let row = Entity::find_by_id(id.0).one(self.read()).await.map_err(failed)?;
        row.map(|row| Ok((entry(row.clone())?, sealed(row)?))).transpose()
    }

    async fn count(&mut self, state: MailState) -> Result<u64, StoreError> {
        Entity::find().filter(Column::State.eq(state.as_str())).count(self.read()).await.map_err(failed)
    }

    async fn retry(&mut self, id: Option<MailId>, now: OffsetDateTime) -> Result<u64, StoreError> {
        let mut update = Entity::update_many()
            .col_expr(Column::State, Expr::value(MailState::Waiting.as_str()))
            .col_expr(Column::At, Expr::value(micros(now)))
            .col_expr(Column::Attempts, Expr::value(0_i64))
            .filter(Column::State.ne(MailState::Sent.as_str()));
        update = match id {
            Some(id) => update.filter(Column::Id.eq(id.0)),
            None => update.filter(Column::State.eq(MailState::Dead.as_str())),
        };
        Ok(update.exec(self.write()).await.map_err(failed)?.rows_affected)
    }

    async fn forget(&mut self, before: OffsetDateTime) -> Result<u64, StoreError> {
        let sent = Column::State.eq(MailState::Sent.as_str());
        let old = Condition::all().add(sent).add(Column::At.lt(micros(before)));
        delete_all::<Entity>(self.write(), Column::Id, old).await
    }
}

/// The condition that a row's recipient is one of these.
fn are(recipients: &Recipients) -> Condition {
    // A domain name has no character that means anything in a pattern.
    let pattern = |domain: &String| format!("%@{domain}");
    match recipients {
        Recipients::AllBut(domains) => {
            let others = domains.iter().map(|domain| Column::Recipient.not_like(pattern(domain)));
            others.fold(Condition::all(), Condition::add)
        }
        Recipients::Only(domains) => {
            let any = domains.iter().map(|domain| Column::Recipient.like(pattern(domain)));
            // An empty condition would be true.
            any.fold(Condition::any().add(Expr::value(false)), Condition::add)
        }
    }
}

fn attempts(row: &Model) -> Result<u32, StoreError> {
    row.attempts.try_into().map_err(|_| corrupt(format!("{} attempts", row.attempts)))
}

fn claimed(row: Model) -> Result<Claimed, StoreError> {
    let (id, until, attempt) = (MailId(row.id), time(row.at)?, attempts(&row)?);
    Ok(Claimed { id, until, attempt, mail: sealed(row)? })
}

fn sealed(row: Model) -> Result<Sealed, StoreError> {
    Ok(Sealed {
        reference: row.reference,
        lane: Lane::from_number(row.lane).ok_or_else(|| corrupt(format!("lane {}", row.lane)))?,
        created_at: time(row.created_at)?,
        recipient: Email::from_stored(row.recipient),
        subject: row.subject,
        text: row.text_part,
        html: row.html_part,
    })
}

fn entry(row: Model) -> Result<MailEntry, StoreError> {
    Ok(MailEntry {
        id: MailId(row.id),
        attempts: attempts(&row)?,
        created_at: time(row.created_at)?,
        at: time(row.at)?,
        state: MailState::from_name(&row.state).ok_or_else(|| corrupt(format!("state {:?}", row.state)))?,
        recipient: Email::from_stored(row.recipient),
        subject: row.subject,
        last_error: row.last_error,
    })
}
