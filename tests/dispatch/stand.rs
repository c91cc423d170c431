//! A dispatcher over a real store, under a clock that the test turns.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use regwatch::clock::{Clock, ManualClock};
use regwatch::dispatch::{BatchWindow, Composer, ComposerParts, Dispatcher};
use regwatch::domain::alert::alerts_of;
use regwatch::domain::change::{Change, ChangeKind, EntryChange, Evidence, FieldChange};
use regwatch::domain::company::{Alias, AliasKind, Company};
use regwatch::domain::email::EmailAddress;
use regwatch::domain::event::DocumentNumber;
use regwatch::domain::id::{BodyHash, ChangeId, CompanyId, MailId};
use regwatch::domain::matching::Watchlist;
use regwatch::domain::outbox::{Doubt, Mail, Outcome};
use regwatch::domain::read_state::ReadState;
use regwatch::domain::snapshot::Validators;
use regwatch::domain::subscription::Preference;
use regwatch::registry::Registry;
use regwatch::settings::{MailSettings, Pace, Sender, StoreSettings, TransportSettings};
use regwatch::store::{LeasedMail, ReadCommit, Store};

/// When the clock starts: a Tuesday.
pub const START: &str = "2026-11-24T10:00:00Z";

/// Keeps a read as one that was computed from the state of now.
pub async fn keep(store: &Store, read: ReadCommit) {
    let version = store.known(&read.state.source).await.unwrap().version;
    store.commit(read.computed_from(version)).await.unwrap();
}

/// A store, a clock and a dispatcher.
pub struct Stand {
    _folder: tempfile::TempDir,
    pub store: Store,
    pub clock: ManualClock,
    pub dispatcher: Dispatcher,
}

impl Stand {
    pub fn new() -> Self {
        Self::over(tempfile::tempdir().unwrap())
    }

    /// The same over the store that lies in a folder.
    pub fn over(folder: tempfile::TempDir) -> Self {
        let store = open(folder.path());
        let clock = ManualClock::starting_at(START.parse().unwrap());
        let dispatcher = dispatcher(&store, &clock);
        Self { _folder: folder, store, clock, dispatcher }
    }

    /// Another process over the same store, after this one was killed.
    pub fn restart(&mut self) {
        self.dispatcher = dispatcher(&self.store, &self.clock);
    }

    pub fn advance(&self, minutes: i64) {
        self.clock.advance(chrono::Duration::minutes(minutes));
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub fn set_clock(&self, to: &str) {
        self.clock.advance(to.parse::<DateTime<Utc>>().unwrap() - self.clock.now());
    }

    /// Subscribes somebody to Hikvision, with these wishes.
    pub async fn subscribe(&self, address: &str, wishes: &[Preference]) {
        let address = email(address);
        self.store.follow(&address, &[hikvision().into()], true, "mail", self.clock.now()).await.unwrap();
        self.store.prefer(&address, wishes.to_vec(), self.clock.now()).await.unwrap();
    }

    /// A read now that shows a change of this name.
    pub async fn find(&self, name: &str, deadline: Option<&str>) {
        self.keep_found(vec![change(name, deadline, self.clock.now())]).await;
    }

    /// A read now by which a source tells of an entry that came, which is the document of this number; returns the change.
    pub async fn find_document(&self, source: &str, number: &str, more: &[(&str, &str)]) -> ChangeId {
        let change = document(source, number, more, self.clock.now());
        let id = change.id.clone();
        self.keep_found(vec![change]).await;
        id
    }

    /// The same of several documents that one read finds.
    pub async fn find_documents(&self, source: &str, numbers: &[&str]) {
        let mut changes: Vec<Change> =
            numbers.iter().map(|number| document(source, number, &[], self.clock.now())).collect();
        for (ordinal, change) in changes.iter_mut().enumerate() {
            (change.ordinal, change.found_together) = (ordinal, numbers.len());
        }
        self.keep_found(changes).await;
    }

    async fn keep_found(&self, changes: Vec<Change>) {
        let state = ReadState::good(changes[0].source.clone(), Validators::default(), self.clock.now());
        let alerts = changes.iter().flat_map(alerts_of).collect();
        keep(&self.store, ReadCommit { alerts, changes, ..ReadCommit::of(state.counted_after(None)) }).await;
    }

    /// A round as the daemon does it; tells how many mails it made.
    pub async fn round(&self) -> usize {
        self.dispatcher.dispatch(BatchWindow::Group).await.unwrap()
    }

    /// Whom mails were made for, each with its subject, the oldest first.
    pub async fn mails(&self) -> Vec<(String, String)> {
        let mails = self.store.mails(None, usize::MAX).await.unwrap();
        mails.iter().rev().map(|mail: &Mail| (mail.recipient.to_string(), mail.subject.clone())).collect()
    }

    /// Every mail that is due, leased.
    pub async fn leased(&self) -> Vec<LeasedMail> {
        let lease = chrono::Duration::minutes(1);
        self.store.lease_due(self.clock.now(), usize::MAX, lease).await.unwrap()
    }

    /// The words of every mail, by leasing it.
    pub async fn texts(&self) -> Vec<String> {
        texts_of(&self.leased().await)
    }

    /// Has a mail that is due go out; the others wait as they did.
    pub async fn send(&self, id: &MailId) {
        let now = self.clock.now();
        let (wanted, others): (Vec<_>, Vec<_>) =
            self.leased().await.into_iter().map(|leased| leased.lease).partition(|lease| lease.mail == *id);
        self.store.give_back(others, now).await.unwrap();
        self.store.settle(&wanted[0], Outcome::SENT, now, 0.0).await.unwrap();
    }
}

/// The store of a stand.
pub fn open(folder: &Path) -> Store {
    Store::open(&StoreSettings::Sled { path: folder.join("db") }).unwrap()
}

/// The words of mails.
pub fn texts_of(mails: &[LeasedMail]) -> Vec<String> {
    let parser = mail_parser::MessageParser::default();
    let text = |bytes: &[u8]| parser.parse(bytes).unwrap().body_text(0).unwrap().into_owned();
    mails.iter().map(|leased| text(&leased.bytes)).collect()
}

pub fn email(text: &str) -> EmailAddress {
    text.parse().unwrap()
}

pub fn hikvision() -> CompanyId {
    "hikvision".parse().unwrap()
}

fn dispatcher(store: &Store, clock: &ManualClock) -> Dispatcher {
    let settings = MailSettings {
        from: Sender { name: Some("regwatch".to_owned()), address: email("alerts@tracker.example") },
        transport: TransportSettings::Maildir { path: PathBuf::from("unused") },
        postal_address: Some("1 Example Street, Example Town".to_owned()),
        help_address: email("help@tracker.example"),
        group_within: Duration::from_secs(300),
        deadline_within: Duration::from_secs(7 * 24 * 60 * 60),
        concurrency: 1,
        pace: Pace::default(),
        on_in_doubt: Doubt::Resend,
        dkim: None,
    };
    let composer = Composer::new(ComposerParts {
        settings: settings.clone(),
        inbox: Some(email("watch@tracker.example")),
        web: None,
        sources: Arc::default(),
        instance_key: [7; 32],
    });
    let aliases = vec![Alias::new("Hikvision", AliasKind::Trade)];
    let company = Company { aliases, ..Company::new(hikvision(), "Hangzhou Hikvision Digital Technology") };
    let registry = Registry::new(Watchlist::new(vec![company]).unwrap());
    Dispatcher::new(store.clone(), registry, settings, composer, Arc::new(clock.clone()))
}

fn change(name: &str, deadline: Option<&str>, now: DateTime<Utc>) -> Change {
    let text = format!("Video surveillance equipment produced by Hikvision, paragraph {name}.");
    let found = serde_json::json!({
        "company": "hikvision", "alias": "Hikvision", "alias_kind": "trade", "rule": "alias",
        "field": "equipment", "span": { "start": 41, "end": 50 }, "excerpt": text,
    });
    let evidence = |body: &str| Evidence {
        url: "https://agency.test/coveredlist".to_owned(),
        read_at: now,
        status: 200,
        sha256: BodyHash::of(body.as_bytes()),
    };
    let mut context = vec![("equipment".to_owned(), text.clone())];
    context.extend(deadline.map(|date| ("comments_close".to_owned(), date.to_owned())));
    Change {
        id: ChangeId::derive(&[name]),
        source: "covered-list".parse().unwrap(),
        source_title: "FCC Covered List".to_owned(),
        entry: EntryChange {
            kind: ChangeKind::Amended,
            key: name.to_owned(),
            title: format!("Paragraph {name}"),
            date: None,
            url: Some("https://agency.test/coveredlist#hikvision".to_owned()),
            fields: vec![FieldChange {
                name: "equipment".to_owned(),
                before: Some("Video surveillance equipment.".to_owned()),
                after: Some(text),
            }],
            context,
        },
        found_at: now,
        ordinal: 0,
        found_together: 1,
        matches: vec![serde_json::from_value(found).unwrap()],
        possible: Vec::new(),
        numbers: regwatch::domain::event::Numbers::default(),
        retracted_at: None,
        evidence: evidence("new"),
        previous: evidence("old"),
    }
}

/// An entry that came to a source, with the number of a document of the Federal Register as its own.
fn document(source: &str, number: &str, more: &[(&str, &str)], now: DateTime<Utc>) -> Change {
    let mut change = change(number, None, now);
    change.id = ChangeId::derive(&[source, number]);
    change.source = source.parse().unwrap();
    change.source_title = format!("the {source}");
    change.entry.kind = ChangeKind::Added;
    change.entry.fields.clear();
    change.entry.context.extend(more.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())));
    change.numbers.own = DocumentNumber::fr_document(number).into_iter().collect();
    assert_eq!(change.numbers.own.len(), 1, "{number}");
    change
}
