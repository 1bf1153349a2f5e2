//! The ways in which an operation can be refused, as types: a signature names them, and documents follow from them.

use super::failure::Failure;

/// Receives each case: when it is given, and an error of it.
pub type Visit<'a> = dyn FnMut(&'static str, &dyn Failure) + 'a;

/// A case, a tuple of cases, or `()` for none.
pub trait Cases {
    /// Calls `visit` for each case.
    fn each(visit: &mut Visit<'_>);
}

/// Declares cases: a comment that says when it is given, a name, and an error of it.
///
/// ```text
/// cases! {
///     /// There is no such post.
///     NoPost => PostError::NotFound(PostId(9));
/// }
/// ```
#[macro_export]
macro_rules! cases {
    ($(#[doc = $when:literal] $name:ident => $example:expr;)+) => {$(
        #[doc = $when]
        pub struct $name;

        impl $crate::values::cases::Cases for $name {
            fn each(visit: &mut $crate::values::cases::Visit<'_>) {
                visit($when.trim().trim_end_matches('.'), &$example);
            }
        }
    )+};
}

macro_rules! tuples {
    ($(($($case:ident),*))+) => {$(
        impl<$($case: Cases),*> Cases for ($($case,)*) {
            fn each(visit: &mut Visit<'_>) {
                $($case::each(visit);)*
                let _ = visit;
            }
        }
    )+};
}

tuples! {
    ()
    (A)
    (A, B)
    (A, B, C)
    (A, B, C, D)
    (A, B, C, D, E)
    (A, B, C, D, E, F)
    (A, B, C, D, E, F, G)
}
