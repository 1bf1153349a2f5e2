//! Paths of well-known tutorials that Keyward has under another name: a 404 there says what to call instead.

/// What to call instead of `path`; `None` for any other path. `at` makes a path of ours one that clients can call.
pub(crate) fn instead(path: &str, at: impl Fn(&str) -> String) -> Option<String> {
    let path = path.trim_end_matches('/');
    let words = match path {
        "/user/login" => format!("Not Found: log in with POST {}", at("/login")),
        "/user/signup" => format!("Not Found: sign up with POST {}", at("/signup")),
        "/user" | "/user/all" => {
            format!(
                "Not Found: sign up with POST {users}; administrators list accounts with GET {users}",
                users = at("/users")
            )
        }
        _ => {
            let id = path.strip_prefix("/user/").filter(|id| id.bytes().all(|byte| byte.is_ascii_digit()))?;
            format!("Not Found: an account is at {}/{id}", at("/users"))
        }
    };
    Some(words)
}
