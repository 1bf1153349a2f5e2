//! Who makes a request, for handlers: the guard's lock, with Keyward's own identity.

use keyward_domain::values::actor::Actor;

/// The user whose valid access token came with the request; it carries the scope `R` where one is named.
///
/// Always a handler's first argument, so that nothing else is looked at before.
pub type CurrentUser<R = ()> = keyward_guard::CurrentUser<R, Actor>;
