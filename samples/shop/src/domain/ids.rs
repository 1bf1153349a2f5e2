//! The ids of what the shop stores.

use std::fmt;

/// Declares an id: a positive number that is never reused.
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
            pub struct $name(pub i64);

            impl fmt::Display for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    self.0.fmt(f)
                }
            }
        )*
    };
}

ids! {
    /// The id of a category.
    CategoryId;
    /// The id of a product.
    ProductId;
    /// The id of a line in a cart.
    ItemId;
    /// The id of an order.
    OrderId;
}
