//! How the daemon behaves, and who is told when something goes wrong.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use url::Url;

use crate::domain::email::EmailAddress;

/// Who puts a time to what was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EvidenceSettings {
    /// A time-stamping authority (RFC 3161).
    pub tsa: Option<Url>,
}

/// What a daemon does. Several that share a store may divide it among themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WorkerRole {
    /// Reads sources.
    Read,
    /// Makes mails of what was found, and tells the operator of trouble.
    Tell,
    /// Sends mails, and delivers to webhooks.
    Send,
    /// Serves pages.
    Web,
    /// Takes mail in.
    Inbox,
}

impl WorkerRole {
    /// Each with its name.
    pub const ALL: [(&'static str, Self); 5] = [
        ("read", Self::Read),
        ("tell", Self::Tell),
        ("send", Self::Send),
        ("web", Self::Web),
        ("inbox", Self::Inbox),
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, role)| *role == self).map_or("", |(name, _)| name)
    }
}

impl FromStr for WorkerRole {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.iter().find(|(name, _)| *name == text).map(|(_, role)| *role);
        known.ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|(name, _)| *name).collect();
            format!("is not a role, expected some of {}", names.join(", "))
        })
    }
}

/// What one daemon does: all of it unless it is told otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerRoles(BTreeSet<WorkerRole>);

impl WorkerRoles {
    /// These; all where none is named.
    #[must_use]
    pub fn of(named: &[WorkerRole]) -> Self {
        if named.is_empty() { Self::default() } else { Self(named.iter().copied().collect()) }
    }

    /// Whether one is among them.
    #[must_use]
    pub fn has(&self, role: WorkerRole) -> bool {
        self.0.contains(&role)
    }

    /// Whether there is nothing that it does not do.
    #[must_use]
    pub fn are_all(&self) -> bool {
        self.0.len() == WorkerRole::ALL.len()
    }

    /// Their names.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().map(|role| role.name())
    }
}

impl Default for WorkerRoles {
    fn default() -> Self {
        Self(WorkerRole::ALL.iter().map(|(_, role)| *role).collect())
    }
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
