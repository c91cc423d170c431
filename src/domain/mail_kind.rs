//! What sort of mail a mail is, in a word that programs and people can rely on.
//!
//! Subjects are for readers and may be worded otherwise at any time. The kind stands in the header
//! `X-Regwatch-Kind` of every mail and in `outbox list --json`, and keeps its word.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The header that bears the kind.
pub const KIND_HEADER: &str = "X-Regwatch-Kind";

/// What sort of mail it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
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
    /// Every kind with its word.
    pub const ALL: [(&'static str, Self); 18] = [
        ("alert", Self::Alert),
        ("digest", Self::Digest),
        ("notice", Self::Notice),
        ("summary", Self::Summary),
        ("coverage", Self::Coverage),
        ("retraction", Self::Retraction),
        ("confirmation", Self::Confirmation),
        ("welcome", Self::Welcome),
        ("goodbye", Self::Goodbye),
        ("no-contact", Self::NoContact),
        ("list", Self::List),
        ("pause", Self::Pause),
        ("resume", Self::Resume),
        ("help", Self::Help),
        ("incident", Self::Incident),
        ("recovery", Self::Recovery),
        ("screening", Self::Screening),
        ("test", Self::Test),
    ];

    /// The kind's word.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::ALL[self as usize].0
    }
}

impl fmt::Display for MailKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_own_word_and_is_kept_as_it() {
        for (word, kind) in MailKind::ALL {
            assert_eq!(kind.word(), word);
            assert_eq!(serde_json::to_value(kind).unwrap(), word);
        }
    }
}
