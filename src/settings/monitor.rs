//! How health is shown, and who is told when it is not.

use std::net::SocketAddr;
use std::time::Duration;

use url::Url;

/// Where health and metrics are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricsSettings {
    /// Where the listener is.
    pub listen: SocketAddr,
    /// The dead-man's switch, where there is one.
    pub ping: Option<PingSettings>,
}

/// A dead-man's switch elsewhere, which tells somebody when it is not asked for any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PingSettings {
    /// What is asked for.
    pub url: Url,
    /// How often.
    pub every: Duration,
}
