//! Why the service cannot be set up.

/// One sentence that names the setting to correct, or the part that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ServiceError(String);

impl From<String> for ServiceError {
    fn from(sentence: String) -> Self {
        Self(sentence)
    }
}

impl From<&str> for ServiceError {
    fn from(sentence: &str) -> Self {
        Self(sentence.to_owned())
    }
}

impl From<ServiceError> for String {
    fn from(error: ServiceError) -> Self {
        error.0
    }
}
