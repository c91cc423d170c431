//! The words of the control socket: commands in, events out, one JSON object a line.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::check::{HeldReview, ReadOptions, Reading, Replay};
use crate::domain::change::Change;
use crate::domain::email::EmailAddress;
use crate::domain::id::{ChangeId, CompanyId, MailId, SourceId};
use crate::domain::inbound::UntrackedWish;
use crate::domain::incident::Incident;
use crate::domain::outbox::{Mail, MailState, Step};
use crate::domain::read_state::ReadState;
use crate::domain::report::CheckReport;
use crate::domain::retraction::Retraction;
use crate::domain::snapshot::{HeldRead, Snapshot};
use crate::domain::subscription::{Imported, Preference, Subscriber};
use crate::domain::suppression::Suppression;
use crate::mail::Envelope;
use crate::store::{ChangeQuery, Deed, Erased};
use crate::subscribe::Ingested;

/// What is asked for.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "kebab-case")]
pub enum Command {
    /// Read sources now and tell what was found.
    Check {
        /// Which; all where empty.
        sources: Vec<SourceId>,
        /// How.
        options: ReadOptions,
    },
    /// How every source stands.
    Sources,
    /// All about one source.
    Source {
        /// Which.
        id: SourceId,
    },
    /// The body held back as suspect, as it came.
    HeldBody {
        /// Whose.
        id: SourceId,
    },
    /// Everything that waits for a person's word.
    Reviews,
    /// What of a source is held back, and what would change if it were accepted.
    Review {
        /// Whose.
        id: SourceId,
    },
    /// Take what is held of a source for its state, and tell what changed.
    Accept {
        /// Whose.
        id: SourceId,
        /// Whether nothing of it is told: it is the same, written otherwise.
        #[serde(default)]
        untold: bool,
    },
    /// Let go of what is held of a source.
    Reject {
        /// Whose.
        id: SourceId,
    },
    /// Say whether the names that may be meant in a change are.
    Decide {
        /// The change's id, or the beginning of it.
        id: String,
        /// Whether they are.
        is_meant: bool,
    },
    /// Say that the read which shows a change was not the source's.
    Retract {
        /// The change's id, or the beginning of it.
        id: String,
        /// Why, for those who were told.
        reason: Option<String>,
    },
    /// Trouble with reading, newest first.
    Incidents {
        /// Those that are over too.
        all: bool,
    },
    /// Read the stored bodies of a source anew.
    Replay {
        /// Whose.
        id: SourceId,
        /// Only states read then or later.
        since: Option<DateTime<Utc>>,
    },
    /// Changes, newest first.
    Changes {
        /// Which.
        query: ChangeQuery,
    },
    /// One change.
    Change {
        /// Its id, or the beginning of it.
        id: String,
    },
    /// What people wished for that waits: for their own word, or for somebody to track it.
    Wishes,
    /// Subscribe somebody.
    Subscribe {
        /// Whom.
        address: EmailAddress,
        /// To what.
        companies: Vec<CompanyId>,
        /// Whether the person's consent is there.
        confirmed: bool,
    },
    /// Take over subscribers that were kept elsewhere, all or none.
    ImportSubscribers {
        /// Whom, with what they follow and the record of their consent.
        subscribers: Vec<Subscriber>,
        /// Only tell what would become of it.
        dry_run: bool,
    },
    /// Make the subscriptions of an address active that wait for it.
    ConfirmSubscriber {
        /// Whose.
        address: EmailAddress,
    },
    /// Send an address nothing for a while, or again.
    PauseSubscriber {
        /// Whose.
        address: EmailAddress,
        /// Nothing, or again.
        paused: bool,
        /// The day on which mail comes again by itself.
        #[serde(default)]
        until: Option<NaiveDate>,
    },
    /// Send an address mail otherwise.
    Prefer {
        /// Whose.
        address: EmailAddress,
        /// How.
        wishes: Vec<Preference>,
    },
    /// One who is or was subscribed.
    Subscriber {
        /// Whose.
        address: EmailAddress,
    },
    /// Everyone who is or was subscribed.
    Subscribers,
    /// Forget a person.
    Erase {
        /// Whom.
        address: EmailAddress,
    },
    /// End subscriptions.
    Unsubscribe {
        /// Whose.
        address: EmailAddress,
        /// Which; all where empty.
        companies: Vec<CompanyId>,
    },
    /// Mails, newest first.
    Outbox {
        /// In this state only.
        state: Option<MailState>,
        /// Only those that were given up and somebody must know of.
        #[serde(default)]
        undelivered: bool,
        /// At most so many.
        limit: usize,
    },
    /// Put given-up and waiting mails back to the head of the queue and send.
    RetryMails {
        /// Only this one, by its id or the beginning of it.
        id: Option<String>,
    },
    /// One mail: its headers and all that happened to it.
    Mail {
        /// Its id, or the beginning of it.
        id: String,
    },
    /// Hold a mail back, let it go, or give it up.
    HandleMail {
        /// Its id, or the beginning of it.
        id: String,
        /// What to do.
        deed: Deed,
    },
    /// Addresses that nothing is sent to, newest first.
    Suppressions,
    /// Send an address nothing from now on.
    Suppress {
        /// Which.
        address: EmailAddress,
        /// Why, for the record.
        why: String,
    },
    /// Send an address mail again.
    Unsuppress {
        /// Which.
        address: EmailAddress,
    },
    /// Take over the company registry as the files have it, and tell what stands already.
    Reload,
    /// Take in a message that somebody wrote to the service.
    Ingest {
        /// The message as it came.
        message: Vec<u8>,
        /// What the server that took it in knows of it.
        envelope: Envelope,
    },
    /// Send a test mail.
    TestMail {
        /// To whom.
        address: EmailAddress,
    },
}

/// What comes back: any number of readings, then one reply.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// A source was read.
    Reading(Box<Reading>),
    /// The command is done.
    Done(Box<Reply>),
}

/// The outcome of a command.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reply {
    /// Of [`Command::Check`] and [`Command::Accept`].
    Checked {
        /// The report in the form that is printed as JSON.
        report: CheckReport,
        /// The changes with their proof.
        changes: Vec<Change>,
        /// What stood there already when the company registry came to know whom it names.
        notices: Vec<Change>,
    },
    /// Of [`Command::Sources`].
    Sources(Vec<SourceStatus>),
    /// Of [`Command::Source`].
    Source(Box<SourceDetail>),
    /// Of [`Command::HeldBody`].
    Body(Option<Vec<u8>>),
    /// Of [`Command::Reviews`].
    Reviews {
        /// Reads that were held back.
        held: Vec<HeldRead>,
        /// Changes in which a name may be a company's.
        possible: Vec<Change>,
    },
    /// Of [`Command::Review`]; nothing where nothing is held.
    Review(Option<Box<HeldReview>>),
    /// Of [`Command::Decide`]: the change as it now stands, and how many mails tell of it.
    Decided {
        /// The change.
        change: Box<Change>,
        /// Mails put into the outbox.
        mails_queued: usize,
    },
    /// Of [`Command::Erase`].
    Erased(Erased),
    /// Of [`Command::Retract`]: what was taken back, and how many mails say so.
    Retracted {
        /// What was taken back.
        retraction: Retraction,
        /// Mails put into the outbox.
        mails_queued: usize,
    },
    /// Of [`Command::Reject`]: what was let go.
    Rejected(Box<HeldRead>),
    /// Of [`Command::Incidents`].
    Incidents(Vec<Incident>),
    /// Of [`Command::Replay`].
    Replayed(Box<Replay>),
    /// Of [`Command::Changes`].
    Changes(Vec<Change>),
    /// Of [`Command::Change`].
    Change(Box<Change>),
    /// Of [`Command::Subscribe`], [`Command::Subscriber`] and the commands that change one.
    Subscriber(Subscriber),
    /// Of [`Command::Subscribe`] without a consent: how they now stand, and what became of the question.
    Wished {
        /// How they now stand.
        subscriber: Subscriber,
        /// Whether they were asked.
        question: Questioned,
    },
    /// Of [`Command::Wishes`].
    Wishes {
        /// Who was asked by mail and has not answered yet, each as if it were noted.
        asked: Vec<Subscriber>,
        /// What somebody wanted to follow and nobody tracks.
        untracked: Vec<UntrackedWish>,
    },
    /// Of [`Command::ImportSubscribers`].
    Imported(Imported),
    /// Of [`Command::Subscribers`].
    Subscribers(Vec<Subscriber>),
    /// Of [`Command::Unsubscribe`]: how many subscriptions ended.
    Unsubscribed(usize),
    /// Of [`Command::Outbox`].
    Mails(Vec<MailSummary>),
    /// Of [`Command::Mail`].
    Mail(Box<MailDetail>),
    /// Of [`Command::HandleMail`]: the mail as it now stands, and whether it could be done.
    Handled {
        /// The mail.
        mail: Box<MailSummary>,
        /// Whether it could be done.
        is_done: bool,
    },
    /// Of [`Command::Suppressions`].
    Suppressions(Vec<Suppression>),
    /// Of [`Command::Suppress`].
    Suppressed(Suppression),
    /// Of [`Command::Unsuppress`]: whether it was sent nothing.
    Unsuppressed(bool),
    /// Of [`Command::RetryMails`]: how many were put back.
    Retried(usize),
    /// Of [`Command::Reload`].
    Reloaded {
        /// How many companies are tracked now.
        companies: usize,
        /// Whether other settings differ from those in force and wait for a restart.
        needs_restart: bool,
        /// What stood there already when the registry came to know whom it names.
        notices: Vec<Change>,
        /// Mails put into the outbox for it.
        mails_queued: usize,
    },
    /// Of [`Command::Ingest`].
    Ingested(Ingested),
    /// Of [`Command::TestMail`]: the mail after its first attempt.
    Tested(Box<MailSummary>),
    /// The command could not be done.
    Refused(String),
}

/// How a source stands.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SourceStatus {
    /// The source.
    pub id: SourceId,
    /// How its reads went; nothing before the first.
    pub state: Option<ReadState>,
    /// How many entries it has.
    pub entries: Option<usize>,
    /// When it is due, by its schedule, its backoff and what its server asked for.
    pub next_due_at: Option<DateTime<Utc>>,
    /// Whether a suspect body waits to be looked at.
    pub is_held: bool,
    /// The trouble it is in.
    pub incidents: Vec<Incident>,
}

/// All about one source.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SourceDetail {
    /// How it stands.
    pub status: SourceStatus,
    /// The suspect body that waits to be looked at.
    pub held: Option<HeldRead>,
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
    pub history: Vec<Step>,
    /// The header fields of its frozen bytes; nothing where they are damaged or were never made.
    pub headers: Option<String>,
}

impl From<Mail> for MailSummary {
    fn from(mail: Mail) -> Self {
        Self {
            standing: mail.standing(),
            id: mail.id,
            recipient: mail.recipient,
            subject: mail.subject,
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
