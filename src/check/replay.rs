//! Today's extractor over the bodies of the past: what would have been found, beside what was told.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Checker;
use crate::domain::assess::{Assessment, Past, assess};
use crate::domain::change::{Change, EntryChange};
use crate::domain::diff::diff;
use crate::domain::entry::Document;
use crate::domain::id::{BodyHash, SourceId};
use crate::domain::snapshot::{Baseline, Snapshot};
use crate::domain::source::{Source, address_of_page};
use crate::store::{ChangeQuery, StoreError};

/// What a replay found.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReplayReport {
    /// The source.
    pub source: SourceId,
    /// Its accepted states, the oldest first.
    pub steps: Vec<ReplayStep>,
}

/// One accepted state, read anew.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReplayStep {
    /// Its number.
    pub sequence: u64,
    /// When it was read.
    pub read_at: DateTime<Utc>,
    /// Names its body.
    pub sha256: BodyHash,
    /// How many entries today's extractor reads; nothing where it cannot read the body.
    pub entries: Option<usize>,
    /// Why it cannot.
    pub problem: Option<String>,
    /// Whether this is the first state that could be read.
    pub baseline: bool,
    /// What would be told today, as it was told then.
    pub same: Vec<Change>,
    /// What would be told today and was not told then, or in other words.
    pub only_now: Vec<Change>,
    /// What was told then and would not be told today, or in other words.
    pub only_then: Vec<Change>,
}

/// As many of a source's newest states are tried: it must end within the time of a page.
const TRIED_STATES: usize = 5;

/// One accepted state, read under the settings of now and under others.
#[derive(Debug, Clone)]
pub struct TriedState {
    /// Its number.
    pub sequence: u64,
    /// When it was read.
    pub read_at: DateTime<Utc>,
    /// How many entries the settings of now read, or why they cannot.
    pub now: Result<usize, String>,
    /// How many entries the others read, or why they cannot.
    pub tried: Result<usize, String>,
    /// What the others read otherwise.
    pub changes: Vec<EntryChange>,
}

impl Checker {
    /// Reads the bodies of a source's accepted states anew, in their order, and compares them; those
    /// before `since` only as what the first of the others is compared with. Stores and tells nothing.
    ///
    /// # Errors
    /// The store's error.
    pub async fn replay(
        &self,
        source: &Source,
        since: Option<DateTime<Utc>>,
    ) -> Result<ReplayReport, StoreError> {
        let mut snapshots = self.store.snapshots(&source.id, usize::MAX).await?;
        snapshots.reverse();
        let is_early = |snapshot: &Snapshot| since.is_some_and(|since| snapshot.response.read_at < since);
        let early = snapshots.iter().take_while(|snapshot| is_early(snapshot)).count();
        snapshots.drain(..early.saturating_sub(1));
        let query =
            ChangeQuery { source: Some(source.id.clone()), limit: usize::MAX, ..ChangeQuery::default() };
        let told = self.store.changes(query).await?;
        let (mut steps, mut previous) = (Vec::new(), None);
        for snapshot in snapshots {
            let is_early = is_early(&snapshot);
            let step = self.step(source, snapshot, &mut previous, &told).await?;
            if !is_early {
                steps.push(step);
            }
        }
        Ok(ReplayReport { source: source.id.clone(), steps })
    }

    /// What other settings would read out of the newest accepted states of a source, beside what those of now read.
    /// Stores and tells nothing, and asks no site.
    ///
    /// # Errors
    /// The store's error.
    pub async fn try_settings(&self, source: &Source, tried: &Source) -> Result<Vec<TriedState>, StoreError> {
        let mut states = Vec::new();
        for snapshot in self.store.snapshots(&source.id, TRIED_STATES).await? {
            let now = self.document_of(source, &snapshot).await?;
            let then = self.document_of(tried, &snapshot).await?;
            let changes = match (&now, &then) {
                (Ok(now), Ok(then)) => diff(now, then, &tried.noise),
                _ => Vec::new(),
            };
            let count = |document: Document| document.entries.len();
            states.push(TriedState {
                sequence: snapshot.sequence,
                read_at: snapshot.response.read_at,
                now: now.map(count),
                tried: then.map(count),
                changes,
            });
        }
        Ok(states)
    }

    /// What differs between two accepted states of a source, both read anew under the settings of now; the reason
    /// where one of them is not there or cannot be read.
    ///
    /// # Errors
    /// The store's error.
    pub async fn compare(
        &self,
        source: &Source,
        (before, after): (u64, u64),
    ) -> Result<Result<Vec<EntryChange>, String>, StoreError> {
        let mut documents = Vec::new();
        for sequence in [before, after] {
            let Some(snapshot) = self.store.snapshot(&source.id, sequence).await? else {
                return Ok(Err(format!("there is no state {sequence}")));
            };
            match self.document_of(source, &snapshot).await? {
                Ok(document) => documents.push(document),
                Err(reason) => return Ok(Err(format!("state {sequence}: {reason}"))),
            }
        }
        Ok(match documents.as_slice() {
            [before, after] => Ok(diff(before, after, &source.noise)),
            _ => Ok(Vec::new()),
        })
    }

    /// The entries of an accepted state as they are read now.
    async fn document_of(
        &self,
        source: &Source,
        snapshot: &Snapshot,
    ) -> Result<Result<Document, String>, StoreError> {
        let Some(body) = self.store.body(&snapshot.response.sha256).await? else {
            return Ok(Err(format!("body {} is not in the store", snapshot.response.sha256)));
        };
        let content_type = snapshot.header("content-type").map(str::to_owned);
        let url = address_of_page(&source.url, &snapshot.response.url);
        Ok(match super::extract_whole(source, body.into(), content_type, url).await {
            Ok(Ok(document)) => Ok(document),
            Ok(Err(unreadable)) => Err(unreadable.to_string()),
            Err(reason) => Err(reason),
        })
    }

    async fn step(
        &self,
        source: &Source,
        snapshot: Snapshot,
        previous: &mut Option<Baseline>,
        told: &[Change],
    ) -> Result<ReplayStep, StoreError> {
        let told: Vec<Change> = told.iter().filter(|change| is_of(change, &snapshot)).cloned().collect();
        let is_first = previous.is_none();
        let (sequence, read_at, sha256) =
            (snapshot.sequence, snapshot.response.read_at, snapshot.response.sha256.clone());
        let read = self.read_again(source, snapshot, previous.as_ref()).await?;
        let mut step = ReplayStep {
            sequence,
            read_at,
            sha256,
            entries: None,
            problem: None,
            baseline: false,
            same: Vec::new(),
            only_now: Vec::new(),
            only_then: Vec::new(),
        };
        match read {
            Ok(Assessment { baseline, entries, changes, .. }) => {
                *previous = baseline.or(previous.take());
                step.entries = Some(entries);
                step.baseline = is_first;
                // The changes of the first state were found against one that is not looked at.
                let told = if is_first { Vec::new() } else { told };
                let is_told = |change: &Change| told.iter().any(|then| says_the_same(then, change));
                let is_found = |then: &Change| changes.iter().any(|change| says_the_same(then, change));
                step.only_then = told.iter().filter(|then| !is_found(then)).cloned().collect();
                (step.same, step.only_now) = changes.iter().cloned().partition(is_told);
            }
            Err(problem) => {
                step.problem = Some(problem);
                step.only_then = told;
            }
        }
        Ok(step)
    }

    async fn read_again(
        &self,
        source: &Source,
        snapshot: Snapshot,
        previous: Option<&Baseline>,
    ) -> Result<Result<Assessment, String>, StoreError> {
        let document = match self.document_of(source, &snapshot).await? {
            Ok(document) => document,
            Err(reason) => return Ok(Err(reason)),
        };
        let past = Past { baseline: previous, is_accepted: true, ..Past::default() };
        Ok(assess(source, past, document, snapshot.response, &self.registry.current())
            .map_err(|suspicion| suspicion.to_string()))
    }
}

fn is_of(change: &Change, snapshot: &Snapshot) -> bool {
    change.evidence.sha256 == snapshot.response.sha256 && change.evidence.read_at == snapshot.response.read_at
}

fn says_the_same(a: &Change, b: &Change) -> bool {
    (a.entry.kind, &a.entry.key, &a.entry.fields) == (b.entry.kind, &b.entry.key, &b.entry.fields)
}
