//! What a client may not say when it asks for a login on a device (RFC 8628, section 3.1).

use keyward_api::testing::app::TestApp;

use crate::app::Starts;
use crate::relying_party::RelyingParty;

#[tokio::test]
async fn a_client_that_says_two_things_at_once_is_refused() {
    let app = TestApp::start().await;
    let client = RelyingParty::confidential(&app, "secret").await;
    for (form, code) in [
        (&[("scope", "openid"), ("scope", "email")][..], "validation"),
        (&[("client_id", "another")], "ambiguous_client"),
    ] {
        let answer = client.ask("/oauth/device", form).await.assert_status(400);
        assert_eq!(&*answer.code(), code);
        assert_eq!(answer.json()["error"], "invalid_request");
    }
}
