//! A service that mounts the shop alone.

use keyward_api::testing::app::TestApp;

/// The service on a database of the test's own, without accounts.
pub(crate) async fn start() -> TestApp {
    TestApp::with_resources(vec![keyward_shop::resource()], &[]).await
}
