//! Where state is kept, and for how long.

use std::path::PathBuf;
use std::time::Duration;

/// Where state is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreSettings {
    /// A sled database in this folder.
    Sled {
        /// The folder.
        path: PathBuf,
    },
}

impl StoreSettings {
    /// Where it lies, for people.
    #[must_use]
    pub fn place(&self) -> String {
        let Self::Sled { path } = self;
        path.display().to_string()
    }
}

/// What must be so of the place where state is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreRules {
    /// Whether it must be there already: then nothing is ever begun with an empty one.
    pub required: bool,
    /// With less free room on its disk than this, the operator is told.
    pub low_disk_bytes: usize,
    /// How long what is kept.
    pub retention: Retention,
}

/// How long what is kept; `None` for ever. Records themselves are always kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retention {
    /// The bytes of mails that went out.
    pub sent_mails: Option<Duration>,
    /// What else a server said with a page that was accepted, besides the line of proof.
    pub read_details: Option<Duration>,
    /// The bodies of accepted states that prove no change.
    pub bodies: Option<Duration>,
    /// The lines of the chains of reads that no change needs.
    pub chains: Option<Duration>,
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Default for Retention {
    fn default() -> Self {
        Self { sent_mails: Some(DAY * 90), read_details: Some(DAY * 365), bodies: None, chains: None }
    }
}

impl Default for StoreRules {
    fn default() -> Self {
        Self { required: false, low_disk_bytes: 512 << 20, retention: Retention::default() }
    }
}
