//! What the API says of things: its own words, which stay as they are whatever the program keeps.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use url::Url;
use utoipa::ToSchema;

use crate::domain::audit::AuditEntry;
use crate::domain::change::{self, ChangeKind, EntryChange};
use crate::domain::entry;
use crate::domain::matching;
use crate::domain::outbox;
use crate::domain::read_record::ReadRecord;
use crate::domain::snapshot;
use crate::domain::subscription;
use crate::render::page_of;
use crate::view::{DueEntry, ListedEntry, SourceRow};

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct List<T> {
    /// The items.
    pub items: Vec<T>,
    /// The address of the next ones; null where these are the last.
    pub next: Option<String>,
}

/// A change: an entry that came, went or was amended.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Change {
    /// Its id, the same as everywhere.
    pub id: String,
    /// Its page.
    pub page: String,
    /// The source's id.
    pub source: String,
    /// What readers call the source.
    pub source_title: String,
    /// What happened to the entry.
    pub kind: Kind,
    /// What happened, in words.
    pub happened: String,
    /// The entry's key in its source.
    pub key: String,
    /// The entry's title.
    pub title: String,
    /// The date that the entry bears: a day, or a moment.
    pub date: Option<String>,
    /// Where the source shows the entry.
    pub url: Option<String>,
    /// The fields that differ.
    pub fields: Vec<FieldChange>,
    /// The numbers of the document or docket entry that it is about, as they are cited.
    pub numbers: Vec<String>,
    /// When it was found.
    pub found_at: DateTime<Utc>,
    /// The ids of the companies concerned.
    pub companies: Vec<String>,
    /// Whom it concerns and why.
    pub matches: Vec<Match>,
    /// Companies it may concern: names for a person to decide on.
    pub possible: Vec<Match>,
    /// When the read that shows it was taken back.
    pub retracted_at: Option<DateTime<Utc>>,
    /// The read that shows it.
    pub evidence: Evidence,
    /// The read before it.
    pub previous: Evidence,
}

/// What happened to an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Kind {
    /// It is there and was not.
    Added,
    /// It was there and is not.
    Removed,
    /// It says something else than it did.
    Amended,
    /// It was there before the company it names was tracked.
    AlreadyListed,
}

impl Kind {
    const ALL: [(Self, ChangeKind); 4] = [
        (Self::Added, ChangeKind::Added),
        (Self::Removed, ChangeKind::Removed),
        (Self::Amended, ChangeKind::Amended),
        (Self::AlreadyListed, ChangeKind::AlreadyListed),
    ];

    pub(super) fn of(kind: ChangeKind) -> Self {
        Self::ALL.iter().find(|(_, known)| *known == kind).map_or(Self::Amended, |(shown, _)| *shown)
    }

    /// The same as the program has it.
    pub(super) fn meant(self) -> ChangeKind {
        Self::ALL.iter().find(|(shown, _)| *shown == self).map_or(ChangeKind::Amended, |(_, kind)| *kind)
    }
}

/// One field's text before and after.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FieldChange {
    /// The field's name.
    pub name: String,
    /// What it said.
    pub before: Option<String>,
    /// What it says.
    pub after: Option<String>,
}

/// Why a change concerns a company.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Match {
    /// The company's id.
    pub company: String,
    /// The name that was found.
    pub name: String,
    /// By which rule.
    pub rule: String,
    /// In which field.
    pub field: String,
    /// The words found with what surrounds them.
    pub excerpt: String,
}

/// The proof of one state of a source.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Evidence {
    /// The address that answered.
    pub url: String,
    /// When.
    pub read_at: DateTime<Utc>,
    /// The HTTP status.
    pub status: u16,
    /// The SHA-256 of the body.
    pub sha256: String,
}

impl Change {
    pub(super) fn of(change: &change::Change, base: &Url) -> Self {
        let EntryChange { kind, key, title, date, url, fields, .. } = &change.entry;
        Self {
            id: change.id.to_string(),
            page: page_of(base, &change.id),
            source: change.source.to_string(),
            source_title: change.source_title.clone(),
            kind: Kind::of(*kind),
            happened: change.entry.happened(),
            key: key.clone(),
            title: title.clone(),
            date: date.map(|date| date.to_string()),
            url: url.clone(),
            fields: fields.iter().map(FieldChange::of).collect(),
            numbers: change.numbers.own.iter().map(ToString::to_string).collect(),
            found_at: change.found_at,
            companies: change.companies().into_iter().map(ToString::to_string).collect(),
            matches: change.matches.iter().map(Match::of).collect(),
            possible: change.possible.iter().map(Match::of).collect(),
            retracted_at: change.retracted_at,
            evidence: Evidence::of(&change.evidence),
            previous: Evidence::of(&change.previous),
        }
    }
}

impl FieldChange {
    fn of(field: &change::FieldChange) -> Self {
        let change::FieldChange { name, before, after } = field.clone();
        Self { name, before, after }
    }
}

impl Match {
    fn of(found: &matching::Match) -> Self {
        Self {
            company: found.company.to_string(),
            name: found.alias.clone(),
            rule: found.rule.label().to_owned(),
            field: found.field.clone(),
            excerpt: found.excerpt.clone(),
        }
    }
}

impl Evidence {
    pub(super) fn of(evidence: &change::Evidence) -> Self {
        Self {
            url: evidence.url.clone(),
            read_at: evidence.read_at,
            status: evidence.status,
            sha256: evidence.sha256.to_string(),
        }
    }
}

/// A source and how it stands.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Source {
    /// Its id.
    pub id: String,
    /// What readers call it.
    pub title: String,
    /// The site it is on.
    pub site: String,
    /// The groups that it belongs to.
    pub groups: Vec<String>,
    /// held, failing, new or good.
    pub state: String,
    /// Why, where it is not well.
    pub reason: Option<String>,
    /// When it was last read well.
    pub last_good_at: Option<DateTime<Utc>>,
    /// When it is read next.
    pub next_due_at: Option<DateTime<Utc>>,
    /// When its newest change was found.
    pub last_change_at: Option<DateTime<Utc>>,
    /// The id of its newest change.
    pub last_change: Option<String>,
    /// How many entries it has.
    pub entries: Option<usize>,
    /// Good and other reads of the last thirty days, the oldest first.
    pub days: Vec<Day>,
}

/// What the reads of a day came to.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Day {
    /// The day (UTC).
    pub date: NaiveDate,
    /// Good reads.
    pub good: u32,
    /// Others.
    pub other: u32,
}

impl Source {
    pub(super) fn of(row: SourceRow) -> Self {
        let (last_change_at, last_change) = row.last_change.unzip();
        Self {
            id: row.id.to_string(),
            title: row.title,
            site: row.site,
            groups: row.groups,
            state: row.state.name().to_owned(),
            reason: row.reason,
            last_good_at: row.last_good_at,
            next_due_at: row.next_due_at,
            last_change_at,
            last_change,
            entries: row.entries,
            days: row
                .days
                .iter()
                .map(|day| Day { date: day.day, good: day.good, other: day.other })
                .collect(),
        }
    }
}

/// One read of a source.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Read {
    /// When it ended.
    pub at: DateTime<Utc>,
    /// What it was found to be.
    pub verdict: String,
    /// Why, where it was not good.
    pub reason: Option<String>,
    /// The HTTP status.
    pub status: Option<u16>,
    /// The size of the body.
    pub body_bytes: Option<u64>,
    /// From the request to the whole answer.
    pub took_ms: Option<u64>,
    /// How many entries the source has after it.
    pub entries: Option<usize>,
    /// How many changes it found.
    pub changes: usize,
}

impl Read {
    pub(super) fn of(read: &ReadRecord) -> Self {
        Self {
            at: read.at,
            verdict: read.verdict.to_string(),
            reason: read.reason.clone(),
            status: read.status,
            body_bytes: read.body_bytes,
            took_ms: read.took_ms,
            entries: read.entries,
            changes: read.changes,
        }
    }
}

/// A state of a source that was accepted.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Snapshot {
    /// Its number: 1 is the first.
    pub sequence: u64,
    /// The read that gave it.
    pub evidence: Evidence,
    /// The size of the body.
    pub body_bytes: u64,
    /// How many entries it has.
    pub entries: usize,
}

impl Snapshot {
    pub(super) fn of(snapshot: &snapshot::Snapshot) -> Self {
        Self {
            sequence: snapshot.sequence,
            evidence: Evidence::of(&snapshot.evidence()),
            body_bytes: snapshot.response.body_bytes,
            entries: snapshot.entries,
        }
    }
}

/// An entry as it stands in its source.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Entry {
    /// Its key in its source.
    pub key: String,
    /// Its title.
    pub title: String,
    /// The date that it bears: a day, or a moment.
    pub date: Option<String>,
    /// Where the source shows it.
    pub url: Option<String>,
    /// What it says, by the name of the field.
    pub fields: std::collections::BTreeMap<String, String>,
}

impl Entry {
    pub(super) fn of(entry: &entry::Entry) -> Self {
        let entry::Entry { key, title, date, url, fields } = entry.clone();
        let fields = fields.into_iter().map(|(name, text)| (name.to_string(), text)).collect();
        Self { key, title, date: date.map(|date| date.to_string()), url, fields }
    }
}

/// A date by which somebody must have acted.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Deadline {
    /// The day.
    pub date: NaiveDate,
    /// What then happens: comments close, or takes effect.
    pub what: String,
    /// The source's id.
    pub source: String,
    /// The entry's key in it.
    pub key: String,
    /// The entry's title.
    pub title: String,
    /// Where the source shows it.
    pub url: Option<String>,
    /// The ids of the companies concerned.
    pub companies: Vec<String>,
    /// The change that says so, where one was seen.
    pub change: Option<String>,
}

impl Deadline {
    pub(super) fn of(due: DueEntry) -> Self {
        Self {
            date: due.deadline.date,
            what: due.deadline.what.to_owned(),
            source: due.source.to_string(),
            key: due.key,
            title: due.title,
            url: due.url,
            companies: due.companies.iter().map(ToString::to_string).collect(),
            change: due.change.map(|id| id.to_string()),
        }
    }
}

/// An entry that names a company.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Listed {
    /// Its title.
    pub title: String,
    /// The date that it bears.
    pub date: Option<String>,
    /// The names under which it names the company.
    pub named_as: Vec<String>,
    /// Where the source shows it.
    pub url: Option<String>,
    /// The id of the change by which it came, where that was seen.
    pub added_by: Option<String>,
}

impl Listed {
    pub(super) fn of(entry: ListedEntry) -> Self {
        Self {
            title: entry.title,
            date: entry.date.map(|date| date.to_string()),
            named_as: entry.named_as,
            url: entry.url,
            added_by: entry.added.map(|change| change.id.to_string()),
        }
    }
}

/// Something that somebody did.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AuditItem {
    /// Its number.
    pub number: u64,
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub who: String,
    /// By which way: web, api or command.
    pub by: String,
    /// What.
    pub act: String,
    /// To what.
    pub about: String,
    /// What else is worth knowing.
    pub detail: String,
}

impl AuditItem {
    pub(super) fn of((number, entry): (u64, AuditEntry)) -> Self {
        let AuditEntry { at, who, by, act, about, detail } = entry;
        Self { number, at, who, by, act, about, detail }
    }
}

/// A mail in the outbox.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Mail {
    /// Its id.
    pub id: String,
    /// To whom.
    pub recipient: String,
    /// Its subject.
    pub subject: String,
    /// What sort of mail it is.
    pub kind: Option<String>,
    /// How it stands.
    pub state: String,
    /// When it was queued.
    pub queued_at: DateTime<Utc>,
    /// When the next attempt is due, or the end came.
    pub at: DateTime<Utc>,
    /// Attempts that reached the transport.
    pub attempts: u32,
    /// The transport's last word, where it was not yes.
    pub last_error: Option<String>,
    /// The ids of the changes that it tells.
    pub changes: Vec<String>,
    /// What happened to it, the oldest first.
    pub history: Vec<Step>,
}

/// Something that happened to a mail.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Step {
    /// When.
    pub at: DateTime<Utc>,
    /// How it stood afterwards.
    pub state: String,
    /// What was said.
    pub words: Option<String>,
}

impl Mail {
    pub(super) fn of(mail: &outbox::Mail) -> Self {
        let step = |step: &outbox::MailEvent| Step {
            at: step.at,
            state: step.state.to_string(),
            words: step.words.clone(),
        };
        Self {
            id: mail.id.to_string(),
            recipient: mail.recipient.to_string(),
            subject: mail.subject.clone(),
            kind: mail.kind.map(|kind| kind.to_string()),
            state: mail.state.to_string(),
            queued_at: mail.queued_at,
            at: mail.at,
            attempts: mail.attempts,
            last_error: mail.last_error.clone(),
            changes: mail.changes.iter().map(ToString::to_string).collect(),
            history: mail.history.iter().map(step).collect(),
        }
    }
}

/// Somebody who is or was subscribed.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Subscriber {
    /// Where mail goes.
    pub address: String,
    /// One for each company ever asked for.
    pub subscriptions: Vec<Subscription>,
    /// Since when nothing is sent, at their own wish.
    pub paused_since: Option<DateTime<Utc>>,
    /// When that ends by itself.
    pub paused_until: Option<DateTime<Utc>>,
}

/// Somebody's interest in one company.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Subscription {
    /// The company's id.
    pub company: String,
    /// pending, active or unsubscribed.
    pub state: String,
    /// What of its changes is wanted, in words; null where everything is.
    pub only: Option<String>,
    /// When it was first asked for.
    pub requested_at: DateTime<Utc>,
    /// When it was last confirmed.
    pub confirmed_at: Option<DateTime<Utc>>,
    /// By what channel.
    pub channel: String,
}

impl Subscriber {
    pub(super) fn of(subscriber: &subscription::Subscriber) -> Self {
        let one = |known: &subscription::Subscription| Subscription {
            company: known.topic.to_string(),
            state: known.state.to_string(),
            only: known.only.words(),
            requested_at: known.requested_at,
            confirmed_at: known.confirmed_at,
            channel: known.channel.clone(),
        };
        Self {
            address: subscriber.address.to_string(),
            subscriptions: subscriber.subscriptions.iter().map(one).collect(),
            paused_since: subscriber.paused_since,
            paused_until: subscriber.paused_until,
        }
    }
}
