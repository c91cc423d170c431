//! Why no answer arrived.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

/// The part of a read that took too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadPhase {
    /// Name look-up, TCP and TLS handshakes.
    Connect,
    /// From the request to the answer's header.
    Header,
    /// Between two parts of the body.
    Idle,
    /// All of it.
    Total,
}

impl fmt::Display for ReadPhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Connect => "no connection",
            Self::Header => "no answer",
            Self::Idle => "nothing more of the body",
            Self::Total => "no complete answer",
        })
    }
}

/// Why no answer arrived. Each names the address it was asked of.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// A phase took too long.
    #[error("{phase} from {url} within {after:?}")]
    Timeout {
        /// The phase.
        phase: ReadPhase,
        /// The address asked.
        url: String,
        /// The limit.
        after: Duration,
    },
    /// No connection, or it broke before the header was there.
    #[error("{url} could not be reached: {reason}")]
    Unreachable {
        /// The address asked.
        url: String,
        /// What the system or the transport said.
        reason: String,
    },
    /// The body broke off or could not be decoded.
    #[error("the body of {url} is incomplete: {reason}")]
    Body {
        /// The address asked.
        url: String,
        /// What the system or the transport said.
        reason: String,
    },
    /// The decoded body, with the parts of the document read before it, is larger than allowed.
    #[error("the body of {url} is larger than {limit} bytes (max_body of the source, or else of [fetch])")]
    TooLarge {
        /// The address asked.
        url: String,
        /// The limit, after decoding.
        limit: usize,
    },
    /// The address leads into a private network.
    #[error("{url} leads to {address}, which is not public; fetch.allow_private can allow it")]
    PrivateAddress {
        /// The address asked.
        url: String,
        /// Where it leads.
        address: IpAddr,
    },
    /// The address leads to another machine, and it is not said in whose name it is asked.
    #[error("{url} is not requested: {why}")]
    Nameless {
        /// The address.
        url: String,
        /// What is missing.
        why: String,
    },
    /// Too many hops.
    #[error("{url} led to more than {limit} redirects (fetch.max_redirects)")]
    TooManyRedirects {
        /// The address first asked.
        url: String,
        /// The limit.
        limit: usize,
    },
    /// A redirect that is not followed.
    #[error("{url} redirects to {location:?}: {reason}")]
    Redirect {
        /// The address asked.
        url: String,
        /// The `Location`, verbatim.
        location: String,
        /// Why it is not followed.
        reason: &'static str,
    },
    /// A configured header cannot be sent.
    #[error("header {name:?} cannot be sent: expected a header name and printable text")]
    Header {
        /// Its name.
        name: String,
    },
    /// The host has been asked as often as its API allows.
    #[error(
        "{host} was asked {requests} times, which is its quota, and is left alone for another {seconds} s"
    )]
    Quota {
        /// The host.
        host: String,
        /// How many requests it allows.
        requests: u32,
        /// Until one more is allowed.
        seconds: u64,
    },
    /// The request would count against a quota, and cannot be counted.
    #[error("{host} counts requests, and this one cannot be counted, so it is not sent: {reason}")]
    Uncounted {
        /// The host.
        host: String,
        /// Why not.
        reason: String,
    },
    /// The host asked to be left alone for a while.
    #[error("{host} asked for a pause of another {seconds} s (Retry-After)")]
    Paused {
        /// Host and port.
        host: String,
        /// What is left of the pause.
        seconds: u64,
    },
    /// The host's turn among all workers could not be taken.
    #[error("{host} was not asked, since its turn among the workers could not be taken: {reason}")]
    NoTurn {
        /// Host and port, or the origin.
        host: String,
        /// What the store said.
        reason: String,
    },
    /// The host's robots.txt keeps programs away from the address.
    #[error(
        "{url} is not to be read by programs, says {robots} in {rule}; the source's robots = {{ ignore = true, because = \"…\" }} ignores it"
    )]
    Robots {
        /// The address asked.
        url: String,
        /// Where the rules stand.
        robots: String,
        /// The rule with its line.
        rule: String,
    },
    /// The host has rules and cannot tell them.
    #[error("{robots} answered {status}; until it is readable, regwatch reads nothing there (RFC 9309)")]
    RobotsUnread {
        /// Where the rules stand.
        robots: String,
        /// The HTTP status.
        status: u16,
    },
    /// The browser could not show the page.
    #[error("the browser could not show {url}: {reason}")]
    Browser {
        /// The address asked.
        url: String,
        /// What happened.
        reason: String,
    },
    /// The HTTP client cannot be built: no root certificates, a bad proxy.
    #[error("cannot set up the HTTP client")]
    Client(#[source] reqwest::Error),
}

impl FetchError {
    /// How long the host still wishes to be left alone.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Paused { seconds, .. } | Self::Quota { seconds, .. } => Some(Duration::from_secs(*seconds)),
            _ => None,
        }
    }

    /// The same with its addresses as they may be told.
    pub(super) fn with_addresses(mut self, told: impl Fn(&str) -> String) -> Self {
        match &mut self {
            Self::Timeout { url, .. }
            | Self::Unreachable { url, .. }
            | Self::Body { url, .. }
            | Self::TooLarge { url, .. }
            | Self::PrivateAddress { url, .. }
            | Self::Nameless { url, .. }
            | Self::TooManyRedirects { url, .. }
            | Self::Browser { url, .. } => *url = told(url),
            Self::Redirect { url, location, .. } => (*url, *location) = (told(url), told(location)),
            Self::Robots { url, robots, .. } => (*url, *robots) = (told(url), told(robots)),
            Self::RobotsUnread { robots, .. } => *robots = told(robots),
            Self::Header { .. }
            | Self::NoTurn { .. }
            | Self::Paused { .. }
            | Self::Quota { .. }
            | Self::Uncounted { .. }
            | Self::Client(_) => {}
        }
        self
    }

    /// Whether no server was met: then the fault may be on this side of the network.
    #[must_use]
    pub fn is_unreachable(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Timeout { phase: ReadPhase::Connect, .. })
    }

    /// What the client reports while a body arrives.
    pub(super) fn body(url: &url::Url, source: &reqwest::Error) -> Self {
        Self::Body { url: url.to_string(), reason: root_cause(source) }
    }
}

/// The innermost cause: what the layers above it add is that they could not go on.
pub(super) fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &(dyn std::error::Error + 'static) = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
