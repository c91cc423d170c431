//! Dated captures of a source through the whole pipeline, with the clock of their time: what would have been told, and
//! when.
//!
//! Everything is the real thing: reads are judged, compared and kept by [`crate::check`], mails are made by
//! [`crate::dispatch`]. Only what stands around them is made for it: a store in a folder that goes away, a clock that is
//! set, answers out of an archive in the place of the network, and one reader who follows the companies that are asked
//! for. Nothing can be sent, because there is nobody who sends; and what has no part in the captures (the machine's
//! clock, random numbers, the installation's key) has none in the outcome, so the same captures give the same bytes.
//!
//! Between two captures the page is taken to stay as it was: it is read again only where the service would wait for
//! another read before it believes what is gone.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use mail_parser::MessageParser;
use serde::Serialize;

use crate::archive::{ArchivedAnswer, Capture};
use crate::check::{Checker, ReadOptions};
use crate::clock::{Clock, ManualClock};
use crate::config::Config;
use crate::dispatch::{BatchWindow, Composer, ComposerParts, DispatchError, Dispatcher};
use crate::domain::bundle;
use crate::domain::change::{Change, ChangeKind};
use crate::domain::due::due_at;
use crate::domain::email::EmailAddress;
use crate::domain::id::{ChangeId, CompanyId, SourceId};
use crate::domain::matching::WatchlistError;
use crate::domain::outbox::Mail;
use crate::domain::snapshot::Snapshot;
use crate::domain::source::{RequestSettings, Source, address_of_page};
use crate::domain::topic::Topic;
use crate::domain::verdict::Verdict;
use crate::fetch::{AnswerLog, FetchResponse, Fetcher};
use crate::registry::Registry;
use crate::reload::watchlist;
use crate::settings::StoreSettings;
use crate::store::{Store, StoreError};
use crate::subscribe::{SubscribeError, SubscriberLock, Subscriptions};

/// Who is told. The name is reserved: nobody has this address.
pub const READER: &str = "reader@backtest.invalid";

/// A page is read again so often at most until what is gone from it is believed gone.
const MAX_READS_AGAIN: usize = 12;

/// A read again is at least so much later.
const LEAST_WAIT: TimeDelta = TimeDelta::minutes(1);

/// So many mails are looked at.
const MAX_MAILS: usize = 100_000;

/// The key of an installation that there is not.
const KEY: [u8; 32] = [0x5a; 32];

/// Why captures could not be run through.
#[derive(Debug, thiserror::Error)]
pub enum BacktestError {
    /// There is no place for the store that goes away.
    #[error("cannot create a temporary folder")]
    NoFolder(#[from] std::io::Error),
    /// What was read first does not follow on what was captured last.
    #[error("the first read does not follow the last capture, so the changes in between are unknown: {0}")]
    NotFollowed(String),
    /// The companies cannot be looked for.
    #[error(transparent)]
    Watchlist(#[from] WatchlistError),
    /// Somebody is followed who is not tracked.
    #[error(transparent)]
    Subscribe(#[from] SubscribeError),
    /// A mail could not be made.
    #[error(transparent)]
    Dispatch(#[from] DispatchError),
    /// The store's error.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is asked.
#[derive(Debug)]
pub struct BacktestQuestion {
    /// The companies that the reader follows; all that are tracked where none is named.
    pub companies: Vec<CompanyId>,
    /// Only what is found from this day on (UTC) is told.
    pub from: Option<NaiveDate>,
}

/// What would have been told.
#[derive(Debug, Serialize)]
pub struct Backtest {
    /// The source.
    pub source: SourceId,
    /// The captures, the oldest first.
    pub captures: Vec<JudgedCapture>,
    /// What changed from one to the next, in the order in which it was found.
    pub changes: Vec<ReplayedChange>,
    /// The mails that would have gone, in their order.
    pub mails: Vec<ReplayedMail>,
}

/// A capture as it was judged.
#[derive(Debug, Serialize)]
pub struct JudgedCapture {
    /// What it is called in its archive.
    pub capture: String,
    /// When it counts as read.
    pub read_at: DateTime<Utc>,
    /// What the read was found to be.
    pub verdict: Verdict,
    /// Why, where it was not simply good.
    pub reason: Option<String>,
    /// Whether it was the first sight of the source.
    pub baseline: bool,
    /// How many entries it has.
    pub entries: usize,
}

/// A change with when it would have been told.
#[derive(Debug, Serialize)]
pub struct ReplayedChange {
    /// Names the change.
    pub id: ChangeId,
    /// What happened.
    pub kind: ChangeKind,
    /// To which entry.
    pub title: String,
    /// The date that the entry bears.
    pub date: Option<String>,
    /// When it would have been found.
    pub found_at: DateTime<Utc>,
    /// When the mail about it would have been made; `None` where it concerns nobody who is followed.
    pub told_at: Option<DateTime<Utc>>,
    /// The companies concerned.
    pub companies: Vec<CompanyId>,
}

/// A mail as its reader would have seen it.
#[derive(Debug, Serialize)]
pub struct ReplayedMail {
    /// When it would have been made.
    pub at: DateTime<Utc>,
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub text: String,
    /// The changes it tells.
    pub changes: Vec<ChangeId>,
}

/// What an archive says of a source before it was watched.
#[derive(Debug)]
pub struct ArchiveHistory {
    /// The captures, the oldest first.
    pub captures: Vec<JudgedCapture>,
    /// The states that it had, the oldest first, each with its body.
    pub states: Vec<(Snapshot, Vec<u8>)>,
    /// What changed from each to the next, up to the first read.
    pub changes: Vec<Change>,
}

/// Runs captures from before the first read of a source through, and then what that read found, the body of which is
/// `body`: what was accepted of them is the source's history.
///
/// # Errors
/// [`BacktestError`].
pub async fn history(
    config: &Config,
    source: &Source,
    captures: &[Capture],
    first: &Snapshot,
    body: Vec<u8>,
) -> Result<ArchiveHistory, BacktestError> {
    let folder = tempfile::Builder::new().prefix("regwatch-backfill-").tempdir()?;
    let store = Store::open(&StoreSettings::Sled { path: folder.path().join("db") })?;
    let outcome = Box::pin(past(&store, config, source, captures, as_capture(source, first, body))).await;
    store.close().await?;
    outcome
}

async fn past(
    store: &Store,
    config: &Config,
    source: &Source,
    captures: &[Capture],
    known: Capture,
) -> Result<ArchiveHistory, BacktestError> {
    let begin = captures.first().map_or(known.at, |first| first.at);
    let stage = ReplayStage::set(store, config, source, begin).await?;
    let (mut seen, mut changes) = (Vec::new(), Vec::new());
    for (place, capture) in captures.iter().enumerate() {
        let next = captures.get(place + 1).map_or(known.at, |next| next.at);
        let (shown, found) = stage.show(capture, Some(next)).await?;
        seen.push(shown);
        changes.extend(found);
    }
    let mut snapshots = store.snapshots(&source.id, usize::MAX).await?;
    snapshots.reverse();
    let mut states = Vec::new();
    for snapshot in snapshots {
        let body = store.body(&snapshot.response.sha256).await?.unwrap_or_default();
        states.push((snapshot, body));
    }
    if !states.is_empty() {
        let (shown, found) = stage.show(&known, Some(known.at)).await?;
        // Of what came in between nothing would be known, and "since the first state" would be wrong.
        if !shown.verdict.is_read() {
            return Err(BacktestError::NotFollowed(shown.reason.unwrap_or_default()));
        }
        changes.extend(found);
    }
    // Nobody decides any more whose names stood in the past.
    let changes = changes.into_iter().map(|change| Change { possible: Vec::new(), ..change }).collect();
    Ok(ArchiveHistory { captures: seen, states, changes })
}

/// A state that is kept as the capture that it was; of several answers each at its address.
fn as_capture(source: &Source, first: &Snapshot, body: Vec<u8>) -> Capture {
    let url = address_of_page(&source.url, &first.response.url);
    let kept = |url, headers, body| ArchivedAnswer { url, status: first.response.status, headers, body };
    let mut parts = match bundle::decode(&body) {
        Some(Ok(parts)) => parts
            .iter()
            .map(|part| {
                let kind = part.content_type.iter().map(|kind| ("content-type".to_owned(), kind.clone()));
                kept(part.url.clone(), kind.collect(), part.body.to_vec())
            })
            .collect(),
        _ => vec![kept(url, first.response.headers.clone(), body)],
    };
    let answer = parts.remove(0);
    Capture { at: first.response.read_at, label: "the first read".to_owned(), answer, further: parts }
}

/// Everything that captures run through.
struct ReplayStage {
    source: Source,
    store: Store,
    clock: ManualClock,
    record: AnswerLog,
    checker: Checker,
    dispatcher: Dispatcher,
}

/// Runs captures of a source through, the oldest first.
///
/// # Errors
/// [`BacktestError`].
pub async fn run(
    config: &Config,
    source: &Source,
    captures: &[Capture],
    question: &BacktestQuestion,
) -> Result<Backtest, BacktestError> {
    let folder = tempfile::Builder::new().prefix("regwatch-backtest-").tempdir()?;
    let store = Store::open(&StoreSettings::Sled { path: folder.path().join("db") })?;
    let outcome = Box::pin(over(&store, config, source, captures, question)).await;
    store.close().await?;
    outcome
}

async fn over(
    store: &Store,
    config: &Config,
    source: &Source,
    captures: &[Capture],
    question: &BacktestQuestion,
) -> Result<Backtest, BacktestError> {
    let begin = captures.first().map_or(DateTime::UNIX_EPOCH, |first| first.at);
    let stage = ReplayStage::set(store, config, source, begin).await?;
    stage.seat_reader(config, &question.companies, begin).await?;
    let mut seen = Vec::new();
    let mut changes: Vec<Change> = Vec::new();
    for (place, capture) in captures.iter().enumerate() {
        let next = captures.get(place + 1).map(|next| next.at);
        let (shown, found) = stage.show(capture, next).await?;
        seen.push(shown);
        changes.extend(found);
    }
    stage.outcome(seen, changes, question).await
}

impl ReplayStage {
    async fn set(
        store: &Store,
        config: &Config,
        source: &Source,
        begin: DateTime<Utc>,
    ) -> Result<Self, BacktestError> {
        let manual = ManualClock::starting_at(begin);
        let clock: Arc<dyn Clock> = Arc::new(manual.clone());
        let instance_key = store.instance_key(KEY).await?;
        let registry = Registry::new(watchlist(config)?);
        // Other routes are other sites' pages, which these captures are not.
        let request = RequestSettings {
            routes: Vec::new(),
            witness: None,
            in_browser: false,
            ..source.request.clone()
        };
        let source = Source { request, ..source.clone() };
        let record = AnswerLog::default();
        let fetcher = Arc::new(Fetcher::of_record(config.fetch.clone(), record.clone()));
        let fetch = &config.fetch;
        let checker = Checker::new(
            store.clone(),
            fetcher,
            registry.clone(),
            Arc::clone(&clock),
            fetch.full_read_every,
            fetch.max_freshness,
        );
        let composer = Composer::new(ComposerParts {
            settings: config.mail.clone(),
            inbox: config.inbox.as_ref().map(|inbox| inbox.address.clone()),
            sources: Arc::new([Arc::new(source.clone())]),
            web: None,
            instance_key,
        });
        let dispatcher = Dispatcher::new(store.clone(), registry, config.mail.clone(), composer, clock);
        Ok(Self { source, store: store.clone(), clock: manual, record, checker, dispatcher })
    }

    /// Has the reader follow companies before anything is read.
    async fn seat_reader(
        &self,
        config: &Config,
        companies: &[CompanyId],
        begin: DateTime<Utc>,
    ) -> Result<(), BacktestError> {
        let all = config.companies.iter().map(|company| Topic::from(&company.id));
        let followed: Vec<Topic> =
            if companies.is_empty() { all.collect() } else { companies.iter().map(Topic::from).collect() };
        let Ok(reader) = READER.parse::<EmailAddress>() else { return Ok(()) };
        let registry = Registry::new(watchlist(config)?);
        let clock = Arc::new(ManualClock::starting_at(begin));
        Subscriptions::new(self.store.clone(), registry, SubscriberLock::default(), clock)
            .add(&reader, &followed, true)
            .await?;
        Ok(())
    }

    /// Reads a capture at its time, again where what is gone waits for that, and tells what was found until the next.
    async fn show(
        &self,
        capture: &Capture,
        next: Option<DateTime<Utc>>,
    ) -> Result<(JudgedCapture, Vec<Change>), BacktestError> {
        self.clock.set(capture.at.max(self.clock.now()));
        self.record.clear();
        capture.further.iter().for_each(|kept| self.record.put(&kept.url, answer(kept)));
        self.record.put(&self.source.url, answer(&capture.answer));
        let first = self.checker.read(&self.source, ReadOptions::default()).await;
        let seen = JudgedCapture {
            capture: capture.label.clone(),
            read_at: capture.at,
            verdict: first.verdict,
            reason: first.reason,
            baseline: first.baseline,
            entries: first.entries,
        };
        let mut changes = first.changes;
        self.tell(Some(self.clock.now())).await?;
        for _ in 0..MAX_READS_AGAIN {
            let Some(at) = self.again_at().await?.filter(|at| next.is_none_or(|next| *at < next)) else {
                break;
            };
            self.tell(Some(at)).await?;
            self.clock.set(at);
            changes.extend(self.checker.read(&self.source, ReadOptions::default()).await.changes);
        }
        self.tell(next).await?;
        Ok((seen, changes))
    }

    /// When the page would be read again because something of it waits for that; `None` where nothing does.
    async fn again_at(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        let now = self.clock.now();
        let Some(state) = self.store.read_state(&self.source.id).await? else { return Ok(None) };
        let may_be_agreed = state.verdict == Verdict::Suspect && self.source.guard.confirm_drop > 0;
        if state.pending.is_empty() && !may_be_agreed {
            return Ok(None);
        }
        Ok(due_at(&self.source, Some(&state), now, now).map(|at| at.max(now + LEAST_WAIT)))
    }

    /// Makes the mails that are due until then, each at its time; all that are left where there is no end.
    async fn tell(&self, until: Option<DateTime<Utc>>) -> Result<(), BacktestError> {
        loop {
            self.dispatcher.dispatch(BatchWindow::Group).await?;
            let now = self.clock.now();
            match self.dispatcher.next_due().await? {
                Some(at) if at > now && until.is_none_or(|until| at < until) => self.clock.set(at),
                _ => return Ok(()),
            }
        }
    }

    async fn outcome(
        &self,
        mut captures: Vec<JudgedCapture>,
        mut changes: Vec<Change>,
        question: &BacktestQuestion,
    ) -> Result<Backtest, BacktestError> {
        let is_asked = |at: DateTime<Utc>| question.from.is_none_or(|from| at.date_naive() >= from);
        let mut mails = self.store.mails(None, MAX_MAILS).await?;
        mails.sort_by(|a, b| (a.queued_at, &a.id).cmp(&(b.queued_at, &b.id)));
        let mut told: BTreeMap<ChangeId, DateTime<Utc>> = BTreeMap::new();
        for mail in mails.iter().rev() {
            told.extend(mail.changes.iter().map(|change| (change.clone(), mail.queued_at)));
        }
        changes.retain(|change| {
            let companies = change.companies();
            let is_followed = |id: &CompanyId| question.companies.contains(id);
            is_asked(change.found_at)
                && (question.companies.is_empty() || companies.into_iter().any(is_followed))
        });
        mails.retain(|mail| is_asked(mail.queued_at));
        let mut letters = Vec::new();
        for mail in mails {
            letters.push(self.letter(mail).await?);
        }
        // What came before was asked for as what the first is compared with.
        for seen in &mut captures {
            seen.baseline |= !is_asked(seen.read_at);
        }
        let changes = changes.into_iter().map(|change| ReplayedChange::of(change, &told)).collect();
        Ok(Backtest { source: self.source.id.clone(), captures, changes, mails: letters })
    }

    async fn letter(&self, mail: Mail) -> Result<ReplayedMail, StoreError> {
        let bytes = self.store.message(&mail.id).await?;
        let parsed = MessageParser::default().parse(&bytes);
        let text = parsed.and_then(|parsed| Some(parsed.body_text(0)?.into_owned())).unwrap_or_default();
        Ok(ReplayedMail { at: mail.queued_at, subject: mail.subject, text, changes: mail.changes })
    }
}

impl ReplayedChange {
    fn of(change: Change, told: &BTreeMap<ChangeId, DateTime<Utc>>) -> Self {
        Self {
            told_at: told.get(&change.id).copied(),
            companies: change.companies().into_iter().cloned().collect(),
            kind: change.entry.kind,
            date: change.entry.date.map(|date| date.to_string()),
            title: change.entry.title,
            found_at: change.found_at,
            id: change.id,
        }
    }
}

fn answer(kept: &ArchivedAnswer) -> FetchResponse {
    FetchResponse {
        status: kept.status,
        url: kept.url.clone(),
        headers: kept.headers.clone(),
        body: kept.body.clone().into(),
        retry_after: None,
    }
}
