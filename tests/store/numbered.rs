//! Reads that can be told from their number alone, and the search for any that is missing or torn.
//!
//! A writer keeps reads 1, 2, 3 … of several sources at once and says so after each
//! acknowledgement; whoever looks afterwards can make every record again and compare.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use regwatch::domain::evidence::{Chain, ChainLine, ChainVerdict, ChainedRead};
use regwatch::domain::id::{AlertId, ChangeId, SourceId};
use regwatch::domain::outbox::QueuedMail;
use regwatch::domain::read_state::ReadState;
use regwatch::store::{ChangeQuery, ReadCommit, Store, StoreError};
use tokio::task::JoinSet;

use crate::fixture::{at, changed, good, keep, mail, noise, page, snapshot, source};

/// How many sources are written to at the same time.
pub const SOURCES: u64 = 4;

const BODY_BYTES: usize = 30_000;

/// What was acknowledged of one source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Acknowledged {
    /// The last read.
    pub kept: u64,
    /// The reads that a mail was made of.
    pub told: BTreeSet<u64>,
    /// The last read of the source of this number at which nothing ever changes.
    pub unchanged: u64,
}

/// What was acknowledged, by the source's number.
pub type Acknowledgements = BTreeMap<u64, Acknowledged>;

/// Notes what a writer says: `kept SOURCE READ`, `told SOURCE READ` or `unchanged SOURCE READ`.
pub fn note(acknowledged: &mut Acknowledgements, line: &str) {
    let words: Vec<&str> = line.split(' ').collect();
    if let [what @ ("kept" | "told" | "unchanged"), number, read] = words[..] {
        let noted = acknowledged.entry(number.parse().unwrap()).or_default();
        let read = read.parse().unwrap();
        match what {
            "kept" => noted.kept = noted.kept.max(read),
            "told" => drop(noted.told.insert(read)),
            _ => noted.unchanged = noted.unchanged.max(read),
        }
    }
}

fn id_of(number: u64) -> SourceId {
    source(&format!("source-{number}"))
}

/// A source at which nothing ever changes; its reads are kept together with others.
fn unchanged_id(number: u64) -> SourceId {
    source(&format!("unchanged-{number}"))
}

fn unchanged_read(number: u64, read: u64) -> ReadState {
    let id = unchanged_id(number);
    good(&id, &snapshot(&id, read, b"the same page"))
}

/// Every fourth read is told by mail at once; the alerts of the others wait.
fn is_told(read: u64) -> bool {
    read.is_multiple_of(4)
}

/// The read as it stands in its source's chain.
fn chained(id: &SourceId, read: u64, verdict: ChainVerdict) -> ChainedRead {
    let snapshot = snapshot(id, read, b"any page");
    ChainedRead::of(&snapshot.response, verdict)
}

/// Whether a chain is of these reads, one line each and none beside.
async fn verify_chain(store: &Store, id: &SourceId, reads: u64) -> Result<(), String> {
    let lines = store.chain(id, 0, u64::MAX).await.map_err(|error| error.to_string())?;
    let texts: Vec<String> = lines.iter().map(ChainLine::text).collect();
    Chain::read(texts.iter().map(String::as_bytes))
        .map_err(|broken| format!("the chain of {id}: {broken}"))?;
    let numbers: Vec<u64> = lines.iter().map(|line| line.seq).collect();
    same(&format!("the lines of {id}"), &numbers, &(1..=reads).collect())?;
    let last = lines.last().map(|line| line.at);
    same(&format!("the last line of {id}"), &last, &(reads > 0).then(|| at(reads.cast_signed())))
}

fn read_of(number: u64, read: u64) -> ReadCommit {
    let seed = number * 1_000_000 + read;
    // Now and then a body that spans many of the log's buffers.
    let body = if read % 32 == 7 { noise(seed, 10 * BODY_BYTES) } else { page(seed, BODY_BYTES) };
    let id = id_of(number);
    ReadCommit { chained: Some(chained(&id, read, ChainVerdict::Good)), ..changed(&id, read, body, &["zte"]) }
}

fn mail_of(number: u64, read: u64) -> QueuedMail {
    let told = mail(&format!("to-{number}-{read}"), at(read.cast_signed()));
    QueuedMail { bytes: noise(number * 1_000_000 + read, 9000), ..told }
}

/// The records of the reads so far, without their bodies, by source and read: made once, compared often.
#[derive(Default)]
pub struct Expected {
    reads: BTreeMap<(u64, u64), (ReadCommit, ChangeId)>,
    /// The unchanged read found last, by its source's number. It was perhaps never acknowledged, and the next writer goes on
    /// from it.
    unchanged: BTreeMap<u64, u64>,
}

impl Expected {
    /// The read, and the change that its mail tells, where there is one.
    fn read(&mut self, number: u64, read: u64) -> &(ReadCommit, ChangeId) {
        self.reads.entry((number, read)).or_insert_with(|| {
            let mut commit = read_of(number, read);
            if let Some(accepted) = &mut commit.accepted {
                accepted.body = Vec::new().into();
            }
            (commit, mail_of(number, read).mail.changes[0].clone())
        })
    }
}

/// Writes to all sources, each from where it stands, until the process is killed or a write refused.
pub async fn write_until_refused(store: Store) -> StoreError {
    let mut tasks = JoinSet::new();
    for number in 0..SOURCES {
        let store = store.clone();
        tasks.spawn(async move {
            match write_to(&store, number).await {
                Ok(never) => match never {},
                Err(refusal) => refusal,
            }
        });
    }
    for number in 0..SOURCES {
        let store = store.clone();
        tasks.spawn(async move {
            match write_unchanged(&store, number).await {
                Ok(never) => match never {},
                Err(refusal) => refusal,
            }
        });
    }
    tasks.join_next().await.unwrap().unwrap()
}

async fn write_unchanged(store: &Store, number: u64) -> Result<Infallible, StoreError> {
    loop {
        let known = store.known(&unchanged_id(number)).await?;
        let last = known.state.and_then(|state| state.validators.etag);
        let read = last.map_or(0, |etag| etag.trim_matches('"').parse::<u64>().unwrap()) + 1;
        let commit = ReadCommit {
            chained: Some(chained(&unchanged_id(number), read, ChainVerdict::Good)),
            ..ReadCommit::of(unchanged_read(number, read)).computed_from(known.version)
        };
        store.commit_together(commit).kept().await?;
        println!("unchanged {number} {read}");
    }
}

async fn write_to(store: &Store, number: u64) -> Result<Infallible, StoreError> {
    let newest = store.snapshots(&id_of(number), 1).await?;
    let mut read = newest.first().map_or(0, |snapshot| snapshot.sequence);
    loop {
        read += 1;
        let commit = read_of(number, read);
        let alert = commit.alerts[0].id.clone();
        keep(store, commit).await?;
        println!("kept {number} {read}");
        if is_told(read) {
            store.dispatch(&[alert], vec![mail_of(number, read)]).await?;
            println!("told {number} {read}");
        }
    }
}

/// Compares everything in the store with what it must be: nothing acknowledged is missing and
/// nothing is there in part. Bodies older than the `newest` of each source are not read.
///
/// Gives the number of reads found; or what is wrong.
pub async fn verify(
    store: &Store,
    acknowledged: &Acknowledgements,
    expected: &mut Expected,
    newest: u64,
) -> Result<u64, String> {
    let failed = |error: StoreError| format!("{error} ({error:?})");
    let pending = store.pending_alerts().await.map_err(failed)?;
    let pending: BTreeSet<AlertId> = pending.into_iter().map(|(alert, _)| alert.id).collect();
    let mails = store.mails(None, usize::MAX).await.map_err(failed)?;
    let told: BTreeSet<ChangeId> = mails.into_iter().flat_map(|mail| mail.changes).collect();
    let mut found = Found { store, expected, pending, told };
    let nothing = Acknowledged::default();
    let mut total = 0;
    for number in 0..SOURCES {
        let noted = acknowledged.get(&number).unwrap_or(&nothing);
        let state = store.read_state(&unchanged_id(number)).await.map_err(failed)?;
        let before = found.expected.unchanged.entry(number).or_default();
        let least = noted.unchanged.max(*before);
        // One more may have been on its way.
        let there = [least, least + 1]
            .into_iter()
            .find(|read| state == (*read > 0).then(|| unchanged_read(number, *read)));
        if let Some(read) = there {
            *before = read;
            verify_chain(store, &unchanged_id(number), read).await?;
        } else {
            return Err(format!("unchanged source {number}, at least {least}: {state:?}"));
        }
        total += found
            .verify_source(number, noted, newest)
            .await
            .map_err(|fault| format!("source {number}, acknowledged {}: {fault}", noted.kept))?;
    }
    let left = found.pending.len() + found.told.len();
    if left == 0 { Ok(total) } else { Err(format!("{left} alerts and mails of no read")) }
}

struct Found<'a> {
    store: &'a Store,
    expected: &'a mut Expected,
    /// Alerts that wait and were not accounted for yet.
    pending: BTreeSet<AlertId>,
    /// What mails tell and was not accounted for yet.
    told: BTreeSet<ChangeId>,
}

impl Found<'_> {
    async fn verify_source(&mut self, number: u64, noted: &Acknowledged, newest: u64) -> Result<u64, String> {
        let failed = |error: StoreError| format!("{error} ({error:?})");
        let id = id_of(number);
        let mut snapshots = self.store.snapshots(&id, usize::MAX).await.map_err(failed)?;
        snapshots.reverse();
        let last = snapshots.len() as u64;
        same("the number of reads is at least the acknowledged", &(last >= noted.kept), &true)?;
        let query = ChangeQuery { source: Some(id.clone()), limit: usize::MAX, ..ChangeQuery::default() };
        let mut changes = self.store.changes(query).await.map_err(failed)?;
        changes.reverse();
        same("the number of changes", &(changes.len() as u64), &last)?;
        for (read, (snapshot, change)) in (1..).zip(snapshots.iter().zip(&changes)) {
            let (expected, told) = self.expected.read(number, read);
            let kept = expected.accepted.as_ref().map(|accepted| &accepted.baseline.snapshot);
            same(&format!("snapshot {read}"), &Some(snapshot), &kept)?;
            same(&format!("change {read}"), change, &expected.changes[0])?;
            if read + newest > last {
                // The store compares it with its name, which the snapshot above bears.
                let body = self.store.body(&snapshot.response.sha256).await.map_err(failed)?;
                let bytes = body.map(|body| body.len() as u64);
                same(&format!("body {read}"), &bytes, &Some(snapshot.response.body_bytes))?;
            }
            let is_pending = self.pending.remove(&expected.alerts[0].id);
            let is_told = self.told.remove(told);
            same(&format!("an alert or else its mail for {read}"), &(is_pending != is_told), &true)?;
            if noted.told.contains(&read) {
                same(&format!("a mail for {read}"), &is_told, &true)?;
            }
        }
        verify_chain(self.store, &id, last).await?;
        let expected = if last > 0 { Some(self.expected.read(number, last).0.clone()) } else { None };
        let state = self.store.read_state(&id).await.map_err(failed)?;
        same("read state", &state, &expected.as_ref().map(|read| read.state.clone()))?;
        let baseline = self.store.baseline(&id).await.map_err(failed)?;
        let accepted = expected.and_then(|read| read.accepted);
        same("baseline", &baseline, &accepted.map(|accepted| accepted.baseline))?;
        Ok(last)
    }
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, found: &T, expected: &T) -> Result<(), String> {
    if found == expected {
        return Ok(());
    }
    let shown = |value: &T| -> String { format!("{value:?}").chars().take(300).collect() };
    Err(format!("{what}: found {}, expected {}", shown(found), shown(expected)))
}
