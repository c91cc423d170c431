//! What a command is answered with, where no other module has a word for it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::access_token::AccessToken;
use crate::domain::change::{Change, Evidence};
use crate::domain::email::EmailAddress;
use crate::domain::entry::Entry;
use crate::domain::id::{ChangeId, CompanyId, MailId, ScreeningId, SourceId};
use crate::domain::inbound::UntrackedWish;
use crate::domain::incident::Incident;
use crate::domain::mail_kind::MailKind;
use crate::domain::outbox::{Mail, MailEvent, MailState};
use crate::domain::read_state::ReadState;
use crate::domain::retraction::Retraction;
use crate::domain::screening::{ScreeningAnswer, StandingList};
use crate::domain::snapshot::{QuarantinedRead, Snapshot};
use crate::domain::source::SourcePause;
use crate::domain::subscription::Subscriber;
use crate::domain::verdict::Verdict;
use crate::domain::webhook::{Delivery, Webhook};
use crate::store::Releasable;

/// What a watched source shows of a company.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CompanyOnSource {
    /// The source.
    pub source: SourceId,
    /// How many entries of its accepted state name the company.
    pub entries: usize,
    /// What its last read was found to be; `None` before the first.
    pub verdict: Option<Verdict>,
    /// When it was last read well.
    pub last_good_at: Option<DateTime<Utc>>,
}

/// A token that was just made.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NewToken {
    /// The token itself, which is shown this once.
    pub text: String,
    /// What is kept of it.
    pub token: AccessToken,
}

/// What a source says now.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SourceEntries {
    /// The source.
    pub source: SourceId,
    /// What readers call it.
    pub title: String,
    /// The read that shows it.
    pub evidence: Evidence,
    /// Its entries.
    pub entries: Vec<Entry>,
    /// The keys of the entries that name each company.
    pub named: BTreeMap<CompanyId, BTreeSet<String>>,
}

/// A webhook that was just made.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NewWebhook {
    /// The key of its signatures, for its receiver.
    pub secret: String,
    /// The webhook.
    pub hook: Webhook,
}

/// A webhook with what was told to it or is to be.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct HookLog {
    /// The webhook.
    pub hook: Webhook,
    /// The deliveries, the newest first.
    pub deliveries: Vec<Delivery>,
}

/// Everything that waits for a person's word.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Reviews {
    /// Reads that were held back.
    pub held: Vec<QuarantinedRead>,
    /// Changes in which a name may be a company's.
    pub possible: Vec<Change>,
}

/// A change after a person decided whose names stand in it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DecidedChange {
    /// The change.
    pub change: Change,
    /// Mails put into the outbox; `None` if another worker makes them.
    pub mails_queued: Option<usize>,
}

/// A read that was taken back.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RetractedRead {
    /// What was taken back.
    pub retraction: Retraction,
    /// Mails put into the outbox; `None` if another worker makes them.
    pub mails_queued: Option<usize>,
}

/// What putting the company registry in force came to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct InForce {
    /// How many companies are tracked now.
    pub companies: usize,
    /// Whether other settings differ from those in force and wait for a restart.
    pub needs_restart: bool,
    /// What stood there already when the registry came to know whom it names.
    pub notices: Vec<Change>,
    /// Mails put into the outbox for it; `None` if another worker makes them.
    pub mails_queued: Option<usize>,
}

/// A subscriber after they were subscribed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Subscribed {
    /// The subscriber.
    pub subscriber: Subscriber,
    /// Whether they were asked for their consent; `None` if it is there.
    pub question: Option<Questioned>,
}

/// What people wished for that waits.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Wishes {
    /// Who was asked by mail and has not answered yet, each as if it were noted.
    pub asked: Vec<Subscriber>,
    /// What somebody wanted to follow and nobody tracks.
    pub untracked: Vec<UntrackedWish>,
}

/// A mail after an operator's action on it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Handled {
    /// The mail.
    pub mail: MailSummary,
    /// Whether it could be done.
    pub is_done: bool,
}

/// How a source stands.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SourceStatus {
    /// The source.
    pub id: SourceId,
    /// How its reads went; `None` before the first.
    pub state: Option<ReadState>,
    /// How many entries it has.
    pub entries: Option<usize>,
    /// When it is due, by its schedule, its backoff and what its server asked for.
    pub next_due_at: Option<DateTime<Utc>>,
    /// Whether a suspect body waits to be looked at.
    pub is_held: bool,
    /// The trouble it is in.
    pub incidents: Vec<Incident>,
    /// That an operator has paused it.
    #[serde(default)]
    pub paused: Option<SourcePause>,
}

/// A standing list of suppliers, without their names.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StandingSummary {
    /// Its id.
    pub id: ScreeningId,
    /// Who is told what is new.
    pub owner: EmailAddress,
    /// How many names it has.
    pub names: usize,
    /// When it was first kept.
    pub added_at: DateTime<Utc>,
    /// When it was last held against the lists.
    pub screened_at: DateTime<Utc>,
    /// Its names that are listed.
    pub listed: usize,
}

impl From<StandingList> for StandingSummary {
    fn from(list: StandingList) -> Self {
        let listed = list.known.iter().filter(|known| known.answer == ScreeningAnswer::Listed);
        let listed: BTreeSet<&str> = listed.map(|known| known.name.as_str()).collect();
        Self {
            listed: listed.len(),
            names: list.names.len(),
            id: list.id,
            owner: list.owner,
            added_at: list.added_at,
            screened_at: list.screened_at,
        }
    }
}

/// What was let go of.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Tidied {
    /// What was old enough.
    pub released: Releasable,
    /// Bodies something refers to.
    pub bodies_kept: usize,
    /// Bodies removed because nothing did.
    pub bodies_removed: usize,
}

/// A source after it was paused or resumed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Paused {
    /// The source.
    pub id: SourceId,
    /// Whether it is paused now.
    pub paused: bool,
    /// Until when; `None` until somebody resumes it.
    pub until: Option<DateTime<Utc>>,
}

/// All about one source.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SourceDetail {
    /// How it stands.
    pub status: SourceStatus,
    /// The suspect body that waits to be looked at.
    pub held: Option<QuarantinedRead>,
    /// Its accepted states, newest first.
    pub snapshots: Vec<Snapshot>,
}

/// A mail for lists: whom it is for and how it stands.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MailSummary {
    /// Its id.
    pub id: MailId,
    /// The recipient.
    pub recipient: EmailAddress,
    /// The subject.
    pub subject: String,
    /// What sort of mail it is; `None` for one that an older program queued.
    #[serde(default)]
    pub kind: Option<MailKind>,
    /// Its Message-ID.
    pub message_id: String,
    /// Where it stands.
    pub state: MailState,
    /// The same as people are told.
    pub standing: String,
    /// When it was queued.
    pub queued_at: DateTime<Utc>,
    /// When the next attempt is due, or the end came.
    pub at: DateTime<Utc>,
    /// Attempts made.
    pub attempts: u32,
    /// Attempts whose fate is unknown.
    pub in_doubt: u32,
    /// The transport's last word, where it was not yes.
    pub last_error: Option<String>,
    /// What it tells.
    pub changes: Vec<ChangeId>,
}

/// All about one mail.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MailDetail {
    /// How it stands.
    pub mail: MailSummary,
    /// Whether somebody must know that it was given up.
    pub is_undelivered: bool,
    /// What happened to it, the oldest first.
    pub history: Vec<MailEvent>,
    /// The header fields of its frozen bytes; `None` if they are damaged or the mail was never composed.
    pub headers: Option<String>,
}

impl From<Mail> for MailSummary {
    fn from(mail: Mail) -> Self {
        Self {
            standing: mail.standing(),
            id: mail.id,
            recipient: mail.recipient,
            subject: mail.subject,
            kind: mail.kind,
            message_id: mail.message_id,
            state: mail.state,
            queued_at: mail.queued_at,
            at: mail.at,
            attempts: mail.attempts,
            in_doubt: mail.in_doubt,
            last_error: mail.last_error,
            changes: mail.changes,
        }
    }
}

/// Whether somebody was asked who is to follow something and whose consent nobody can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Questioned {
    /// They were.
    Sent,
    /// They were asked before, or want to be asked nothing.
    Withheld,
    /// There is no mailbox and no page where they could answer.
    Nowhere,
}
