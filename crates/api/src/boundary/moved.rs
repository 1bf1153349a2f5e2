//! Paths of well-known tutorials that Keyward has under another name: a 404 there says what to call instead.

use std::collections::BTreeSet;

/// Where `{id}` stands, any number does.
const ID: &str = "{id}";

/// A path of Keyward's, the paths that tutorials have for it, and what to do there. `@` stands for the path.
const MOVED: [(&str, &[&str], &str); 15] = [
    ("/login", &["/user/login", "/auth/login", "/auth/token", "/signin"], "log in with POST @"),
    ("/signup", &["/user/signup", "/auth/signup", "/auth/register", "/register"], "sign up with POST @"),
    (
        "/refresh_token",
        &["/auth/refresh", "/auth/refresh_token", "/refresh", "/token/refresh"],
        "trade a refresh token for the next pair with POST @",
    ),
    ("/logout", &["/auth/logout", "/user/logout"], "log out with POST @"),
    ("/users/me", &["/auth/me", "/user/me", "/me"], "the caller's own account is at @"),
    ("/users", &["/user", "/user/all"], "sign up with POST @; administrators list accounts with GET @"),
    ("/users/{id}", &["/user/{id}"], "an account is at @"),
    ("/posts", &["/createposts", "/post"], "write a post with POST @, list posts with GET @"),
    ("/posts/{id}", &["/post/{id}"], "a post is at @"),
    ("/blog", &["/blogs"], "published posts are at @"),
    ("/categories", &["/category", "/category/all"], "categories are at @"),
    ("/categories/{id}", &["/category/{id}"], "a category is at @"),
    ("/cart/items", &["/cart/add"], "put a product into the cart with POST @"),
    ("/cart/items/{id}", &["/cart/{id}"], "a line of the cart is at @"),
    ("/orders", &["/order"], "place an order with POST @"),
];

/// What to call instead of `path`; `None` for any other path, and where `ours`, the paths of the document, lacks what is named. `at`
/// makes a path of ours one that clients can call.
pub(crate) fn instead(path: &str, ours: &BTreeSet<String>, at: impl Fn(&str) -> String) -> Option<String> {
    let path = path.trim_end_matches('/');
    MOVED.iter().filter(|(target, ..)| ours.contains(*target)).find_map(|(target, names, words)| {
        let id = names.iter().find_map(|name| matched(path, name))?;
        Some(format!("Not Found: {}", words.replace('@', &at(&target.replace(ID, id)))))
    })
}

/// The number in place of `{id}`, empty where the pattern has none; `None` for another path.
fn matched<'a>(path: &'a str, pattern: &str) -> Option<&'a str> {
    match pattern.split_once(ID) {
        None => (path == pattern).then_some(""),
        Some((before, after)) => path
            .strip_prefix(before)?
            .strip_suffix(after)
            .filter(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit())),
    }
}
