//! For monitoring the process.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use keyward_domain::ports::store::Store;
use serde::Serialize;
use utoipa::ToSchema;

use crate::answers::refused::Refused;
use crate::error::ApiError;

/// How long the database may take to answer before it counts as away.
const PATIENCE: Duration = Duration::from_secs(2);

/// A healthy answer.
#[derive(Serialize, ToSchema)]
pub struct Health {
    #[schema(example = "ok")]
    status: &'static str,
}

const OK: Json<Health> = Json(Health { status: "ok" });

/// The process runs
#[utoipa::path(get, path = "/health/live", tag = "health", responses((status = 200, description = "It runs")))]
pub async fn read_liveness() -> Json<Health> {
    OK
}

/// The process can serve: its database answers
#[utoipa::path(get, path = "/health/ready", tag = "health", responses((status = 200, description = "It can serve")))]
pub async fn read_readiness(State(store): State<Arc<dyn Store>>) -> Result<Json<Health>, Refused> {
    match tokio::time::timeout(PATIENCE, store.ping()).await {
        Ok(answer) => Ok(answer.map(|()| OK)?),
        Err(_) => Err(ApiError::unavailable().into()),
    }
}
