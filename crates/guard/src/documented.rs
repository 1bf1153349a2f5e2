//! From a handler's signature to its OpenAPI operation.
//!
//! A handler's arguments are extractors; each says through [`Documented`] what it adds to the operation. The
//! [`endpoint!`](crate::endpoint) macro collects that from the handler's own type, so an argument without it
//! does not compile, and none can be documented but not enforced. The return type does the same through [`Answers`].

use axum::Json;
use axum::extract::State;
use axum::handler::Handler;
use utoipa::ToSchema;
use utoipa::openapi::path::Operation;
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::{ContentBuilder, PathItem, Ref, RefOr, Required};
use utoipa_axum::router::UtoipaMethodRouter;

use crate::answers::{Answers, Returns};
use crate::schemas::Schemas;

/// What an extractor adds to the operation whose handler takes it.
pub trait Documented {
    /// Adds it; a schema referred to by name goes to `schemas`.
    fn document(operation: &mut Operation, schemas: &mut Schemas);
}

impl<T> Documented for State<T> {
    fn document(_: &mut Operation, _: &mut Schemas) {}
}

/// A JSON body documents itself, by the schema of what is read from it.
impl<T: ToSchema> Documented for Json<T> {
    fn document(operation: &mut Operation, schemas: &mut Schemas) {
        T::schemas(schemas);
        schemas.push((T::name().into_owned(), T::schema()));
        let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(T::name()))).build();
        let body = RequestBodyBuilder::new().content("application/json", content);
        operation.request_body.get_or_insert_with(|| RefOr::T(body.required(Some(Required::True)).build()));
    }
}

/// Adds to every operation of `routes` what the return type and the arguments of `handler` say. Called by
/// [`endpoint!`](crate::endpoint).
pub fn describe<H, T, A, S>(routes: UtoipaMethodRouter<S>, _: &H) -> UtoipaMethodRouter<S>
where
    H: Handler<T, S> + Returns<A>,
    H::Answer: Answers,
    T: Documented,
{
    let (mut schemas, mut paths, router) = routes;
    for operation in paths.paths.values_mut().flat_map(operations) {
        H::Answer::answers(operation, &mut schemas);
        T::document(operation, &mut schemas);
    }
    (schemas, paths, router)
}

/// The operations of a path.
pub(crate) fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.put, &mut item.post, &mut item.delete, &mut item.patch].into_iter().flatten()
}

/// A handler with its `#[utoipa::path]`, ready for `utoipa_axum::router::OpenApiRouter::routes`.
///
/// ```text
/// OpenApiRouter::new().routes(endpoint!(create_post))
/// ```
#[macro_export]
macro_rules! endpoint {
    ($handler:path) => {
        $crate::describe($crate::utoipa_axum::routes!($handler), &$handler)
    };
}

/// The first element is axum's marker of the handler's kind.
macro_rules! document_tuples {
    ($($argument:ident),*) => {
        impl<M, $($argument: Documented),*> Documented for (M, $($argument,)*) {
            fn document(operation: &mut Operation, schemas: &mut Schemas) {
                $($argument::document(operation, schemas);)*
                let _ = (operation, schemas);
            }
        }
    };
}

document_tuples!(A);
document_tuples!(A, B);
document_tuples!(A, B, C);
document_tuples!(A, B, C, D);
document_tuples!(A, B, C, D, E);
document_tuples!(A, B, C, D, E, F);

/// A handler without arguments: axum marks it with the marker alone.
impl Documented for ((),) {
    fn document(_: &mut Operation, _: &mut Schemas) {}
}
