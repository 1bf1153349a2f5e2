//! The login of a device without a browser: a person types a code elsewhere (RFC 8628).

use std::fmt;
use std::time::{Duration, Instant};

use serde::Deserialize;

use crate::application::Application;
use crate::form::{encode, with_form};
use crate::grant::Pair;
use crate::oauth::{Refusal, ask};
use crate::{Error, Session};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// How long to wait between two requests where Keyward does not say (RFC 8628, section 3.2).
const INTERVAL: u64 = 5;
/// How much longer after `slow_down` (RFC 8628, section 3.5).
const SLOWER: Duration = Duration::from_secs(5);
/// The longest wait between two requests while Keyward is out of reach, unless it asked for a longer one.
const LONGEST: Duration = Duration::from_mins(1);

/// What a person needs to log in on a device: show it to them. The code is theirs to type, and `Debug` does not print it.
#[derive(Clone, Deserialize)]
#[non_exhaustive]
pub struct DevicePrompt {
    /// The code, as in `BCDF-GHJK`.
    pub user_code: String,
    /// The address of the page where they type it.
    pub verification_uri: String,
    /// The same with the code in it, as for a QR code. The page asks all the same.
    pub verification_uri_complete: Option<String>,
    /// How long the code is good, in seconds.
    pub expires_in: u32,
}

/// The answer to a device (RFC 8628, section 3.2).
#[derive(Deserialize)]
struct Device {
    device_code: String,
    interval: Option<u64>,
    #[serde(flatten)]
    prompt: DevicePrompt,
}

impl Application {
    /// Logs a person in on a device without a browser (RFC 8628): `show` gets the address of a page and the code that they type there, on a
    /// machine of theirs. Then Keyward is asked as often as it allows until they have decided or the code has expired. Dropping the
    /// future gives the login up.
    ///
    /// The client has to be registered for it: `keyward client create --public --device`.
    ///
    /// # Errors
    ///
    /// [`Error::NoPages`]; [`Error::Denied`] if the person said no; [`Error::LoginOver`] if the code has expired; [`Error::InvalidClient`] where
    /// the client is not registered for it; [`Error::Issuer`], [`Error::Scope`], [`Error::Refused`], [`Error::IdToken`],
    /// [`Error::Throttled`] where too many devices wait, [`Error::Unavailable`] and [`Error::Unexpected`].
    pub async fn log_in_on_device(&self, show: impl FnOnce(&DevicePrompt)) -> Result<Session, Error> {
        let metadata = self.keyward.metadata().await?;
        if metadata.device_authorization_endpoint.is_none() {
            return Err(Error::NoPages);
        }
        let device = self.device().await?;
        let begun = Instant::now();
        show(&device.prompt);
        let pair = self.poll(&device, begun).await?;
        self.session(pair, &metadata.issuer, None).await
    }

    async fn device(&self) -> Result<Device, Error> {
        let optional = [("scope", self.scope.as_deref()), ("resource", self.resource.as_deref())];
        let optional = optional.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let form = encode([("client_id", self.client_id.as_str())].into_iter().chain(optional));
        let request = with_form(self.keyward.post("/oauth/device")?, form);
        ask(request).await.map_err(|refusal| refusal.into_error(Error::LoginOver))
    }

    /// Asks until there is a decision (RFC 8628, section 3.4 and 3.5).
    async fn poll(&self, device: &Device, begun: Instant) -> Result<Pair, Error> {
        let form = encode([
            ("grant_type", GRANT),
            ("device_code", &device.device_code),
            ("client_id", &self.client_id),
        ]);
        let life = Duration::from_secs(device.prompt.expires_in.into());
        let mut interval = Duration::from_secs(device.interval.unwrap_or(INTERVAL).max(1));
        // While Keyward is out of reach, it is asked more and more seldom.
        let mut outage = Duration::ZERO;
        loop {
            let (wait, left) = (interval.max(outage), life.saturating_sub(begun.elapsed()));
            tokio::time::sleep(wait.min(left)).await;
            let request = with_form(self.keyward.post("/oauth/token")?, form.clone());
            let over = match ask(request).await {
                Ok(pair) => return Ok(pair),
                Err(Refusal::Code(code)) if code == "authorization_pending" => {
                    outage = Duration::ZERO;
                    Error::LoginOver
                }
                Err(Refusal::Code(code)) if code == "slow_down" => {
                    outage = Duration::ZERO;
                    interval = interval.saturating_add(SLOWER);
                    Error::LoginOver
                }
                Err(Refusal::Code(code)) if code == "expired_token" => return Err(Error::LoginOver),
                Err(Refusal::Other(error @ Error::Unavailable { retry_after })) => {
                    outage = retry_after.unwrap_or_default().max(wait.saturating_mul(2).min(LONGEST));
                    error
                }
                Err(Refusal::Other(error @ Error::Throttled { retry_after })) => {
                    outage = retry_after;
                    error
                }
                Err(refusal) if refusal.is_lost() => {
                    return self.once_more(form, refusal.into_error(Error::LoginOver)).await;
                }
                Err(refusal) => return Err(refusal.into_error(Error::LoginOver)),
            };
            // That was the last time: the person may have decided in the last moment.
            if left <= wait {
                return match over {
                    Error::Unavailable { .. } => self.once_more(form, over).await,
                    over => Err(over),
                };
            }
        }
    }

    /// Asks again after an answer that was lost or unfit: if there were tokens in it, that ends their session.
    async fn once_more(&self, form: String, error: Error) -> Result<Pair, Error> {
        ask(with_form(self.keyward.post("/oauth/token")?, form)).await.map_err(|_| error)
    }
}

impl fmt::Debug for DevicePrompt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("DevicePrompt");
        shown.field("verification_uri", &self.verification_uri).field("expires_in", &self.expires_in);
        shown.finish_non_exhaustive()
    }
}
