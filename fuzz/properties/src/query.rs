//! Queries, the cursors of pages in them, and ids in paths.

use axum::body::Body;
use axum::response::IntoResponse;
use http::{Request, Uri, header};
use keyward_api::extract::{Id, Paged};
use keyward_api::routes::identity::users::User;
use keyward_blog::routes::wire::{Post, PostList};
use keyward_domain::values::ids::SessionId;
use keyward_domain::values::ids::UserId;
use keyward_domain::values::page::{MAX_LIMIT, Slice};
use keyward_web::PathParam;

use crate::Fate;
use crate::answers::head;

/// A page is within its bounds, a cursor good for one list, and the link to the next page leads there.
pub fn check(input: &[u8]) -> Fate {
    if let Ok(text) = std::str::from_utf8(input) {
        ids(text);
    }
    let Ok(uri) = Uri::try_from([b"/posts?", input].concat()) else { return Fate::Refused };
    let _ = head::<Paged<Post, PostList>>(request(&uri));
    let users = head::<Paged<User>>(request(&uri));
    let Ok(Paged { page, here, .. }) = head::<Paged<Post>>(request(&uri)) else { return Fate::Refused };
    assert!((1..=MAX_LIMIT).contains(&page.limit));
    let next = page.after.unwrap_or(1);
    assert!(next > 0);
    assert!(page.after.is_none() || users.is_err(), "a cursor of posts is none of users");

    let slice = Slice { items: Vec::<Post>::new(), next: Some(next) };
    let response = here.listing(slice).into_response();
    let link = response.headers()[header::LINK].to_str().expect("a link is ASCII").to_owned();
    let target = link.strip_prefix('<').and_then(|link| link.strip_suffix(">; rel=\"next\""));
    let there: Uri = target.expect("it is a link").parse().expect("it leads somewhere");
    let Ok(followed) = head::<Paged<Post>>(request(&there)) else { panic!("refused: {there}") };
    assert_eq!((followed.page.limit, followed.page.after), (page.limit, Some(next)), "{there}");
    Fate::Accepted
}

fn request(uri: &Uri) -> Request<Body> {
    let mut request = Request::new(Body::empty());
    request.uri_mut().clone_from(uri);
    request
}

/// An id that is read means the same when it is written.
fn ids(text: &str) {
    if let Ok(id) = Id::<UserId>::parse(text) {
        assert_eq!(Id::<UserId>::parse(&id.0.to_string()), Ok(id));
        assert!(text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-'));
    }
    if let Ok(id) = Id::<SessionId>::parse(text) {
        assert_eq!(id.0.to_string(), text.to_ascii_lowercase());
    }
}
