//! The record of what people did: who, what, to what, when. It is only ever added to.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::text::{one_line, shorten};

/// A longer text is cut.
const MAX_CHARS: usize = 500;

/// Something that somebody did, or tried to do. It names no subscriber in full.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// When.
    pub at: DateTime<Utc>,
    /// Who, by the name they log in with.
    pub who: String,
    /// By which way it came, such as `web`.
    pub by: String,
    /// What, as one word: `accept`, `log-in`.
    pub act: String,
    /// To what: a source's id, a change's, a mail's; empty where it is about nothing of the sort.
    #[serde(default)]
    pub about: String,
    /// What else is worth knowing: the read's hash, why it failed.
    #[serde(default)]
    pub detail: String,
}

impl AuditEntry {
    /// An entry, its texts made fit to be kept and shown.
    #[must_use]
    pub fn new(at: DateTime<Utc>, who: &str, by: &str, act: &str, about: &str, detail: &str) -> Self {
        let fit = |text: &str| shorten(&one_line(text), MAX_CHARS);
        Self { at, who: fit(who), by: fit(by), act: fit(act), about: fit(about), detail: fit(detail) }
    }
}
