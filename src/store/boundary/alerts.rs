//! Alerts on their way to their readers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::domain::alert::AlertItem;
use crate::domain::change::Change;
use crate::domain::email::EmailAddress;
use crate::domain::id::{AlertId, ChangeId, MailId};
use crate::domain::subscription::{EndedPause, Subscriber, SubscriptionTerms};
use crate::domain::topic::Topic;
use crate::store::boundary::PackedMail;

/// Items of alerts for a run of readers, kept as one atomic, durable step.
#[derive(Debug, Clone)]
pub struct FanOut {
    /// The alerts.
    pub alerts: Vec<AlertId>,
    /// The last reader who had their items when this was computed; nothing where nobody had. The store keeps it only if
    /// all of the alerts are still as far.
    pub from: Option<EmailAddress>,
    /// Readers with their items, and when to look at each.
    pub items: Vec<(EmailAddress, AlertItem, DateTime<Utc>)>,
    /// The last reader of the run; nothing where nobody comes after it, and the alerts are done.
    pub reached: Option<EmailAddress>,
}

/// How readers follow topics, for a run of them in the order of their addresses.
#[derive(Debug, Clone)]
pub struct Followers {
    /// The ways in which each of the topics is followed.
    pub ways: Vec<FollowedAs>,
    /// Readers of whom only their own record says what they are told: above all those who left a moment ago.
    pub others: Vec<Subscriber>,
    /// The last reader of the run; nothing where nobody comes after it.
    pub reached: Option<EmailAddress>,
    /// What the store knows a step by that is computed of this.
    pub seen: SeenFollowers,
}

/// A way in which a topic is followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FollowedAs {
    /// The topic.
    pub topic: Topic,
    /// The way.
    pub following: SubscriptionTerms,
    /// How many readers of the run follow it so.
    pub readers: u64,
}

/// All followers of a run of readers that a step was computed of: as they stand in the store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SeenFollowers {
    /// By topic, what stands under its followers' names.
    pub(in crate::store) ways: BTreeMap<Topic, BTreeSet<Vec<u8>>>,
    /// The keys of those who were decided on one by one.
    pub(in crate::store) others: BTreeSet<String>,
    /// Who left before this is not told any more.
    pub(in crate::store) left_since: DateTime<Utc>,
}

/// Items of alerts for a run of readers, of whom most are told alike, kept as one atomic, durable step.
#[derive(Debug, Clone)]
pub struct SetFanOut {
    /// The alerts, how far they are, and the items of those who were decided on one by one.
    pub step: FanOut,
    /// What is told to all who follow alike.
    pub sets: Vec<FollowerSet>,
    /// The followers that it was computed of. The store keeps the step only if no reader of the run follows in another way.
    pub seen: SeenFollowers,
}

/// An item for all readers of a run who follow its topic in one way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FollowerSet {
    /// The way.
    pub following: SubscriptionTerms,
    /// The item.
    pub item: AlertItem,
    /// When to look at each of them.
    pub look_at: DateTime<Utc>,
}

/// When to look at what waits for a reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueReader {
    /// When, to the millisecond.
    pub at: DateTime<Utc>,
    /// At whose.
    pub reader: EmailAddress,
}

/// A reader and what waits for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingReader {
    /// Who; somebody without subscriptions where nobody is known any more.
    pub reader: Subscriber,
    /// What waits, in the order in which it is told.
    pub items: Vec<AlertItem>,
}

/// Readers, what waits for them, and the changes it is about.
#[derive(Debug, Clone)]
pub struct WaitingReaders {
    /// The readers.
    pub readers: Vec<WaitingReader>,
    /// Each change once, however many wait to be told of it.
    pub changes: BTreeMap<ChangeId, Arc<Change>>,
}

/// What the mails of a reader were composed of. The store keeps them only if it still is so: mails may be composed while
/// others are on their way into the store, of this worker or of another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Met {
    /// What waited for them that is told, tried again or put aside.
    pub items: Vec<AlertItem>,
    /// Up to when silence was attested to them.
    pub attested_until: Option<DateTime<Utc>>,
    /// The pause of which a summary was due.
    pub ended_pause: Option<EndedPause>,
}

/// What became of what waited for a reader.
#[derive(Debug, Clone)]
pub struct ReaderCommit {
    /// The reader.
    pub reader: EmailAddress,
    /// What it was composed of. The store keeps it only if that still is so, and otherwise has the reader looked at again.
    pub met: Met,
    /// The looks that were taken.
    pub looks: Vec<DateTime<Utc>>,
    /// What is told by the mails, or need not be told any more.
    pub settled: Vec<AlertId>,
    /// What no mail could be made of, as it now stands.
    pub struck: Vec<AlertItem>,
    /// The mails.
    pub mails: Vec<PackedMail>,
    /// What the mails tell of events, where their reader wants one mail for each.
    pub events: Vec<EventTold>,
    /// What its reader was told by a mail about another change, the same event as another source told it.
    pub aside: Vec<(AlertItem, ChangeId)>,
    /// When to look again.
    pub next: Option<DateTime<Utc>>,
    /// Up to when silence was attested by one of the mails.
    pub attested_until: Option<DateTime<Utc>>,
    /// The pause that one of the mails sums up, or of which there is nothing to tell.
    pub summed_up: Option<EndedPause>,
    /// When it was composed.
    pub at: DateTime<Utc>,
}

impl ReaderCommit {
    /// One by which nothing becomes of anything yet, composed of nothing.
    #[must_use]
    pub fn empty(reader: EmailAddress, at: DateTime<Utc>) -> Self {
        Self {
            reader,
            met: Met::default(),
            looks: Vec::new(),
            settled: Vec::new(),
            struck: Vec::new(),
            mails: Vec::new(),
            events: Vec::new(),
            aside: Vec::new(),
            next: None,
            attested_until: None,
            summed_up: None,
            at,
        }
    }
}

/// That a mail tells of a change which other sources may tell as well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventTold {
    /// The change.
    pub change: ChangeId,
    /// The topic of which it is told.
    pub topic: Topic,
    /// The mail.
    pub mail: MailId,
}

/// Of readers and changes, about which topics a mail told them that was sent.
pub type ToldOf = BTreeMap<(EmailAddress, ChangeId), BTreeSet<Topic>>;
