//! Resources that do not fit together, or not with Keyward, stop the start with a sentence.

use keyward_api::resources::resource::{Resource, ResourceScope};
use keyward_api::settings::Settings;
use keyward_api::wiring::check::check;
use keyward_domain::values::scopes::Role;

/// Why these resources are refused.
fn refusal(resources: &[Resource]) -> String {
    check(&Settings::defaults(), resources).unwrap_err().to_string()
}

/// A resource that has nothing but routes.
fn bare(name: &'static str, routes: &Resource) -> Resource {
    let mut resource = routes.clone();
    resource.name = name;
    resource.migrations.name = name;
    resource.scopes.clear();
    resource.lists = &[];
    resource.letters = &[];
    resource
}

#[test]
fn the_samples_fit_together() {
    check(&Settings::defaults(), &[keyward_blog::resource(), keyward_shop::resource()]).unwrap();
}

#[test]
fn nothing_is_taken_twice() {
    let (blog, shop) = (keyward_blog::resource(), keyward_shop::resource());
    let mut twin = blog.clone();
    twin.scopes.clear();
    twin.lists = &[];
    assert_eq!(refusal(&[blog.clone(), twin]), "the resource blog has the name blog, which is taken");

    let scope = Resource { scopes: blog.scopes.clone(), ..bare("notes", &shop) };
    assert_eq!(
        refusal(&[blog.clone(), scope]),
        "the resource notes has the scope posts:read, which is taken"
    );
    let list = Resource { lists: blog.lists, ..bare("notes", &shop) };
    assert!(refusal(&[blog.clone(), list]).contains("the list"));
    let path = refusal(&[blog.clone(), bare("notes", &blog)]);
    assert!(path.starts_with("the resource notes has the path /"), "{path}");
}

#[test]
fn keywards_own_is_not_taken() {
    let blog = keyward_blog::resource();
    let scope = ResourceScope { name: "admin", title: "", role: Role::User };
    let scope = Resource { scopes: vec![scope], ..bare("notes", &blog) };
    assert_eq!(refusal(&[scope]), "the resource notes has the scope admin, which is taken");
    let mut letters = keyward_shop::resource().letters.to_vec();
    letters[0].name = "password_reset";
    let letters = Resource { letters: letters.leak(), ..bare("notes", &blog) };
    assert_eq!(refusal(&[letters]), "the resource notes has the letter password_reset, which is taken");
}

#[test]
fn migrations_are_named_like_their_resource() {
    let mut resource = keyward_blog::resource();
    resource.name = "notes";
    assert_eq!(refusal(&[resource]), "the migrations of the resource notes are named blog, not notes");
}

#[test]
fn a_malformed_scope_takes_no_other_with_it() {
    let scope = ResourceScope { name: "notes read", title: "", role: Role::User };
    let resource = Resource { scopes: vec![scope], ..bare("notes", &keyward_blog::resource()) };
    assert!(refusal(&[resource]).starts_with("a scope of a resource: "));
}

#[test]
fn a_bound_of_nothing_is_refused() {
    let mut settings = Settings::defaults();
    settings.tokens.revocation_bound = std::time::Duration::ZERO;
    assert!(check(&settings, &[]).unwrap_err().to_string().contains("KEYWARD_REVOCATION_BOUND"));
}
