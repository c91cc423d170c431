//! From alerts to mails in the outbox.
//!
//! In two steps, each of which may end anywhere and be taken up again. First every reader gets an
//! item of every alert they follow, page by page of those who follow its topic, in the order of their addresses; how far that went
//! is kept with the items. What is told, and when, is decided once for all who follow alike. Then, for each reader something is due for, what waits is grouped
//! ([`crate::domain::grouping`]) and made into mails, and the mails go into the outbox and the items
//! out of the way in one commit, page by page of readers; while one page is kept, the mails of the next are made.
//! A mail's identity is its reader and the alerts it tells: made twice, it is the same mail.
//!
//! Deliberately absent: deciding what goes into which mail and when, which the domain does.

mod composer;
mod withdraw;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::task::JoinSet;

use self::composer::{Round, RoundContext, Ties, read_of};
use crate::clock::Clock;
use crate::domain::alert::{Alert, AlertItem};
use crate::domain::change::Change;
use crate::domain::email::EmailAddress;
use crate::domain::grouping::{CollectionRules, due};
use crate::domain::id::{AlertId, MailId};
use crate::domain::moment;
use crate::domain::subscription::Subscriber;
use crate::domain::topic::Topic;
use crate::domain::untold::Together;
use crate::mail::DraftError;
use crate::registry::Registry;
use crate::settings::MailSettings;
use crate::store::{
    ChangeQuery, DueReader, FanOut, FollowedAs, FollowerSet, ReaderCommit, SetFanOut, Store, StoreError,
    ToldOf, WaitingReader, WaitingReaders, anew_if_overtaken,
};

pub use composer::{Composer, ComposerParts};

/// Readers whose mails are made and kept in one commit, which is small enough to be one transaction of sled's.
const COMPOSE_PAGE: usize = 320;

/// The job of taking back what was told and of giving alerts to their readers.
const FAN_OUT: &str = "fan-out";

/// Rounds over readers whose items others took meanwhile; what is left then waits for the next.
const MAX_ROUNDS: usize = 8;

/// Whether alerts wait for company.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchWindow {
    /// Let the oldest alert wait for the configured time, so that one mail tells what one round found.
    Group,
    /// Tell now whatever waits for nothing but company.
    Now,
}

/// Why no mails were made. What waits stays.
#[derive(Debug, thiserror::Error)]
pub enum DispatchError {
    /// A mail could not be made.
    #[error(transparent)]
    Draft(#[from] DraftError),
    /// The store's error.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl DispatchError {
    /// The store's error behind it.
    fn of_store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            Self::Draft(_) => None,
        }
    }
}

/// Makes mails of alerts. One for the whole program.
#[derive(Debug)]
pub struct Dispatcher {
    store: Store,
    registry: Registry,
    settings: MailSettings,
    composer: Arc<Composer>,
    clock: Arc<dyn Clock>,
    turn: tokio::sync::Mutex<()>,
}

/// Readers with the moments at which they were to be looked at.
type Looks = BTreeMap<EmailAddress, Vec<DateTime<Utc>>>;

/// The readers something is due for, page by page: they may be very many.
struct DuePages {
    /// Up to when.
    until: DateTime<Utc>,
    /// The last one of the page before.
    last: Option<DueReader>,
    is_over: bool,
}

impl DuePages {
    /// The next page; an empty one if nobody is left.
    async fn next(&mut self, store: &Store) -> Result<Vec<DueReader>, StoreError> {
        if self.is_over {
            return Ok(Vec::new());
        }
        let page = store.due_readers(self.until, self.last.take(), COMPOSE_PAGE).await?;
        // Who is looked at again because others were faster is in the next round, or this one might never end.
        self.is_over = page.len() < COMPOSE_PAGE;
        self.last = page.last().cloned();
        Ok(page)
    }
}

impl Dispatcher {
    /// A dispatcher whose mails the given composer makes.
    #[must_use]
    pub fn new(
        store: Store,
        registry: Registry,
        settings: MailSettings,
        composer: Composer,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let turn = tokio::sync::Mutex::default();
        Self { store, registry, settings, composer: Arc::new(composer), clock, turn }
    }

    /// Makes mails of what is due; tells how many. A mail that cannot be made holds up no other.
    ///
    /// # Errors
    /// The store's error; what was kept before it stays so.
    pub async fn dispatch(&self, patience: BatchWindow) -> Result<usize, DispatchError> {
        let _turn = self.turn.lock().await;
        let mut withdrawn = 0;
        // Several that give one alert to its readers would overtake each other all the time.
        if let Some(_job) = self.store.claim_job(FAN_OUT).await? {
            withdrawn = self.withdraw().await?;
            self.spread().await?;
        }
        Ok(withdrawn + self.compose(patience).await?)
    }

    /// When there is something to do next.
    ///
    /// # Errors
    /// The store's error.
    pub async fn next_due(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        if self.store.has_pending_alerts().await? {
            Ok(Some(self.clock.now()))
        } else {
            self.store.next_look().await
        }
    }

    /// Queues a mail that shows an address that mail from here arrives.
    ///
    /// # Errors
    /// A mail that cannot be put together, or the store's error.
    pub async fn queue_test(&self, recipient: &EmailAddress) -> Result<MailId, DispatchError> {
        let mail = self.composer.test(recipient, &self.registry.current(), self.clock.now())?;
        let id = mail.mail.id.clone();
        self.store.dispatch(&[], vec![mail]).await?;
        Ok(id)
    }

    fn collecting(&self, patience: BatchWindow) -> CollectionRules {
        let length = |length| TimeDelta::from_std(length).unwrap_or_default();
        let wait = match patience {
            BatchWindow::Group => length(self.settings.group_within),
            BatchWindow::Now => TimeDelta::zero(),
        };
        CollectionRules { wait, lead: length(self.settings.deadline_within) }
    }

    /// Gives every reader an item of every alert they follow.
    async fn spread(&self) -> Result<(), DispatchError> {
        anew_if_overtaken(|| self.spread_pending(), DispatchError::of_store).await
    }

    async fn spread_pending(&self) -> Result<(), DispatchError> {
        // Alerts that a run before got equally far with go on together.
        let mut runs: BTreeMap<Option<EmailAddress>, Vec<(Alert, Change)>> = BTreeMap::new();
        for (alert, change) in self.store.pending_alerts().await? {
            runs.entry(alert.spread_to.clone()).or_default().push((alert, change));
        }
        for (mut reached, pending) in runs {
            let alerts: Vec<AlertId> = pending.iter().map(|(alert, _)| alert.id.clone()).collect();
            let topics: BTreeSet<_> = pending.iter().map(|(alert, _)| alert.topic.clone()).collect();
            let topics: Vec<Topic> = topics.into_iter().collect();
            loop {
                let now = self.clock.now();
                let limit = self.store.readers_at_once();
                let page = self.store.followers(topics.clone(), reached.clone(), limit, now).await?;
                let from = std::mem::replace(&mut reached, page.reached);
                let items = self.items(&page.others, &pending, now);
                let sets = self.sets(&page.ways, &pending, now);
                let step = FanOut { alerts: alerts.clone(), from, items, reached: reached.clone() };
                self.store.spread_sets(SetFanOut { step, sets, seen: page.seen }).await?;
                if reached.is_none() {
                    break;
                }
            }
            tracing::info!(alerts = alerts.len(), "gave {} alerts to their readers", alerts.len());
        }
        Ok(())
    }

    /// What all who follow alike are told, and when.
    fn sets(&self, ways: &[FollowedAs], pending: &[(Alert, Change)], now: DateTime<Utc>) -> Vec<FollowerSet> {
        let collecting = self.collecting(BatchWindow::Group);
        let mut sets = Vec::new();
        for FollowedAs { topic, following, .. } in ways {
            let of_topic = pending.iter().filter(|(alert, _)| alert.topic == *topic);
            sets.extend(of_topic.filter(|(_, change)| following.admits(change)).map(|(alert, change)| {
                let item = AlertItem::of(alert);
                let (look_at, _) = due(&following.preferences(), &item, change, collecting, now);
                FollowerSet { following: following.clone(), item, look_at }
            }));
        }
        sets
    }

    /// What readers are told of whom each is decided on by their own record.
    fn items(
        &self,
        readers: &[Subscriber],
        pending: &[(Alert, Change)],
        now: DateTime<Utc>,
    ) -> Vec<(EmailAddress, AlertItem, DateTime<Utc>)> {
        let collecting = self.collecting(BatchWindow::Group);
        let mut items = Vec::new();
        for reader in readers {
            let followed =
                pending.iter().filter(|(alert, change)| reader.collects(&alert.topic, change, now));
            items.extend(followed.map(|(alert, change)| {
                let item = AlertItem::of(alert);
                let (look_at, _) = due(&reader.preferences, &item, change, collecting, now);
                (reader.address.clone(), item, look_at)
            }));
        }
        items
    }

    /// Makes mails for every reader something is due for, and again for those who were looked at by others meanwhile.
    async fn compose(&self, patience: BatchWindow) -> Result<usize, DispatchError> {
        let mut queued = 0;
        for _ in 0..MAX_ROUNDS {
            let (more, is_superseded) = self.compose_due(patience).await?;
            queued += more;
            if !is_superseded {
                break;
            }
        }
        if queued > 0 {
            tracing::info!(mails = queued, "queued {queued} mails");
        }
        Ok(queued)
    }

    /// Makes mails for every reader something is due for; with how many it returns whether for somebody it made none
    /// because what waited for them had changed by then.
    ///
    /// While the mails of a page of readers are being kept, those of the next are made. What they are made of is looked up
    /// before that page is kept, which is as if another worker kept it: the store keeps nothing that was made of what waits
    /// otherwise by then.
    async fn compose_due(&self, patience: BatchWindow) -> Result<(usize, bool), DispatchError> {
        let now = self.clock.now();
        let ahead = self.collecting(BatchWindow::Group).wait;
        let until = if patience == BatchWindow::Now { now + ahead } else { now };
        let mut round = self.round(patience, now);
        let (mut queued, mut is_superseded) = (0, false);
        let mut due = DuePages { until, last: None, is_over: false };
        let mut composed = Vec::new();
        loop {
            let next = self.compose_next(&mut due, &mut round);
            let (kept, next) = tokio::join!(self.keep(composed), next);
            let (more, superseded) = kept?;
            queued += more;
            is_superseded |= superseded > 0;
            match next? {
                Some(next) => composed = next,
                None => return Ok((queued, is_superseded)),
            }
        }
    }

    /// Makes the mails of the next page of readers something is due for; `None` if nobody is left.
    async fn compose_next(
        &self,
        due: &mut DuePages,
        round: &mut Round,
    ) -> Result<Option<Vec<ReaderCommit>>, StoreError> {
        let mut looks = Looks::new();
        for look in due.next(&self.store).await? {
            looks.entry(look.reader).or_default().push(look.at);
        }
        if looks.is_empty() { Ok(None) } else { self.compose_page(looks, round).await.map(Some) }
    }

    fn round(&self, patience: BatchWindow, now: DateTime<Utc>) -> Round {
        let collecting = self.collecting(patience);
        Round {
            watchlist: self.registry.current(),
            states: Arc::default(),
            ties: Arc::default(),
            together: Arc::default(),
            views: Arc::default(),
            collecting,
            now,
        }
    }

    /// Puts the mails of a page of readers into the outbox; returns how many, and for how many readers none were kept.
    async fn keep(&self, composed: Vec<ReaderCommit>) -> Result<(usize, usize), StoreError> {
        if composed.is_empty() {
            return Ok((0, 0));
        }
        let made: Vec<(EmailAddress, usize)> =
            composed.iter().map(|composed| (composed.reader.clone(), composed.mails.len())).collect();
        let superseded: BTreeSet<EmailAddress> = self.store.compose(composed).await?.into_iter().collect();
        let kept = made.iter().filter(|(reader, _)| !superseded.contains(reader));
        Ok((kept.map(|(_, mails)| mails).sum(), superseded.len()))
    }

    /// Makes the mails of a page of readers.
    async fn compose_page(&self, looks: Looks, round: &mut Round) -> Result<Vec<ReaderCommit>, StoreError> {
        let waiting = self.store.waiting(looks.keys().cloned().collect()).await?;
        self.learn_together(&waiting, round).await?;
        self.learn_states(&waiting, round).await?;
        self.learn_ties(&waiting, round).await?;
        let told = self.told_of(&waiting, round).await?;
        let found = self.found_since(&waiting, round.now).await?;
        let aside = self.set_aside(&waiting, &found, round).await?;
        let known = Arc::new(RoundContext { told, found, aside });
        Ok(self.in_parallel(waiting, known, looks, round).await)
    }

    /// Learns what else the reads found that show what waits, once for all readers of a round.
    async fn learn_together(&self, waiting: &WaitingReaders, round: &mut Round) -> Result<(), StoreError> {
        let mut together = (*round.together).clone();
        for change in waiting.changes.values().filter(|change| !change.is_notice()) {
            let read = read_of(change);
            // What one read found alone leaves nothing out; an old record does not say.
            if change.found_together != 1 && !together.contains_key(&read) {
                let all = self.store.found_with(change).await?;
                together.insert(read, Arc::new(Together::of(all)));
            }
        }
        round.together = Arc::new(together);
        Ok(())
    }

    /// Learns how the sources stand of which somebody is told, once for all readers of a round.
    async fn learn_states(&self, waiting: &WaitingReaders, round: &mut Round) -> Result<(), StoreError> {
        let told_of = self.composer.sources_to_report(&waiting.readers, &round.states);
        if !told_of.is_empty() {
            let states = self.store.read_states(told_of).await?;
            Arc::make_mut(&mut round.states).extend(states);
        }
        Ok(())
    }

    /// Learns what other sources tell of the same that waits, once for all readers of a round.
    async fn learn_ties(&self, waiting: &WaitingReaders, round: &mut Round) -> Result<(), StoreError> {
        let known = Arc::make_mut(&mut round.ties);
        for change in waiting.changes.values() {
            self.learn_ties_of(change, known).await?;
        }
        Ok(())
    }

    async fn learn_ties_of(&self, change: &Change, known: &mut Ties) -> Result<(), StoreError> {
        if !change.numbers.is_empty() && !known.contains_key(&change.id) {
            known.insert(change.id.clone(), self.store.ties(change).await?);
        }
        Ok(())
    }

    /// What readers who want one mail for an event were told of what waits for them, by other sources.
    async fn told_of(&self, waiting: &WaitingReaders, round: &Round) -> Result<ToldOf, StoreError> {
        let mut asked = Vec::new();
        for WaitingReader { reader, items } in &waiting.readers {
            let wanted = items.iter().filter(|_| reader.preferences.is_told_once);
            let ties = wanted.filter_map(|item| round.ties.get(&item.change)).flatten();
            let certain = ties.filter(|tie| tie.is_certain);
            asked.extend(certain.map(|tie| (reader.address.clone(), tie.change.id.clone())));
        }
        if asked.is_empty() { Ok(ToldOf::new()) } else { self.store.told_of(asked).await }
    }

    /// What was found in the time for which somebody of the page is to have silence attested.
    async fn found_since(
        &self,
        waiting: &WaitingReaders,
        now: DateTime<Utc>,
    ) -> Result<Vec<Change>, StoreError> {
        let due = waiting.readers.iter().filter_map(|waiting| {
            let preferences = &waiting.reader.preferences;
            preferences.attestation_due().filter(|due| *due <= now).and(preferences.attested_until)
        });
        let Some(since) = due.min() else { return Ok(Vec::new()) };
        let query = ChangeQuery { since: Some(since), limit: usize::MAX, ..ChangeQuery::default() };
        let mut found = self.store.changes(query).await?;
        // What a clock found that was ahead was found when that was noticed, at the latest: it is counted once.
        if let Some(set_back) = self.store.clock_set_back().await? {
            for change in found.iter_mut().filter(|change| moment::lies_ahead(change.found_at, now)) {
                change.found_at = set_back.to;
            }
        }
        Ok(found)
    }

    /// What of `found` was set aside for readers to whom silence is due to be attested, since they want one mail for an
    /// event and had it.
    async fn set_aside(
        &self,
        waiting: &WaitingReaders,
        found: &[Change],
        round: &mut Round,
    ) -> Result<ToldOf, StoreError> {
        let readers = waiting.readers.iter().map(|waiting| &waiting.reader).filter(|reader| {
            let due = reader.preferences.attestation_due();
            reader.preferences.is_told_once && due.is_some_and(|due| due <= round.now)
        });
        let readers: Vec<&EmailAddress> = readers.map(|reader| &reader.address).collect();
        if readers.is_empty() {
            return Ok(ToldOf::new());
        }
        let known = Arc::make_mut(&mut round.ties);
        let mut asked = BTreeSet::new();
        for change in found.iter().filter(|change| !change.numbers.own.is_empty()) {
            self.learn_ties_of(change, known).await?;
            let ties =
                known.get(&change.id).into_iter().flatten().filter(|tie| tie.is_told_by_another(change));
            for tie in ties {
                asked.extend(readers.iter().map(|reader| ((*reader).clone(), tie.change.id.clone())));
            }
        }
        self.store.set_aside(asked.into_iter().collect()).await
    }

    /// Makes the mails of a page on as many threads as there are: words and encoding take their time,
    /// and others wait for this one.
    async fn in_parallel(
        &self,
        waiting: WaitingReaders,
        known: Arc<RoundContext>,
        mut looks: Looks,
        round: &Round,
    ) -> Vec<ReaderCommit> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let changes = Arc::new(waiting.changes);
        let mut readers = waiting.readers;
        let share = readers.len().div_ceil(threads).max(1);
        let mut tasks = JoinSet::new();
        while !readers.is_empty() {
            let part = readers.split_off(readers.len().saturating_sub(share));
            let (composer, round) = (Arc::clone(&self.composer), round.clone());
            let (changes, known) = (Arc::clone(&changes), Arc::clone(&known));
            let store = self.store.clone();
            let make = move |waiting: &WaitingReader| {
                let mut made = composer.compose(waiting, &changes, &known, &round);
                store.make_records(&mut made);
                made
            };
            tasks.spawn_blocking(move || part.iter().map(make).collect::<Vec<_>>());
        }
        let mut composed = Vec::new();
        while let Some(done) = tasks.join_next().await {
            match done {
                Ok(part) => composed.extend(part),
                // What waits for its readers stays, and so do their looks.
                Err(panic) => tracing::error!(error = %panic, "composing mails panicked"),
            }
        }
        for composed in &mut composed {
            composed.looks = looks.remove(&composed.reader).unwrap_or_default();
        }
        composed
    }
}
