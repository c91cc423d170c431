//! Keeping: what must survive this process, and the machine's power.
//!
//! The boundary carries whole outcomes: a read with all that it means, a batch
//! of mails with the alerts they tell. There are no transactions and no tables to
//! be seen from outside, which is what lets another database stand behind the
//! same functions. When a writing function returns, what it wrote is durable.
//!
//! Behind it stands [`mod@sled`], in whose folder the rules are kept that
//! make it survive power cuts.
//!
//! Deliberately absent: deciding anything. What a read means, what becomes of a
//! mail after an attempt: the domain says so, the store keeps it.

mod bell;
mod boundary;
mod care;
mod chain;
mod delivery;
mod error;
mod events;
mod glance;
mod hooks;
mod record;
mod schedule;
mod screenings;
mod sled;
mod steps;
mod tokens;

use std::collections::BTreeSet;
use std::time::Duration as StdDuration;

use chrono::{DateTime, Duration, NaiveDate, Utc};

use crate::domain::alert::Alert;
use crate::domain::audit::AuditEntry;
use crate::domain::change::{Change, ChangeKind};
use crate::domain::email::EmailAddress;
use crate::domain::id::{
    AlertId, BodyHash, ChangeId, CompanyId, InstallationId, MailId, RetractionId, SourceId, WatchlistHash,
};
use crate::domain::inbound::{TokenHash, UntrackedWish};
use crate::domain::incident::Incident;
use crate::domain::keyed_link::SubscriberKey;
use crate::domain::matching::WatchlistVersion;
use crate::domain::moment::SetBack;
use crate::domain::outbox::{Doubt, Mail, MailState, Outcome, QueuedMail};
use crate::domain::read_record::ReadRecord;
use crate::domain::read_state::ReadState;
use crate::domain::retraction::Retraction;
use crate::domain::robots::RobotsCopy;
use crate::domain::snapshot::{Baseline, HeldRead, Snapshot};
use crate::domain::standing::Standing;
use crate::domain::subscription::{Imported, Preference, Subscriber};
use crate::domain::way_in::WayInState;
use crate::settings::{StoreRules, StoreSettings};

use self::sled::{
    Sled, beat, changes, clock, erasure, found, history, inbox, incidents, instance_key, items, outbox,
    records, retractions, sources, subscribers,
};

pub use self::sled::Keeping;
pub use bell::{Rung, SourceBell, SourceWatch};
pub use boundary::{
    Accepted, Backfilled, CameBack, ChangeQuery, ChangeSearch, Composed, Deed, Erased, EventTold, Exchange,
    Exchanged, FoundChanges, GarbageReport, HeldBody, HookSettled, KnownPerson, KnownSource, Lease,
    LeasedMail, Look, MailTrouble, Mails, Opened, PersonVersion, ReadCommit, Readers, RematchCommit,
    RetractCommit, SourceGlance, SourceVersion, Spread, TakenUp, WaitingReader, WaitingReaders,
};
pub use care::{RecordFault, RepairWishes, Repaired, TreeCount, Verified, repair, verify};
pub use chain::{SealWish, Sealed, Stamp};
pub use error::StoreError;
pub use events::ToldOf;
pub use glance::{
    Archived, BackupNote, Compacted, KindStats, Queue, Releasable, StoreSize, StoreStats, check_backup,
    compact, import, restore,
};
pub use schedule::KeptSchedule;

/// An open store. Clones are the same store.
///
/// Every function fails with [`StoreError`]: the engine's failure, a record that cannot be read, or
/// [`StoreError::Closed`]. Only further errors are told with each.
#[derive(Debug, Clone)]
pub struct Store {
    sled: Sled,
}

impl Store {
    /// Opens the store, makes it where it is missing, and owns it until it is closed.
    ///
    /// # Errors
    /// [`StoreError::Locked`] while another process owns it; [`StoreError::Missing`], [`StoreError::Older`],
    /// [`StoreError::Foreign`] or [`StoreError::Damaged`] where it is not what it was when it was left;
    /// [`StoreError::Open`].
    pub fn open(settings: &StoreSettings) -> Result<Self, StoreError> {
        Self::open_with(settings, &StoreRules::default())
    }

    /// The same by other rules than the usual ones.
    ///
    /// # Errors
    /// [`StoreError::NoneYet`] where the rules want one that is there.
    pub fn open_with(settings: &StoreSettings, rules: &StoreRules) -> Result<Self, StoreError> {
        let StoreSettings::Sled { path } = settings;
        let store = Self { sled: Sled::open(path, rules.required)? };
        match store.opened() {
            Opened::New => {
                tracing::warn!(store.path = %path.display(), "there was no store: this is a first start, with an empty one");
            }
            Opened::Adopted => {
                tracing::warn!(store.path = %path.display(), "the store had no mark beside it, and has one now");
            }
            Opened::Known => {}
        }
        Ok(store)
    }

    /// Whose store it is: made up once, and the same as long as the state is the same installation's.
    #[must_use]
    pub fn installation(&self) -> InstallationId {
        self.sled.installation().clone()
    }

    /// Whose store lies there, as the mark beside it says; nothing is opened, and another process may have it.
    #[must_use]
    pub fn installation_beside(settings: &StoreSettings) -> Option<InstallationId> {
        let StoreSettings::Sled { path } = settings;
        Sled::installation_beside(path)
    }

    /// What was found when it was opened.
    #[must_use]
    pub fn opened(&self) -> Opened {
        self.sled.opened()
    }

    /// How long ago something was last forced to the disk.
    #[must_use]
    pub fn last_durable(&self) -> StdDuration {
        self.sled.last_durable()
    }

    /// Waits until the store takes nothing more, because the disk refused a write or its writer ended; gives
    /// the reason.
    pub async fn failure(&self) -> String {
        self.sled.failure().await
    }

    /// Where it lies, for people.
    #[must_use]
    pub fn place(&self) -> String {
        self.sled.folder().display().to_string()
    }

    /// The free room on its disk in bytes; nothing where the system does not say.
    #[must_use]
    pub fn free_bytes(&self) -> Option<u64> {
        fs2::available_space(self.sled.folder()).ok()
    }

    /// Whether it still lies where it was opened.
    ///
    /// # Errors
    /// [`StoreError::Moved`].
    pub async fn is_in_place(&self) -> Result<(), StoreError> {
        self.sled.is_in_place().await
    }

    /// Looks at every record, so that [`Self::unreadable`] names each that cannot be read, whether anybody asked
    /// for it or not. To be called before anything is kept by others.
    pub async fn survey(&self) -> Result<(), StoreError> {
        self.sled.survey().await
    }

    /// Whether [`Self::survey`] has looked at every record since it was opened.
    #[must_use]
    pub fn is_surveyed(&self) -> bool {
        self.sled.is_surveyed()
    }

    /// The length of its log in bytes; 0 where the system does not say.
    #[must_use]
    pub fn log_bytes(&self) -> u64 {
        self.sled.log_bytes()
    }

    /// Records that were met and could not be read since it was opened, and why.
    #[must_use]
    pub fn unreadable(&self) -> Vec<String> {
        self.sled.unreadable()
    }

    /// Writes next to nothing and forces it to the disk, which proves that this can still be done.
    pub async fn beat(&self) -> Result<(), StoreError> {
        self.sled.write(beat).await
    }

    /// Gives the store free for another process. Later calls end in [`StoreError::Closed`].
    pub async fn close(&self) -> Result<(), StoreError> {
        self.sled.close().await
    }

    /// Notes what the clock shows. Where it went back, whatever waits for a moment to come is due for a look,
    /// and that is told.
    pub async fn note_time(&self, now: DateTime<Utc>) -> Result<Option<SetBack>, StoreError> {
        if !self.sled.read(move |trees| clock::is_news(trees, now)).await? {
            return Ok(None);
        }
        self.sled.write(move |trees, writes| clock::note(trees, writes, now)).await
    }

    /// When the clock went back last, where it ever did.
    pub async fn clock_set_back(&self) -> Result<Option<SetBack>, StoreError> {
        self.sled.read(clock::set_back).await
    }

    /// When the store was made, where a first start made it and [`Store::note_time`] was told the time.
    pub async fn begun_at(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.sled.read(clock::begun_at).await
    }

    /// The accepted state of a source.
    pub async fn baseline(&self, source: &SourceId) -> Result<Option<Baseline>, StoreError> {
        let source = source.clone();
        self.sled.read(move |trees| sources::baseline(trees, &source)).await
    }

    /// The snapshot of a source's accepted state, without the entries: no document is decoded.
    pub async fn accepted(&self, source: &SourceId) -> Result<Option<Snapshot>, StoreError> {
        let source = source.clone();
        self.sled.look_up(move |trees| sources::accepted(trees, &source)).await
    }

    /// How the reads of a source stand.
    pub async fn read_state(&self, source: &SourceId) -> Result<Option<ReadState>, StoreError> {
        let source = source.clone();
        self.sled.look_up(move |trees| sources::read_state(trees, &source)).await
    }

    /// How the reads of sources stand, each with its source; nothing of one that was never read.
    pub async fn read_states(
        &self,
        sources: Vec<SourceId>,
    ) -> Result<Vec<(SourceId, Option<ReadState>)>, StoreError> {
        self.sled.read(move |trees| sources::read_states(trees, sources)).await
    }

    /// The suspect read of a source that waits for a person's look.
    pub async fn held(&self, source: &SourceId) -> Result<Option<HeldRead>, StoreError> {
        let source = source.clone();
        self.sled.look_up(move |trees| sources::held(trees, &source)).await
    }

    /// Returns what is kept of a source, with the version that names that state.
    pub async fn known(&self, source: &SourceId) -> Result<KnownSource, StoreError> {
        let source = source.clone();
        self.sled.look_up(move |trees| sources::known(trees, &source)).await
    }

    /// A body as it was received, by its hash.
    ///
    /// # Errors
    /// [`StoreError::DamagedBody`] where it is not what its hash says.
    pub async fn body(&self, hash: &BodyHash) -> Result<Option<Vec<u8>>, StoreError> {
        let hash = hash.clone();
        self.sled.read(move |trees| sources::body(trees, &hash)).await
    }

    /// The snapshots of a source, the newest first, at most `limit`.
    pub async fn snapshots(&self, source: &SourceId, limit: usize) -> Result<Vec<Snapshot>, StoreError> {
        let source = source.clone();
        self.sled.read(move |trees| sources::snapshots(trees, &source, limit)).await
    }

    /// One snapshot of a source, by its number.
    pub async fn snapshot(&self, source: &SourceId, sequence: u64) -> Result<Option<Snapshot>, StoreError> {
        let source = source.clone();
        self.sled.read(move |trees| sources::snapshot(trees, &source, sequence)).await
    }

    /// Keeps all that one read means, or nothing of it.
    ///
    /// # Errors
    /// [`StoreError::Stale`] if the source's state has changed since the read loaded it.
    pub async fn commit(&self, commit: ReadCommit) -> Result<(), StoreError> {
        self.sled.write(move |trees, writes| sources::commit(trees, writes, &commit)).await
    }

    /// The same for a read that found nothing new, and may wait until others are kept with it: a short time, or as
    /// long as it takes until something else is kept.
    #[must_use = "it is kept only once this says so"]
    pub fn commit_together(&self, commit: ReadCommit) -> Keeping<()> {
        // Of what such steps write this reads its own source's records alone, and what two of them write under one
        // key is the same.
        self.sled.write_together(move |trees, writes| sources::commit(trees, writes, &commit))
    }

    /// Keeps states from before the first one of a source as its history, all or nothing.
    ///
    /// # Errors
    /// [`StoreError::Stale`] where another state is the first one now.
    pub async fn backfill(&self, backfilled: Backfilled) -> Result<(), StoreError> {
        self.sled.write(move |trees, writes| history::backfill(trees, writes, &backfilled)).await
    }

    /// What hosts said of being read when they were asked last.
    pub async fn robots(&self) -> Result<Vec<RobotsCopy>, StoreError> {
        self.sled.read(sources::robots).await
    }

    /// Which entries of a source's accepted state name whom.
    pub async fn standing(&self, source: &SourceId) -> Result<Option<Standing>, StoreError> {
        let source = source.clone();
        self.sled.read(move |trees| sources::standing(trees, &source)).await
    }

    /// The version of a watchlist by its hash, as long as a standing names it.
    pub async fn watchlist_version(
        &self,
        hash: &WatchlistHash,
    ) -> Result<Option<WatchlistVersion>, StoreError> {
        let hash = hash.clone();
        self.sled.read(move |trees| sources::watchlist_version(trees, &hash)).await
    }

    /// Keeps all that another registry found in a source's accepted state, or nothing of it; gives
    /// the notices that were not kept before.
    ///
    /// # Errors
    /// [`StoreError::Stale`], as of [`Self::commit`].
    pub async fn rematch(&self, commit: RematchCommit) -> Result<Vec<Change>, StoreError> {
        self.sled.write(move |trees, writes| sources::rematch(trees, writes, commit)).await
    }

    /// The change whose id begins so.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Ambiguous`].
    pub async fn find_change(&self, beginning: &str) -> Result<Change, StoreError> {
        let beginning = beginning.to_owned();
        self.sled.read(move |trees| changes::find(trees, &beginning)).await
    }

    /// The changes asked for, the newest first.
    pub async fn changes(&self, query: ChangeQuery) -> Result<Vec<Change>, StoreError> {
        self.sled.read(move |trees| changes::list(trees, &query)).await
    }

    /// Changes that have all that is asked for, the newest first. No change is read that is not told.
    pub async fn search(&self, search: ChangeSearch) -> Result<FoundChanges, StoreError> {
        self.sled.read(move |trees| found::search(trees, &search)).await
    }

    /// Of every entry that has, or had, a deadline on that day or later the last change that was not retracted, at
    /// most `limit`.
    pub async fn with_deadlines(&self, since: NaiveDate, limit: usize) -> Result<Vec<Change>, StoreError> {
        self.sled.read(move |trees| found::with_deadlines(trees, since, limit)).await
    }

    /// Gives the changes that an older program kept their places in the index. To be called before anything is
    /// looked for; one that was stopped goes on where it was.
    pub async fn index_changes(&self) -> Result<(), StoreError> {
        self.sled.write(sources::index_standings).await?;
        while self.sled.write(found::index_more).await? {
            tracing::info!("changes of an older store are indexed");
        }
        while self.sled.write(found::index_more_deadlines).await? {
            tracing::info!("deadlines of an older store are indexed");
        }
        Ok(())
    }

    /// The changes of these numbers, those that can be read, in the order asked for.
    pub async fn numbered(&self, numbers: Vec<u32>) -> Result<Vec<(u32, Change)>, StoreError> {
        self.sled.read(move |trees| found::numbered(trees, &numbers)).await
    }

    /// How sources stand, in short, in the order asked for.
    pub async fn glances(&self, sources: Vec<SourceId>) -> Result<Vec<SourceGlance>, StoreError> {
        self.sled.read(move |trees| sources::glances(trees, &sources)).await
    }

    /// The sources of which an entry names a company, with the keys of those entries.
    pub async fn named_on(&self, company: &CompanyId) -> Result<Vec<(SourceId, Vec<String>)>, StoreError> {
        let company = company.clone();
        self.sled.read(move |trees| sources::named_on(trees, &company)).await
    }

    /// The reads of a source that are remembered, the newest first, at most `limit`.
    pub async fn reads(&self, source: &SourceId, limit: usize) -> Result<Vec<ReadRecord>, StoreError> {
        let source = source.clone();
        self.sled.read(move |trees| records::reads(trees, &source, limit)).await
    }

    /// Adds to the record of what people did.
    pub async fn note_deed(&self, entry: AuditEntry) -> Result<(), StoreError> {
        self.sled.write(move |trees, writes| records::note_deed(trees, writes, &entry)).await
    }

    /// What people did, the newest first, at most `limit`, before the entry of a number where one is given.
    pub async fn deeds(
        &self,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<(u64, AuditEntry)>, StoreError> {
        self.sled.read(move |trees| records::deeds(trees, before, limit)).await
    }

    /// All that the read found which shows a change.
    pub async fn found_with(&self, change: &Change) -> Result<Vec<Change>, StoreError> {
        let change = change.clone();
        self.sled.read(move |trees| changes::found_with(trees, &change)).await
    }

    /// Takes a person's word on the names that may be meant in the change whose id begins so, with the
    /// alerts this raises; gives the change as it now stands.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], also where no name waits for a word; [`StoreError::Ambiguous`].
    pub async fn decide(
        &self,
        beginning: &str,
        is_meant: bool,
        now: DateTime<Utc>,
    ) -> Result<Change, StoreError> {
        let beginning = beginning.to_owned();
        self.sled.write(move |trees, writes| changes::decide(trees, writes, &beginning, is_meant, now)).await
    }

    /// Whether there is an alert that not everybody has who is to be told of it.
    pub async fn has_pending_alerts(&self) -> Result<bool, StoreError> {
        self.sled.read(changes::has_pending_alerts).await
    }

    /// Every alert that not every reader has an item of yet, with its change: source by source, each
    /// read's changes in their order.
    pub async fn pending_alerts(&self) -> Result<Vec<(Alert, Change)>, StoreError> {
        self.sled.read(changes::pending_alerts).await
    }

    /// Gives readers their items of alerts and notes how far that went, both or neither.
    pub async fn spread(&self, spread: Spread) -> Result<(), StoreError> {
        self.sled.write(move |trees, writes| items::spread(trees, writes, &spread)).await
    }

    /// The looks that are due until then, the longest due first; a reader may be among them twice.
    pub async fn looks(&self, until: DateTime<Utc>) -> Result<Vec<Look>, StoreError> {
        self.sled.read(move |trees| items::looks(trees, until)).await
    }

    /// When the next look is due.
    pub async fn next_look(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.sled.read(items::next_look).await
    }

    /// What waits for these readers.
    pub async fn waiting(&self, readers: Vec<EmailAddress>) -> Result<WaitingReaders, StoreError> {
        self.sled.read(move |trees| items::waiting(trees, &readers)).await
    }

    /// Puts mails into the outbox and the items they tell out of the way, all of it or nothing. A mail
    /// that is there already stays as it is.
    pub async fn compose(&self, composed: Vec<Composed>) -> Result<(), StoreError> {
        self.sled.write(move |trees, writes| items::compose(trees, writes, composed)).await
    }

    /// Puts mails into the outbox and the alerts they tell out of the way, both or neither. A mail
    /// that is there already stays as it is.
    pub async fn dispatch(&self, alerts: &[AlertId], mails: Vec<QueuedMail>) -> Result<(), StoreError> {
        let alerts = alerts.to_vec();
        self.sled.write(move |trees, writes| outbox::dispatch(trees, writes, &alerts, mails)).await
    }

    /// Takes a read back with all that it seemed to show, or nothing of it.
    ///
    /// # Errors
    /// [`StoreError::Stale`] if the source's state has changed since the state to be restored was computed.
    pub async fn retract(&self, commit: RetractCommit) -> Result<(), StoreError> {
        self.sled.write(move |trees, writes| retractions::retract(trees, writes, &commit)).await
    }

    /// The retractions that not everybody was told of yet.
    pub async fn pending_retractions(&self) -> Result<Vec<Retraction>, StoreError> {
        self.sled.read(retractions::pending).await
    }

    /// Keeps back the mails that nobody has, puts those that tell of a retraction into the outbox, and
    /// notes up to which mail that went; the retraction is done with where none is given.
    pub async fn tell_retraction(
        &self,
        id: &RetractionId,
        dropped: Vec<MailId>,
        mails: Vec<QueuedMail>,
        reached: Option<MailId>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let id = id.clone();
        self.sled
            .write(move |trees, writes| retractions::tell(trees, writes, &id, &dropped, mails, reached, now))
            .await
    }

    /// The next mails that tell one of these changes, in the order of their ids, after one of them or from the first,
    /// at most `limit`.
    pub async fn mails_telling(
        &self,
        changes: Vec<ChangeId>,
        after: Option<MailId>,
        limit: usize,
    ) -> Result<Mails, StoreError> {
        self.sled.read(move |trees| outbox::telling(trees, &changes, after.as_ref(), limit)).await
    }

    /// Every incident, open or over, the newest first.
    pub async fn incidents(&self) -> Result<Vec<Incident>, StoreError> {
        self.sled.read(incidents::list).await
    }

    /// The incidents that are open, or past since then or later ([`Incident::is_past_since`]), the newest first.
    pub async fn incidents_since(&self, since: DateTime<Utc>) -> Result<Vec<Incident>, StoreError> {
        self.sled.read(move |trees| incidents::since(trees, since)).await
    }

    /// Keeps how incidents now stand and puts the mails that tell of them into the outbox, both or
    /// neither. A mail that is there already stays as it is.
    pub async fn escalate(&self, incidents: &[Incident], mails: Vec<QueuedMail>) -> Result<(), StoreError> {
        let incidents = incidents.to_vec();
        self.sled.write(move |trees, writes| incidents::escalate(trees, writes, &incidents, mails)).await
    }

    /// Hands out at most `limit` mails that are due, each leased for `lasting`. Leases that ended
    /// without being settled are taken back.
    pub async fn lease_due(
        &self,
        now: DateTime<Utc>,
        limit: usize,
        lasting: Duration,
    ) -> Result<Vec<LeasedMail>, StoreError> {
        self.lease_due_if(now, limit, lasting, Doubt::Resend, |_| Ok(())).await
    }

    /// The same of those that may go; `may_go` gives the moment until which a mail has to wait. One whose
    /// lease ended is taken back as [`Mail::reclaim`] says.
    pub async fn lease_due_if(
        &self,
        now: DateTime<Utc>,
        limit: usize,
        lasting: Duration,
        doubt: Doubt,
        may_go: impl FnMut(&Mail) -> Result<(), DateTime<Utc>> + Send + 'static,
    ) -> Result<Vec<LeasedMail>, StoreError> {
        self.sled
            .write(move |trees, writes| {
                outbox::lease_due(trees, writes, now, limit, (lasting, doubt), may_go)
            })
            .await
    }

    /// Notes that a leased mail is handed over now, so that it counts as in doubt if nothing more is heard of it;
    /// tells whether it may be: its sender still has it, and its recipient still wants it. Senders that ask
    /// at the same time share what it costs.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn begin_sending(&self, lease: &Lease, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let lease = lease.clone();
        // Of what such steps write this reads its mail alone.
        let begun = self.sled.write_together(move |trees, writes| outbox::begin(trees, writes, &lease, now));
        self.sled.hurry();
        begun.kept().await
    }

    /// Notes how an attempt went; gives the mail as it now stands. `jitter` as in [`Mail::settle`].
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] where the mail was settled or taken back meanwhile; [`StoreError::NotFound`]
    /// where it is not there any more.
    pub async fn settle(
        &self,
        lease: &Lease,
        outcome: Outcome,
        now: DateTime<Utc>,
        jitter: f64,
    ) -> Result<Mail, StoreError> {
        let lease = lease.clone();
        self.sled
            .write(move |trees, writes| outbox::settle(trees, writes, &lease, outcome, now, jitter))
            .await
    }

    /// Notes that mail went out and what was answered, for a caller that has other work until that is kept:
    /// notes that come within a short time share what it costs to force them to the disk. [`Self::hurry`]
    /// ends that time.
    ///
    /// # Errors
    /// As [`Self::settle`], from [`Keeping::kept`].
    #[must_use = "it is kept only once this says so"]
    pub fn settle_sent(&self, lease: &Lease, reply: Option<String>, now: DateTime<Utc>) -> Keeping<Mail> {
        let lease = lease.clone();
        let sent = Outcome::Sent { reply };
        // Of what is written this reads the mail alone, so that such steps can be done together.
        self.sled.write_together(move |trees, writes| outbox::settle(trees, writes, &lease, sent, now, 0.0))
    }

    /// Has kept at once what was handed in and would be together with what comes.
    pub fn hurry(&self) {
        self.sled.hurry();
    }

    /// Takes every leased mail back whose sender is gone, as [`Mail::reclaim`] says: the lease ended, or it is of
    /// a process that ended. Tells how many.
    pub async fn reclaim_leases(&self, now: DateTime<Utc>, doubt: Doubt) -> Result<usize, StoreError> {
        self.sled.write(move |trees, writes| outbox::reclaim_leases(trees, writes, now, doubt)).await
    }

    /// When the next mail falls due, or the next lease ends.
    pub async fn next_mail_due(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.sled.read(outbox::next_due).await
    }

    /// The mails in one state or in any, the newest first, at most `limit`.
    pub async fn mails(&self, state: Option<MailState>, limit: usize) -> Result<Vec<Mail>, StoreError> {
        self.sled.read(move |trees| outbox::list(trees, state, limit)).await
    }

    /// The mail whose id begins so.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Ambiguous`].
    pub async fn find_mail(&self, beginning: &str) -> Result<Mail, StoreError> {
        let beginning = beginning.to_owned();
        self.sled.read(move |trees| outbox::find(trees, &beginning)).await
    }

    /// Puts one mail, or every one that waits or was given up, back to the head of the queue; tells
    /// how many. See [`Mail::retry`].
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn retry_mails(&self, id: Option<&MailId>, now: DateTime<Utc>) -> Result<usize, StoreError> {
        let id = id.cloned();
        self.sled.write(move |trees, writes| outbox::retry(trees, writes, id.as_ref(), now)).await
    }

    /// Everyone who is or was subscribed, in the order of their addresses.
    pub async fn subscribers(&self) -> Result<Vec<Subscriber>, StoreError> {
        self.sled.read(subscribers::all).await
    }

    /// The next of them after an address, or the first, at most `limit`.
    pub async fn subscribers_after(
        &self,
        address: Option<EmailAddress>,
        limit: usize,
    ) -> Result<Vec<Subscriber>, StoreError> {
        self.sled.read(move |trees| subscribers::after(trees, address.as_ref(), limit)).await
    }

    /// The next readers who may be told of one of these companies, in the order of their addresses, after one of them
    /// or from the first, at most `limit`.
    pub async fn readers_of(
        &self,
        companies: Vec<CompanyId>,
        after: Option<EmailAddress>,
        limit: usize,
    ) -> Result<Readers, StoreError> {
        self.sled.read(move |trees| subscribers::of_companies(trees, &companies, after.as_ref(), limit)).await
    }

    /// Forgets a person: everything that names them, but for a keyed hash by which they are not written to
    /// again. The bytes of their mails go with it.
    pub async fn erase(&self, address: &EmailAddress, now: DateTime<Utc>) -> Result<Erased, StoreError> {
        let address = address.clone();
        self.sled.write(move |trees, writes| erasure::erase(trees, writes, &address, now)).await
    }

    /// Notes wishes about how mail comes; gives the subscriber as they now stand.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn prefer(
        &self,
        address: &EmailAddress,
        wishes: Vec<Preference>,
        now: DateTime<Utc>,
    ) -> Result<Subscriber, StoreError> {
        let address = address.clone();
        self.sled.write(move |trees, writes| subscribers::prefer(trees, writes, &address, &wishes, now)).await
    }

    /// Says which changes of what somebody follows are told from now on, as [`Subscriber::refine`] says; gives the
    /// subscriber as they now stand.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn refine(
        &self,
        address: &EmailAddress,
        company: &CompanyId,
        kinds: BTreeSet<ChangeKind>,
        now: DateTime<Utc>,
    ) -> Result<Subscriber, StoreError> {
        let (address, company) = (address.clone(), company.clone());
        self.sled
            .write(move |trees, writes| subscribers::refine(trees, writes, &address, &company, &kinds, now))
            .await
    }

    /// Somebody who is or was subscribed.
    pub async fn subscriber(&self, address: &EmailAddress) -> Result<Option<Subscriber>, StoreError> {
        let address = address.clone();
        self.sled.read(move |trees| subscribers::get(trees, &address)).await
    }

    /// The same by the key that stands in their links. Nobody is found before [`Self::instance_key`] was
    /// asked for the first time.
    pub async fn subscriber_by(&self, key: &SubscriberKey) -> Result<Option<Subscriber>, StoreError> {
        let key = key.clone();
        self.sled.read(move |trees| subscribers::by_key(trees, &key)).await
    }

    /// Notes a wish to follow companies, as [`Subscriber::follow`] says.
    pub async fn follow(
        &self,
        address: &EmailAddress,
        companies: &[CompanyId],
        confirmed: bool,
        channel: &str,
        now: DateTime<Utc>,
    ) -> Result<Subscriber, StoreError> {
        let (address, companies, channel) = (address.clone(), companies.to_vec(), channel.to_owned());
        self.sled
            .write(move |trees, writes| {
                subscribers::follow(trees, writes, &address, &companies, confirmed, &channel, now)
            })
            .await
    }

    /// Takes over subscribers that were kept elsewhere, all or none; tells what became of what they
    /// follow. A dry run only tells.
    pub async fn import(&self, incoming: Vec<Subscriber>, dry_run: bool) -> Result<Imported, StoreError> {
        if dry_run {
            return self.sled.read(move |trees| Ok(subscribers::taken_over(trees, incoming)?.1)).await;
        }
        self.sled.write(move |trees, writes| subscribers::import(trees, writes, incoming.clone())).await
    }

    /// Ends the subscription to one company, or all; tells how many were ended.
    pub async fn leave(
        &self,
        address: &EmailAddress,
        company: Option<&CompanyId>,
        now: DateTime<Utc>,
    ) -> Result<usize, StoreError> {
        let (address, company) = (address.clone(), company.cloned());
        self.sled
            .write(move |trees, writes| subscribers::leave(trees, writes, &address, company.as_ref(), now))
            .await
    }

    /// Takes back what an address left last, while it can; gives which companies it follows again.
    pub async fn undo_leaving(
        &self,
        address: &EmailAddress,
        now: DateTime<Utc>,
    ) -> Result<Vec<CompanyId>, StoreError> {
        let address = address.clone();
        self.sled.write(move |trees, writes| subscribers::undo_leaving(trees, writes, &address, now)).await
    }

    /// Takes a message up, unless it was taken in before: notes that it is looked at, so that it counts if the process
    /// dies of it. Once it is taken in, that is forgotten.
    pub async fn take_up(&self, message: &BodyHash, now: DateTime<Utc>) -> Result<TakenUp, StoreError> {
        let message = message.clone();
        self.sled.write(move |trees, writes| inbox::take_up(trees, writes, &message, now)).await
    }

    /// Takes back that a message was begun: what went wrong was not its fault.
    pub async fn forgive(&self, message: &BodyHash) -> Result<(), StoreError> {
        let message = message.clone();
        self.sled.write(move |trees, writes| inbox::forgive(trees, writes, &message)).await
    }

    /// Forgets how often a message was begun, which is put aside for a person.
    pub async fn give_up(&self, message: &BodyHash) -> Result<(), StoreError> {
        let message = message.clone();
        let forget = move |_: &_, writes: &mut _| {
            inbox::give_up(writes, &message);
            Ok(())
        };
        self.sled.write(forget).await
    }

    /// The address whose question a token answers.
    pub async fn asked(&self, token: &TokenHash) -> Result<Option<EmailAddress>, StoreError> {
        let token = token.clone();
        self.sled.read(move |trees| inbox::asked(trees, &token)).await
    }

    /// The state that a message from an address meets; somebody new where nobody is known.
    pub async fn conversation(&self, address: &EmailAddress) -> Result<KnownPerson, StoreError> {
        let address = address.clone();
        self.sled.read(move |trees| inbox::conversation(trees, &address)).await
    }

    /// The answers that are to be composed again: what they list changed before they left.
    pub async fn to_compose_again(&self) -> Result<Vec<Mail>, StoreError> {
        self.sled.read(outbox::to_compose_again).await
    }

    /// Who is to be asked again what is left of a question of which they left a part.
    pub async fn to_ask_again(&self) -> Result<Vec<EmailAddress>, StoreError> {
        self.sled.read(inbox::to_ask_again).await
    }

    /// Puts an answer that was composed again into the outbox; nothing where nothing is left to be told.
    pub async fn compose_again(&self, replaced: &MailId, mail: Option<QueuedMail>) -> Result<(), StoreError> {
        let replaced = replaced.clone();
        self.sled
            .write(move |trees, writes| outbox::compose_again(trees, writes, &replaced, mail.clone()))
            .await
    }

    /// Keeps all that a message means, or nothing of it: not where it was taken in before.
    ///
    /// # Errors
    /// [`StoreError::Overtaken`] if the person's state has changed since it was looked up, or the budget has and does not
    /// allow what was taken.
    pub async fn converse(&self, exchange: Exchange) -> Result<Exchanged, StoreError> {
        self.sled.write(move |trees, writes| inbox::converse(trees, writes, exchange)).await
    }

    /// What somebody wanted to follow and nobody tracks, the most wanted first.
    pub async fn wishes(&self) -> Result<Vec<UntrackedWish>, StoreError> {
        self.sled.read(inbox::wishes).await
    }

    /// Who was asked whether they want to follow something, and has not answered yet: each as a subscriber whose
    /// subscriptions wait.
    pub async fn asked_to_follow(&self, now: DateTime<Utc>) -> Result<Vec<Subscriber>, StoreError> {
        self.sled.read(move |trees| inbox::asked_to_follow(trees, now)).await
    }

    /// How the ways stand by which mail is fetched, those that were ever tried.
    pub async fn ways_in(&self) -> Result<Vec<WayInState>, StoreError> {
        self.sled.read(inbox::ways_in).await
    }

    /// Keeps how a way in stands.
    pub async fn keep_way_in(&self, state: WayInState) -> Result<(), StoreError> {
        self.sled.write(move |trees, writes| inbox::keep_way_in(trees, writes, &state)).await
    }

    /// Forgets messages that were taken in so long ago that no server hands them over again; tells
    /// how many.
    pub async fn forget_messages(&self, now: DateTime<Utc>) -> Result<usize, StoreError> {
        self.sled.write(move |trees, writes| inbox::forget(trees, writes, now)).await
    }

    /// Makes every subscription of an address that waits for it active; tells how many.
    pub async fn confirm(
        &self,
        address: &EmailAddress,
        channel: &str,
        now: DateTime<Utc>,
    ) -> Result<usize, StoreError> {
        let (address, channel) = (address.clone(), channel.to_owned());
        self.sled
            .write(move |trees, writes| subscribers::confirm(trees, writes, &address, &channel, now))
            .await
    }

    /// Sends an address nothing from now on, up to a day where one is given, or again; gives since when it was
    /// paused before.
    pub async fn pause(
        &self,
        address: &EmailAddress,
        is_paused: bool,
        until: Option<NaiveDate>,
        now: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        let address = address.clone();
        self.sled
            .write(move |trees, writes| subscribers::pause(trees, writes, &address, is_paused, until, now))
            .await
    }

    /// The installation's own key: `candidate` the first time, the same ever after.
    pub async fn instance_key(&self, candidate: [u8; 32]) -> Result<[u8; 32], StoreError> {
        self.sled.write(move |trees, writes| instance_key(trees, writes, candidate)).await
    }

    /// Removes the bodies that nothing refers to any more, few at a time. Others read and write meanwhile.
    pub async fn collect_garbage(&self) -> Result<GarbageReport, StoreError> {
        self.sled.collect_garbage().await
    }
}
