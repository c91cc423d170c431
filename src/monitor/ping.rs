//! The dead-man's switch: an address elsewhere is asked for after each healthy cycle, and tells somebody when that
//! stops. A machine that is off can tell nobody.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::MonitorParts;
use super::ready::faults;
use crate::domain::text::error_chain;
use crate::settings::PingSettings;

/// For the whole request.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Pings until stopped, whenever all is well with the daemon itself.
pub async fn keep_pinging(settings: PingSettings, parts: MonitorParts, stop: CancellationToken) {
    // The client needs a provider even where nothing is encrypted.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = match reqwest::Client::builder().timeout(TIMEOUT).build() {
        Ok(client) => client,
        Err(error) => {
            tracing::error!(error = error_chain(&error), "cannot ping the dead-man's switch");
            return;
        }
    };
    let mut was_reached = true;
    loop {
        let faults = faults(&parts).await;
        if faults.is_empty() {
            let pinged = client.get(settings.url.clone()).send().await;
            let outcome =
                pinged.and_then(reqwest::Response::error_for_status).map_err(reqwest::Error::without_url);
            if let Err(error) = &outcome
                && was_reached
            {
                tracing::warn!(error = error_chain(error), "failed to ping the dead-man's switch");
            }
            was_reached = outcome.is_ok();
        } else {
            tracing::warn!(
                reason = faults.join("; "),
                "did not ping the dead-man's switch: the daemon is not well"
            );
        }
        tokio::select! {
            () = tokio::time::sleep(settings.every) => {}
            () = stop.cancelled() => return,
        }
    }
}
