//! The resources that this server can mount, one line each, in the order of the documentation.

use keyward_api::resources::resource::Resource;

/// The value of `KEYWARD_RESOURCES` where it is not set: what `openapi.json` describes.
pub const DEFAULT: &str = "blog,shop";

/// Every resource. `KEYWARD_RESOURCES` chooses among them by name.
pub fn known() -> Vec<Resource> {
    vec![
        keyward_blog::resource(), //
        keyward_shop::resource(),
    ]
}

/// The resources that are mounted where `KEYWARD_RESOURCES` is not set.
pub fn by_default() -> Vec<Resource> {
    named(&DEFAULT.split(',').collect::<Vec<_>>())
}

/// The resources of these names.
pub fn named(names: &[impl AsRef<str>]) -> Vec<Resource> {
    let chosen = |resource: &Resource| names.iter().any(|name| name.as_ref() == resource.name);
    known().into_iter().filter(chosen).collect()
}
