//! Lists of URIs as they are kept: separated by spaces, which no URI holds.

use std::fmt::Display;

use keyward_domain::model::store_error::StoreError;
use keyward_domain::values::uris::UriError;

use crate::database::error::corrupt;

pub(super) fn joined<T: Display>(uris: &[T]) -> String {
    uris.iter().map(T::to_string).collect::<Vec<_>>().join(" ")
}

pub(super) fn split<T>(text: &str, parse: fn(&str) -> Result<T, UriError>) -> Result<Vec<T>, StoreError> {
    let parsed = text.split_whitespace().map(|uri| parse(uri).map_err(|_| corrupt(format!("URI {uri:?}"))));
    parsed.collect()
}
