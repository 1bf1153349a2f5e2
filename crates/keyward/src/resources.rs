//! The resources that this server can mount, one line each, in the order of the documentation.

use keyward_api::resources::resource::Resource;

/// Every resource. `KEYWARD_RESOURCES` chooses among them by name.
pub fn known() -> Vec<Resource> {
    vec![
        keyward_blog::resource(), //
        keyward_shop::resource(),
    ]
}
