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
use crate::metrics::background::Background;

/// How long the database may take to answer before it counts as away.
const PATIENCE: Duration = Duration::from_secs(2);

/// A healthy answer.
#[derive(Serialize, ToSchema)]
pub struct Health {
    #[schema(example = "ok")]
    status: &'static str,
}

/// A server that can serve, with what is amiss beside its requests.
#[derive(Serialize, ToSchema)]
pub struct Readiness {
    #[schema(example = "ok")]
    status: &'static str,
    /// Background workers that broke and are about to be started again: `keys`, `cleaning`,
    /// `deletion`, `mail`, `changes`. Left out
    /// while empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false, example = json!([]))]
    restarting: Vec<&'static str>,
    /// The ids of signing keys that this server cannot open, for they were sealed with another master secret. Left out while
    /// empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false, example = json!([]))]
    unopened_keys: Vec<String>,
}

/// The process runs
#[utoipa::path(get, path = "/health/live", tag = "health", responses((status = 200, description = "It runs")))]
pub async fn read_liveness() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// The process can serve: its database answers
#[utoipa::path(get, path = "/health/ready", tag = "health", responses((status = 200, description = "It can serve")))]
pub async fn read_readiness(
    State(store): State<Arc<dyn Store>>,
    State(background): State<Background>,
) -> Result<Json<Readiness>, Refused> {
    match tokio::time::timeout(PATIENCE, store.ping()).await {
        Ok(answer) => answer?,
        Err(_) => return Err(ApiError::unavailable().into()),
    }
    let (restarting, unopened_keys) = (background.restarting(), background.unopened_keys());
    Ok(Json(Readiness { status: "ok", restarting, unopened_keys }))
}
