//! What crosses the store's boundary: whole outcomes in, whole facts out.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::alert::{Alert, AlertItem};
use crate::domain::bounce::Verdict;
use crate::domain::breaker::Breaker;
use crate::domain::change::{Change, ChangeKind};
use crate::domain::email::EmailAddress;
use crate::domain::evidence::ChainedRead;
use crate::domain::id::{AlertId, BodyHash, ChangeId, CompanyId, MailId, SourceId};
use crate::domain::inbound::Conversation;
use crate::domain::matching::WatchlistVersion;
use crate::domain::outbox::{Mail, QueuedMail};
use crate::domain::read_record::ReadRecord;
use crate::domain::read_state::ReadState;
use crate::domain::retraction::Retraction;
use crate::domain::robots::RobotsCopy;
use crate::domain::snapshot::{Baseline, HeldRead, Snapshot};
use crate::domain::standing::Standing;
use crate::domain::subscription::{EndedPause, Subscriber};
use crate::domain::webhook::{Delivery, Webhook};

/// Names a state of a source: a hash of all that is kept of it. The default names a source of which nothing is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SourceVersion(pub(super) Option<[u8; 32]>);

/// What is kept of a source, the entries of its accepted state apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KnownSource {
    /// How its reads stand.
    pub state: Option<ReadState>,
    /// The snapshot of its accepted state.
    pub accepted: Option<Snapshot>,
    /// The suspect read that waits for a person's look.
    pub held: Option<HeldRead>,
    /// Which entries of its accepted state name whom.
    pub standing: Option<Standing>,
    /// Names this state; a commit that was computed from it carries it.
    pub version: SourceVersion,
}

/// Everything one read means, kept as one atomic, durable step.
#[derive(Debug, Clone)]
pub struct ReadCommit {
    /// The state that it was computed from ([`KnownSource::version`]). The store keeps it only if that is still the
    /// source's state.
    pub computed_from: SourceVersion,
    /// How the reads of the source now stand.
    pub state: ReadState,
    /// The new accepted state, where the read moved it.
    pub accepted: Option<Accepted>,
    /// The suspect body, where the read gave one.
    pub held: Option<HeldBody>,
    /// Whether an earlier suspect body is let go.
    pub clears_held: bool,
    /// What changed.
    pub changes: Vec<Change>,
    /// What must be told about it.
    pub alerts: Vec<Alert>,
    /// Which entries of the new accepted state name whom, and the version of the watchlist that was looked with.
    pub standing: Option<(Standing, Arc<WatchlistVersion>)>,
    /// The read, to be remembered among those of its source.
    pub read: Option<ReadRecord>,
    /// The same for the chain of its source's reads.
    pub chained: Option<ChainedRead>,
    /// What hosts said of being read, where they were asked for it.
    pub robots: Vec<RobotsCopy>,
}

impl ReadCommit {
    /// A read that found out nothing but how it went, computed from nothing known.
    #[must_use]
    pub fn of(state: ReadState) -> Self {
        Self {
            computed_from: SourceVersion::default(),
            state,
            accepted: None,
            held: None,
            clears_held: false,
            changes: Vec::new(),
            alerts: Vec::new(),
            standing: None,
            read: None,
            chained: None,
            robots: Vec::new(),
        }
    }

    /// Whether it holds more than how the read went. What it holds besides can then be found out again by another
    /// read, should a power cut take it before it is kept.
    #[must_use]
    pub fn is_news(&self) -> bool {
        let Self { accepted, held, changes, alerts, .. } = self;
        accepted.is_some() || held.is_some() || !changes.is_empty() || !alerts.is_empty()
    }

    /// The same, computed from a known state.
    #[must_use]
    pub fn computed_from(self, version: SourceVersion) -> Self {
        Self { computed_from: version, ..self }
    }
}

/// What another company registry found in the accepted state of a source.
#[derive(Debug, Clone)]
pub struct RematchCommit {
    /// The state that it was computed from, as of [`ReadCommit::computed_from`].
    pub computed_from: SourceVersion,
    /// Which entries name whom, and with which registry that was found out.
    pub standing: Standing,
    /// The version of that registry.
    pub watchlist: Arc<WatchlistVersion>,
    /// What is to be told of it, each with its alerts. One that was kept before is not told again.
    pub notices: Vec<(Change, Vec<Alert>)>,
}

/// A read that is taken back, kept as one atomic, durable step.
#[derive(Debug, Clone)]
pub struct RetractCommit {
    /// What is taken back.
    pub retraction: Retraction,
    /// The state before it as the source's own again, where the read was the last that was accepted.
    pub restored: Option<ReadCommit>,
}

/// States of a source from before its first one, with what changed between them.
#[derive(Debug, Clone)]
pub struct Backfilled {
    /// The first state that was known when they were found: they are kept only if it still is.
    pub first: Snapshot,
    /// The states, the oldest first, each with its body.
    pub states: Vec<(Snapshot, Vec<u8>)>,
    /// What changed from each to the next, up to the first that was known. Nobody is told.
    pub changes: Vec<Change>,
}

/// An accepted state with the body that shows it.
#[derive(Debug, Clone)]
pub struct Accepted {
    /// What the next read is compared with. Its snapshot is kept for ever.
    pub baseline: Baseline,
    /// The body as received, after transfer decoding.
    pub body: Bytes,
}

/// A suspect read with its body.
#[derive(Debug, Clone)]
pub struct HeldBody {
    /// Why it is held.
    pub read: HeldRead,
    /// The body as received, after transfer decoding.
    pub body: Bytes,
}

/// Which changes are asked for. The default asks for none: `limit` is 0.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeQuery {
    /// Only of this source.
    pub source: Option<SourceId>,
    /// Only those that concern this company.
    pub company: Option<CompanyId>,
    /// Only those that may concern a company that they do not name for certain.
    #[serde(default)]
    pub is_possible: bool,
    /// Only those found then or later.
    pub since: Option<DateTime<Utc>>,
    /// At most so many, the newest.
    pub limit: usize,
}

impl ChangeQuery {
    /// Whether a change is asked for, the limit apart.
    #[must_use]
    pub fn covers(&self, change: &Change) -> bool {
        let concerning = if self.is_possible { &change.possible } else { &change.matches };
        let concerns = |company: &CompanyId| concerning.iter().any(|found| found.company == *company);
        self.source.as_ref().is_none_or(|source| *source == change.source)
            && self.company.as_ref().is_none_or(concerns)
            && (!self.is_possible || !change.possible.is_empty())
            && self.since.is_none_or(|since| change.found_at >= since)
    }
}

/// Changes that are looked for: all that have everything asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChangeSearch {
    /// Words that all stand in it.
    pub words: String,
    /// Of one of these sources; of any where empty.
    pub sources: Vec<SourceId>,
    /// That concerns this company; with [`Self::is_possible`], that may.
    pub company: Option<CompanyId>,
    /// Only those in which a name waits for a person's word.
    pub is_possible: bool,
    /// Of this kind.
    pub kind: Option<ChangeKind>,
    /// Of this entry: its source and its key.
    pub entry: Option<(SourceId, String)>,
    /// Found on this day (UTC) or later.
    pub since: Option<NaiveDate>,
    /// Found on this day or earlier.
    pub until: Option<NaiveDate>,
    /// Only those whose number is smaller: the next page.
    pub before: Option<u32>,
    /// At most so many.
    pub limit: usize,
}

/// How a source stands, in short.
#[derive(Debug, Clone)]
pub struct SourceGlance {
    /// How its reads went; `None` before the first.
    pub state: Option<ReadState>,
    /// Whether a suspect body waits to be looked at.
    pub is_held: bool,
    /// The number of its newest change: of two sources the one with the larger changed later.
    pub last_change: Option<u32>,
}

/// What was found.
#[derive(Debug, Clone, Default)]
pub struct FoundChanges {
    /// The changes with their numbers, the newest first.
    pub changes: Vec<(u32, Change)>,
    /// How many there are in all, whatever the limit.
    pub total: usize,
    /// Whether there are more after these.
    pub has_more: bool,
}

/// What a report says of a mail, kept as one atomic, durable step.
#[derive(Debug)]
pub struct CameBack {
    /// Names the report: the same one taken in again is no news.
    pub message: BodyHash,
    /// When it was taken in.
    pub at: DateTime<Utc>,
    /// The beginning of the id of the mail that it is about.
    pub mail: String,
    /// What it says.
    pub verdict: Verdict,
}

/// What an operator does to a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deed {
    /// Let it wait for their word.
    Hold,
    /// Put what is held, suppressed or dropped into the queue.
    Release,
    /// Give it up for good; it is kept.
    Drop,
}

/// Trouble with mail as the outbox has it.
#[derive(Debug, Clone, Default)]
pub struct MailTrouble {
    /// The transport that is out of reach.
    pub breaker: Option<Breaker>,
    /// Mails that were given up and somebody must know of, at most so many as are looked at.
    pub undelivered: Vec<Mail>,
}

/// Names a state of a person: a hash of all that is kept of them. The default names somebody of whom nothing is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PersonVersion(pub(super) Option<[u8; 32]>);

/// The state that a message meets.
#[derive(Debug, Clone)]
pub struct KnownPerson {
    /// The state itself; somebody new where nobody is known.
    pub state: Conversation,
    /// Names it; an exchange that was computed from it carries it.
    pub version: PersonVersion,
}

/// Whether a message is to be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakenUp {
    /// It was taken in before.
    Known,
    /// It is, for so many times.
    Attempt(u32),
}

/// What became of an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exchanged {
    /// It was kept.
    Kept,
    /// Its message was taken in before, and nothing of it was kept.
    Known,
}

/// All that a message which came in means, kept as one atomic, durable step.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// Names the message: the same one taken in again is no news.
    pub message: BodyHash,
    /// When it was taken in.
    pub at: DateTime<Utc>,
    /// The state it leaves, where it changed any, and the version of the one that it was computed from. The store keeps
    /// it only if that is still the person's state and the budget of now allows what it took.
    pub state: Option<(Conversation, PersonVersion)>,
    /// What is answered.
    pub mails: Vec<QueuedMail>,
    /// What it wants to follow and nobody tracks.
    pub wishes: Vec<String>,
}

/// Items of alerts for a run of readers, kept as one atomic, durable step.
#[derive(Debug)]
pub struct Spread {
    /// The alerts.
    pub alerts: Vec<AlertId>,
    /// Readers with their items, and when to look at each.
    pub items: Vec<(EmailAddress, AlertItem, DateTime<Utc>)>,
    /// The last reader of the run; nothing where nobody comes after it, and the alerts are done.
    pub reached: Option<EmailAddress>,
}

/// A page of readers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readers {
    /// They, in the order of their addresses.
    pub readers: Vec<Subscriber>,
    /// The last of the page; nothing where nobody comes after it.
    pub reached: Option<EmailAddress>,
}

/// A page of mails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mails {
    /// They, in the order of their ids.
    pub mails: Vec<Mail>,
    /// The last of the page; nothing where none comes after it.
    pub reached: Option<MailId>,
}

/// What there was of a person who is forgotten.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erased {
    /// Subscriptions, whatever became of them.
    pub subscriptions: usize,
    /// Mails to them, sent or not.
    pub mails: usize,
    /// Mails that were just being sent, and are still there.
    pub under_way: usize,
}

/// When to look at what waits for a reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
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

/// What became of what waited for a reader.
#[derive(Debug)]
pub struct Composed {
    /// The reader.
    pub reader: EmailAddress,
    /// The looks that were taken.
    pub looks: Vec<DateTime<Utc>>,
    /// What is told by the mails, or need not be told any more.
    pub settled: Vec<AlertId>,
    /// What no mail could be made of, as it now stands.
    pub struck: Vec<AlertItem>,
    /// The mails.
    pub mails: Vec<QueuedMail>,
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

/// That a mail tells of a change which other sources may tell as well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventTold {
    /// The change.
    pub change: ChangeId,
    /// The company of which it is told.
    pub company: CompanyId,
    /// The mail.
    pub mail: MailId,
}

/// What became of a delivery and of its webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookSettled {
    /// The delivery as it now stands.
    pub delivery: Delivery,
    /// The webhook as it now stands.
    pub hook: Webhook,
    /// Whether the webhook was disabled by it.
    pub is_disabled: bool,
}

/// Names one handing-out of a mail: another one has another token, whoever it is to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LeaseToken {
    /// The opening of the store by which it was handed out; drawn at random.
    pub(super) opening: u64,
    /// The how-manieth of that opening.
    pub(super) number: u64,
}

/// A claim on a mail. Only who has the present one can say what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The mail.
    pub mail: MailId,
    /// Of all its leases this one.
    pub(super) token: LeaseToken,
}

/// A mail in a sender's hands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeasedMail {
    /// The mail.
    pub mail: Mail,
    /// The message, byte for byte as it was queued.
    pub bytes: Vec<u8>,
    /// The claim on it.
    pub lease: Lease,
}

/// What a clean-up of bodies found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct GarbageReport {
    /// Bodies something refers to.
    pub kept: usize,
    /// Bodies removed because nothing did.
    pub removed: usize,
}

/// What was found when the store was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opened {
    /// Nothing: a new store was made.
    New,
    /// A store without its mark: of an older program, or brought from elsewhere.
    Adopted,
    /// The store that the mark beside it belongs to.
    Known,
}
