//! What sort of mail a mail is, in a word that programs and people can rely on.
//!
//! Subjects are for readers and may be worded otherwise at any time. The kind stands in the header
//! `X-Regwatch-Kind` of every mail and in `outbox list --json`, and keeps its word.

use serde::{Deserialize, Serialize};

/// The header that bears the kind.
pub const KIND_HEADER: &str = "X-Regwatch-Kind";

/// What sort of mail it is.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
    strum::VariantNames,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum MailKind {
    /// Changes, as soon as they were found.
    Alert,
    /// Changes of a day or a week.
    Digest,
    /// Entries that were listed before their company was tracked.
    Notice,
    /// What changed during a pause.
    Summary,
    /// The weekly report of what was read.
    Coverage,
    /// What an earlier mail told is taken back.
    Retraction,
    /// The question whether something was really asked for.
    Confirmation,
    /// What is followed from now on.
    Welcome,
    /// What is no longer followed.
    Goodbye,
    /// That this address is never written to again.
    NoContact,
    /// What an address follows, and how its mail comes.
    List,
    /// That nothing is sent for a while.
    Pause,
    /// That mail is sent again.
    Resume,
    /// What can be asked for.
    Help,
    /// Trouble, to the operator.
    Incident,
    /// That trouble is over, to the operator.
    Recovery,
    /// What is new of suppliers that somebody keeps an eye on.
    Screening,
    /// Whether mail arrives.
    Test,
}

impl MailKind {
    /// The kind's word.
    #[must_use]
    pub fn word(self) -> &'static str {
        self.into()
    }
}
