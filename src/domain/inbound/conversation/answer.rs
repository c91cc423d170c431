//! What is mailed back, and in which words somebody agrees.

use chrono::{DateTime, Utc};

use crate::domain::confirm_token::ConfirmToken;
use crate::domain::inbound::correspondence::Purpose;
use crate::domain::inbound::selection::Selection;
use crate::domain::topic::Topic;

/// What is mailed back, in the service's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplyKind {
    /// Whether this was really asked for.
    Confirm(Purpose, ConfirmToken),
    /// The same once more: what was answered was no clear yes.
    Explain(Purpose, ConfirmToken),
    /// It is followed now, or was already.
    Welcome(Selection),
    /// It is not followed any more; all where empty.
    Goodbye(Vec<Topic>),
    /// What is followed.
    List,
    /// What can be asked.
    Help,
    /// Nothing is sent for a while.
    Paused,
    /// How it stands now: what was to be confirmed was settled before.
    Standing,
    /// Mail is sent again; since when it was not.
    Resumed(Option<DateTime<Utc>>),
    /// How mail comes now.
    Preferred,
    /// Nothing is asked or sent any more.
    Never,
    /// The token is unknown or too old.
    Expired,
    /// Not understood; the topics that may have been meant.
    Unknown(Vec<Topic>),
    /// Nobody tracks that; the topics that may have been meant, and what can be followed.
    Untracked(Vec<Topic>),
}

impl Selection {
    /// The words that somebody agrees to who follows a topic, as they are mailed and noted.
    #[must_use]
    pub fn agreement(&self, topic: &Topic) -> String {
        let only = self.only.words().map(|words| format!(", {words}")).unwrap_or_default();
        match topic {
            Topic::Source(source) => {
                format!("Send me mail when anything changes on the source {source}{only}.")
            }
            Topic::Company(company) => {
                format!("Send me mail when a watched source changes in an entry about {company}{only}.")
            }
        }
    }
}
