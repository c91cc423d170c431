//! Daemons that work on one store, and the configuration that they agreed on.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What a daemon says of itself to the others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrolment {
    /// The machine it runs on.
    pub host: String,
    /// Its process id there.
    pub pid: u32,
    /// Its version.
    pub version: String,
    /// What it does.
    pub roles: Vec<String>,
    /// Names its configuration.
    pub configuration: String,
}

/// A daemon that works on the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FellowWorker {
    /// Names it as long as it runs.
    pub id: String,
    /// The machine it runs on.
    pub host: String,
    /// Its process id there.
    pub pid: u32,
    /// Its version.
    pub version: String,
    /// What it does.
    pub roles: Vec<String>,
    /// The number of its configuration; `None` if that was never adopted.
    pub generation: Option<u32>,
    /// Whether that is the one in force. Otherwise it begins nothing.
    pub is_current: bool,
    /// When it was last heard of, by the store's clock.
    pub seen_at: DateTime<Utc>,
    /// Whether it was heard of lately, and its connection stands.
    pub is_alive: bool,
    /// What it has claimed.
    pub holds: Vec<String>,
}

impl FellowWorker {
    /// How it stands, in a line.
    #[must_use]
    pub fn words(&self) -> String {
        let Self { host, pid, version, .. } = self;
        let generation = match self.generation {
            Some(number) if self.is_current => format!("generation {number}"),
            Some(number) => format!("generation {number}, which is not in force: it begins nothing"),
            None => "a configuration that was never in force: it begins nothing".to_owned(),
        };
        let seen = self.seen_at.format("%Y-%m-%d %H:%M:%S UTC");
        let life = if self.is_alive { format!("seen {seen}") } else { format!("gone since {seen}") };
        let holds = match &self.holds[..] {
            [] => String::new(),
            names => format!("; at work on: {}", names.join(", ")),
        };
        format!(
            "{host}, process {pid}, version {version}, {}; {generation}; {life}{holds}",
            self.roles.join("+")
        )
    }
}

/// The configuration that the workers of a store go by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdoptedConfig {
    /// Its number.
    pub number: u32,
    /// Whether it is the one that was asked about.
    pub is_ours: bool,
    /// Since when it is in force, by the store's clock.
    pub since: DateTime<Utc>,
}
