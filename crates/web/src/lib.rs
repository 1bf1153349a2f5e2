#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

// The derive macro names this crate as others do.
extern crate self as keyward_web;

mod base_path;
mod body;
mod both;
pub mod codes;
mod conditions;
mod cursor;
mod fault;
mod fields;
mod form;
mod given;
mod input;
mod json;
mod paging;
mod path;
mod query;
mod reader;
pub mod readers;
mod rejection;
mod request_id;
mod shape;

pub use base_path::BasePath;
pub use body::{AnyBody, Body, Form, Media, Received, document_body, missing_body, receive, unreceived};
pub use both::Both;
pub use conditions::Conditions;
pub use cursor::{Key, List};
pub use fault::{Fault, Flaw, Loc};
pub use fields::Fields;
pub use form::decode;
pub use given::Given;
pub use input::{FromState, Input};
pub use keyward_web_derive::Input;
pub use paging::{DEFAULT_LIMIT, Listed, Listing, MAX_LIMIT, Page, Paged, Place, Unfiltered};
pub use path::{IntegerId, Path, PathParam, PathParams};
pub use query::{Here, Query, SECRETS, refuse_credentials_in};
pub use reader::{Field, Reader};
pub use rejection::{Rejection, document_rejection, document_validation};
pub use request_id::{RequestId, request_ids};
pub use shape::{Properties, Property, Shape};

/// What the derive macro refers to.
#[doc(hidden)]
pub mod hidden {
    pub use serde_json::json;
    pub use utoipa::openapi::path::{Parameter, ParameterIn};
    pub use utoipa::openapi::{RefOr, Schema};
    pub use utoipa::{IntoParams, PartialSchema, ToSchema};
}
