//! Names of what one worker at a time may do.

use crate::domain::id::SourceId;

/// Names what is claimed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClaimName(String);

impl ClaimName {
    /// To read a source, and to write what is kept of it.
    #[must_use]
    pub fn read(source: &SourceId) -> Self {
        Self(format!("read {source}"))
    }

    /// To ask a host.
    #[must_use]
    pub fn host(host: &str) -> Self {
        Self(format!("host {host}"))
    }

    /// To ask an origin for its robots.txt.
    #[must_use]
    pub fn robots(origin: &str) -> Self {
        Self(format!("robots {origin}"))
    }

    /// To do what one worker does for all.
    #[must_use]
    pub fn job(name: &str) -> Self {
        Self(format!("job {name}"))
    }

    /// The name as it is kept, and shown to people.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
