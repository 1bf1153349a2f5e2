//! The headers of every answer: its request id, and those that keep browsers from guessing.

use std::mem;
use std::sync::LazyLock;

use axum::http::header::{
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use keyward_web::RequestId;

const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// What an answer may have of its own, and otherwise has as it stands here.
static DEFAULTS: [(HeaderName, HeaderValue); 3] = [
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'")),
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
];
/// What every answer has as it stands here.
static FIXED: [(HeaderName, HeaderValue); 4] = [
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (OPENER_POLICY, HeaderValue::from_static("same-origin")),
    (RESOURCE_POLICY, HeaderValue::from_static("same-origin")),
];
/// What most answers have of their own: a place is kept for them, so that the block need not grow.
static USUAL: [HeaderName; 2] = [CONTENT_TYPE, CONTENT_LENGTH];

/// The headers of an answer, made once.
static BLOCK: LazyLock<HeaderMap> = LazyLock::new(|| {
    let empty =
        [CONTENT_TYPE, CONTENT_LENGTH, RequestId::HEADER].map(|name| (name, HeaderValue::from_static("")));
    empty.into_iter().chain(DEFAULTS.iter().chain(&FIXED).cloned()).collect()
});

/// Adds them to the headers of an answer.
pub(crate) fn complete(headers: &mut HeaderMap, id: HeaderValue) {
    let own = mem::replace(headers, BLOCK.clone());
    let mut missing = [true; USUAL.len()];
    let mut name = None;
    let mut counts = false;
    for (next, value) in own {
        // A further value of a header comes without its name.
        let is_first = next.is_some();
        name = next.or(name);
        let Some(name) = &name else { continue };
        if !is_first {
            if counts {
                headers.append(name, value);
            }
            continue;
        }
        if let Some(usual) = USUAL.iter().position(|usual| usual == name) {
            missing[usual] = false;
        }
        counts = FIXED.iter().all(|(fixed, _)| fixed != name);
        if counts {
            headers.insert(name, value);
        }
    }
    for (name, _) in USUAL.iter().zip(missing).filter(|(_, missing)| *missing) {
        headers.remove(name);
    }
    headers.insert(RequestId::HEADER, id);
}

#[cfg(test)]
mod tests {
    use axum::http::header::VARY;

    use super::*;

    fn completed(own: &[(HeaderName, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in own {
            headers.append(name, HeaderValue::from_static(value));
        }
        complete(&mut headers, HeaderValue::from_static("1"));
        headers
    }

    #[test]
    fn an_answer_keeps_its_own_headers_and_gets_the_others() {
        let headers = completed(&[(CONTENT_TYPE, "text/html"), (VARY, "Origin"), (VARY, "Accept")]);
        assert_eq!(
            (&headers[CONTENT_TYPE], &headers[RequestId::HEADER]),
            (&"text/html".parse().unwrap(), &"1".parse().unwrap())
        );
        assert!(headers.get_all(VARY).iter().eq(["Origin", "Accept"]));
        assert_eq!((&headers[CACHE_CONTROL], headers.len()), (&"no-store".parse().unwrap(), 7 + 1 + 1 + 2));
    }

    #[test]
    fn it_may_have_a_policy_and_a_rule_for_caches_of_its_own_and_no_other_of_them() {
        let headers = completed(&[
            (CACHE_CONTROL, "max-age=60"),
            (CONTENT_SECURITY_POLICY, "default-src 'self'"),
            (CONTENT_SECURITY_POLICY, "img-src *"),
            (X_FRAME_OPTIONS, "SAMEORIGIN"),
            (RequestId::HEADER, "2"),
        ]);
        assert_eq!(headers.get_all(CACHE_CONTROL).iter().collect::<Vec<_>>(), ["max-age=60"]);
        let policies: Vec<_> = headers.get_all(CONTENT_SECURITY_POLICY).iter().collect();
        assert_eq!(policies, ["default-src 'self'", "img-src *"]);
        assert_eq!(headers.get_all(X_FRAME_OPTIONS).iter().collect::<Vec<_>>(), ["DENY"]);
        assert_eq!(headers.get_all(RequestId::HEADER).iter().collect::<Vec<_>>(), ["1"]);
    }
}
