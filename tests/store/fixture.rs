//! Records to keep, each made from a few words so that it can be made again and compared.

use chrono::{DateTime, Duration, Utc};
use regwatch::domain::agreement::Agreement;
use regwatch::domain::alert::alerts_of;
use regwatch::domain::change::{Change, ChangeKind, EntryChange, Evidence, FieldChange};
use regwatch::domain::company::AliasKind;
use regwatch::domain::entry::{Completeness, Document, Entry, Resemblance};
use regwatch::domain::id::{BodyHash, ChangeId, CompanyId, IncidentId, MailId, SourceId};
use regwatch::domain::incident::{Incident, IncidentKind};
use regwatch::domain::matching::Match;
use regwatch::domain::outbox::{Mail, QueuedMail};
use regwatch::domain::quality::{Quality, Sign, Weight};
use regwatch::domain::read_state::ReadState;
use regwatch::domain::response::ResponseMeta;
use regwatch::domain::snapshot::{Baseline, QuarantinedRead, Snapshot, Validators};
use regwatch::domain::topic::Topic;
use regwatch::settings::StoreSettings;
use regwatch::store::{Accepted, HeldBody, ReadCommit, Store, StoreError};

/// A folder for one store, removed with the test.
pub struct Home {
    state: tempfile::TempDir,
}

impl Home {
    pub fn new() -> Self {
        Self { state: tempfile::tempdir().unwrap() }
    }

    /// Where the database lies.
    pub fn folder(&self) -> std::path::PathBuf {
        self.state.path().join("db")
    }

    /// Where the store is.
    pub fn settings(&self) -> StoreSettings {
        StoreSettings::Sled { path: self.folder() }
    }

    pub fn try_open(&self) -> Result<Store, StoreError> {
        Store::open(&self.settings())
    }

    #[track_caller]
    pub fn open(&self) -> Store {
        self.try_open().unwrap()
    }

    /// The same store for another that works on it, which is the same process here.
    #[expect(clippy::unused_self, reason = "a server has more than one")]
    pub fn another(&self, store: &Store) -> Store {
        store.clone()
    }

    /// The same store after its process ended and began again.
    pub async fn reopen(&self, store: Store) -> Store {
        store.close().await.unwrap();
        self.open()
    }
}

/// A moment, in minutes since the tests' day began.
pub fn at(minutes: i64) -> DateTime<Utc> {
    "2026-11-24T00:00:00Z".parse::<DateTime<Utc>>().unwrap() + Duration::minutes(minutes)
}

pub fn source(id: &str) -> SourceId {
    id.parse().unwrap()
}

pub fn company(id: &str) -> CompanyId {
    id.parse().unwrap()
}

pub fn topic(id: &str) -> Topic {
    id.parse().unwrap()
}

/// Bytes that no compression makes smaller; another seed gives others.
pub fn noise(seed: u64, bytes: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut content = Vec::with_capacity(bytes + 8);
    while content.len() < bytes {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        content.extend_from_slice(&state.to_le_bytes());
    }
    content.truncate(bytes);
    content
}

/// A page: it shrinks to about a quarter, as pages do; another seed gives another page.
pub fn page(seed: u64, bytes: usize) -> Vec<u8> {
    let facts = noise(seed, bytes / 8 + 1);
    let mut content = Vec::with_capacity(bytes + 64);
    for row in facts.chunks(8) {
        content.extend_from_slice(b"<tr><td class=\"equipment\">Telecommunications equipment ");
        content.extend(row.iter().map(|byte| b'a' + byte % 26));
    }
    content.truncate(bytes);
    content
}

pub fn snapshot(source: &SourceId, sequence: u64, body: &[u8]) -> Snapshot {
    Snapshot {
        source: source.clone(),
        sequence,
        response: ResponseMeta {
            read_at: at(sequence.cast_signed()),
            url: format!("https://registry.example/{source}"),
            status: 200,
            headers: vec![("content-type".to_owned(), "text/html; charset=utf-8".to_owned())],
            sha256: BodyHash::of(body),
            body_bytes: body.len() as u64,
        },
        fingerprint: "html-table/1".to_owned(),
        entries: 1,
    }
}

pub fn accepted(source: &SourceId, sequence: u64, body: Vec<u8>) -> Accepted {
    let entry = Entry::new("hytera", "Hytera").with("equipment", format!("radios, list {sequence}"));
    let document = Document::new(vec![entry], Completeness::Whole, Resemblance::Title);
    let snapshot = snapshot(source, sequence, &body);
    Accepted { baseline: Baseline { snapshot, document }, body: body.into() }
}

pub fn good(source: &SourceId, snapshot: &Snapshot) -> ReadState {
    let validators = Validators {
        etag: Some(format!("\"{}\"", snapshot.sequence)),
        last_modified: None,
        fingerprint: snapshot.fingerprint.clone(),
        sha256: Some(snapshot.response.sha256.clone()),
        signal: None,
    };
    ReadState::good(source.clone(), validators, snapshot.response.read_at)
}

/// A change that a read of this number shows, concerning these companies.
pub fn change(snapshot: &Snapshot, key: &str, companies: &[&str]) -> Change {
    let text = format!("radios, list {}", snapshot.sequence);
    let found = |id: &&str| {
        Match::by_alias(company(id), (*id).to_owned(), AliasKind::Trade).at("equipment", &text, 0..6)
    };
    Change {
        ordinal: 0,
        found_together: 1,
        id: ChangeId::derive(&[snapshot.source.as_str(), &snapshot.sequence.to_string(), key]),
        source: snapshot.source.clone(),
        source_title: "List of equipment".to_owned(),
        entry: EntryChange {
            kind: ChangeKind::Amended,
            key: key.to_owned(),
            title: key.to_owned(),
            date: Some("2026-11-24".parse().unwrap()),
            url: None,
            fields: vec![FieldChange {
                name: "equipment".to_owned(),
                before: None,
                after: Some(text.clone()),
            }],
            context: vec![("equipment".to_owned(), text.clone())],
        },
        found_at: snapshot.response.read_at,
        matches: companies.iter().map(found).collect(),
        possible: Vec::new(),
        numbers: regwatch::domain::event::Numbers::default(),
        retracted_at: None,
        evidence: snapshot.evidence(),
        previous: Evidence { sha256: BodyHash::of(b""), ..snapshot.evidence() },
    }
}

/// A read that moved the baseline and shows one change, which concerns these companies.
pub fn changed(source: &SourceId, sequence: u64, body: Vec<u8>, companies: &[&str]) -> ReadCommit {
    let accepted = accepted(source, sequence, body);
    let snapshot = accepted.baseline.snapshot.clone();
    let change = change(&snapshot, "hytera", companies);
    ReadCommit {
        alerts: alerts_of(&change),
        changes: vec![change],
        accepted: Some(accepted),
        ..ReadCommit::of(good(source, &snapshot))
    }
}

/// A read whose body waits for a person's look.
pub fn suspect(source: &SourceId, body: Vec<u8>) -> ReadCommit {
    let snapshot = snapshot(source, 1, &body);
    let read = QuarantinedRead {
        source: source.clone(),
        held_since: at(1),
        reason: "all entries are gone".to_owned(),
        evidence: snapshot.evidence(),
        headers: snapshot.response.headers.clone(),
        quality: Quality::of(vec![Sign::new(40, Weight::Certain, "all entries are gone")]),
        drop: Some(Agreement { on: "all".to_owned(), since: at(1), counted_at: at(1), reads: 1 }),
    };
    ReadCommit { held: Some(HeldBody { read, body: body.into() }), ..ReadCommit::of(good(source, &snapshot)) }
}

/// Keeps a read as one that was computed from the state of now.
pub async fn keep(store: &Store, read: ReadCommit) -> Result<(), StoreError> {
    let version = store.known(&read.state.source).await?.version;
    store.commit(read.computed_from(version)).await
}

/// Trouble of a source that began so many minutes into the tests' day.
pub fn incident(name: &str, minutes: i64) -> Incident {
    Incident {
        id: IncidentId::derive(&[name]),
        kind: IncidentKind::Held,
        source: Some(source(name)),
        title: format!("The list of {name}"),
        reason: "海康威视 is missing".to_owned(),
        members: Vec::new(),
        opened_at: at(minutes),
        reopened_at: None,
        closed_at: None,
        told_at: None,
        times_told: 0,
        end_told_at: None,
        ending: None,
    }
}

/// A mail that is due at once; the same name gives the same mail.
pub fn mail(name: &str, queued_at: DateTime<Utc>) -> QueuedMail {
    let id = MailId::derive(&[name]);
    let message_id = format!("{id}@tracker.example");
    let recipient = format!("{name}@example.org").parse().unwrap();
    let changes = vec![ChangeId::derive(&[name])];
    let mail = Mail::queued(id, recipient, format!("Change for {name}"), message_id, changes, queued_at);
    QueuedMail { mail, bytes: format!("Subject: {name}\r\n\r\n海康威视\r\n").into_bytes() }
}
