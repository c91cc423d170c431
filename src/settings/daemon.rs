//! How the daemon behaves, and who is told when something goes wrong.

use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use crate::domain::email::EmailAddress;

/// Who puts a time to what was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EvidenceSettings {
    /// A time-stamping authority (RFC 3161).
    pub tsa: Option<Url>,
}

/// How the daemon behaves.
#[derive(Debug, Clone)]
pub struct DaemonSettings {
    /// Its control socket.
    pub socket: PathBuf,
    /// Each scheduled read is put off by a random part of this, so that sources do not fire as one.
    pub jitter: Duration,
    /// How long work under way may go on after a stop was asked for.
    pub drain_timeout: Duration,
}

/// Who is told when something goes wrong, and how often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatorSettings {
    /// Whom incidents are mailed to; without it they are only shown and logged.
    pub address: Option<EmailAddress>,
    /// So many failed reads of a source in a row are an incident.
    pub failures: u32,
    /// While an incident lasts it is told again after this.
    pub remind_every: Duration,
}
