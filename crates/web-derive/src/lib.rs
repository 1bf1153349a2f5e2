#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod attributes;
mod expand;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Implements `keyward_web::Input` for a struct, and utoipa's `ToSchema` and `IntoParams` from the same
/// declaration.
///
/// `keyward_web` documents the attributes.
#[proc_macro_derive(Input, attributes(input))]
pub fn input(item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item as DeriveInput);
    expand::expand(&item).unwrap_or_else(|error| error.to_compile_error()).into()
}
