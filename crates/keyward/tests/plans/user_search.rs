//! Lists of accounts that are narrowed.

use keyward_domain::model::users::UserFilter;
use keyward_domain::ports::store::Repositories;
use keyward_domain::values::email::Email;
use keyward_domain::values::names::Username;
use keyward_domain::values::page::Page;
use keyward_domain::values::scopes::Role;

use crate::Inspector;

pub(crate) async fn all(inspector: &mut Inspector) {
    let rows = inspector.rows;
    let search = |part: &str| UserFilter { search: Some(part.to_owned()), ..UserFilter::default() };
    let (role, disabled) = (|role| Some(role), |disabled| Some(disabled));
    let plain = UserFilter::default;
    let filters = [
        ("all", plain()),
        ("one address", UserFilter { email: Email::parse("user7@example.com").ok(), ..plain() }),
        ("one user name", UserFilter { username: Username::parse("user7").ok(), ..plain() }),
        ("with a common part", search("example")),
        ("with a rare part", search(&format!("user{}@", rows / 2))),
        ("with an unknown part", search("xyzzy")),
        ("with two letters", search("zz")),
        ("with a sign", search("@")),
        ("administrators", UserFilter { role: role(Role::Admin), ..plain() }),
        ("administrators with a common part", UserFilter { role: role(Role::Admin), ..search("example") }),
        ("disabled", UserFilter { disabled: disabled(true), ..plain() }),
        ("disabled with a common part", UserFilter { disabled: disabled(true), ..search("example") }),
        (
            "users who are not disabled",
            UserFilter { role: role(Role::User), disabled: disabled(false), ..plain() },
        ),
    ];
    for (what, filter) in filters {
        let list = async |inspector: &mut Inspector, after| {
            let page = Page { limit: 50, after };
            let call = async |db: &mut keyward_infra::database::db::Db<keyward_infra::database::db::Open>| {
                db.users().search(&filter, page).await.unwrap();
            };
            inspector.costs("users.search", call).await
        };
        let (first, deep) = (list(inspector, None).await, list(inspector, Some(rows / 2)).await);
        inspector.pages("users.search", what, first, deep);
    }
}
