//! From trouble with reading, with mail and with the clock to what the operator is told of it.
//!
//! Takes no input but the store's state: how every source's reads stand, and which
//! incidents are known. What is new, over or due to be told again is kept in one
//! commit with the mail that tells it, so that an incident is told once whatever
//! ends the process between two steps.
//!
//! Deliberately absent: deciding what an incident is, which is
//! [`crate::domain::incident`]'s.

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};

use crate::clock::Clock;
use crate::domain::email::EmailAddress;
use crate::domain::id::MailId;
use crate::domain::incident::{
    Incident, IncidentKind, MailHealth, Notification, ObservedSource, Policy, StoreHealth, review,
    review_clock, review_mail, review_store,
};
use crate::domain::mail_source::MailSource;
use crate::domain::outbox::{Basis, QueuedMail, Thread};
use crate::domain::source::Source;
use crate::mail::{Draft, DraftError, MailPurpose, incident_thread_id};
use crate::render;
use crate::settings::{MailSettings, OperatorSettings};
use crate::store::{Store, StoreError, anew_if_overtaken};

/// Of mails that were given up, so many are counted.
const MAX_MAILS: usize = 1_000;

/// Why the operator could not be told. The next round tries again.
#[derive(Debug, thiserror::Error)]
pub enum EscalateError {
    /// The mail could not be made.
    #[error(transparent)]
    Draft(#[from] DraftError),
    /// The store's error.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl EscalateError {
    /// The store's error behind it.
    fn of_store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            Self::Draft(_) => None,
        }
    }
}

/// What an [`Escalator`] works with.
#[derive(Debug)]
pub struct EscalatorParts {
    /// Knows how reads stand, and keeps incidents.
    pub store: Store,
    /// What is watched.
    pub sources: Arc<[Arc<Source>]>,
    /// The ways in that are in use.
    pub ways_in: Vec<MailSource>,
    /// The transport in use, by its name.
    pub channel: String,
    /// Whom mail is from.
    pub mail: MailSettings,
    /// Who is told, and how often.
    pub operator: OperatorSettings,
    /// With less free room on the store's disk the operator is told.
    pub low_disk_bytes: u64,
    /// Keys Message-IDs, so that they cannot be guessed.
    pub instance_key: [u8; 32],
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

/// Whether somebody sits at the terminal. A command says there that there was no store, and needs no mail for it; a
/// daemon mails it, also where a command made the store a short time before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attended {
    /// Somebody gave a command.
    Yes,
    /// The service looks by itself.
    No,
}

/// Tells the operator of trouble. One for the whole program.
#[derive(Debug)]
pub struct Escalator {
    parts: EscalatorParts,
    turn: tokio::sync::Mutex<Awake>,
}

/// Since when this process could have read anything. A machine that slept, and a clock that was set, begin it
/// anew: what fell due meanwhile is not late before it could be done.
#[derive(Debug)]
struct Awake {
    since: DateTime<Utc>,
    seen_at: DateTime<Utc>,
}

/// Between two looks of a process that is awake lies less.
const ASLEEP_AFTER: Duration = Duration::minutes(10);

impl Awake {
    fn look(&mut self, now: DateTime<Utc>) {
        if now < self.since || now - self.seen_at > ASLEEP_AFTER {
            self.since = now;
        }
        self.seen_at = now;
    }
}

impl Escalator {
    /// An escalator over the given parts, from now on.
    #[must_use]
    pub fn new(parts: EscalatorParts) -> Self {
        let now = parts.clock.now();
        Self { parts, turn: tokio::sync::Mutex::new(Awake { since: now, seen_at: now }) }
    }

    /// Looks at how all sources stand, and puts what must be told of it into the outbox.
    ///
    /// # Errors
    /// A mail that cannot be put together, or the store's error; then nothing is kept.
    pub async fn escalate(&self, for_whom: Attended) -> Result<(), EscalateError> {
        let mut awake = self.turn.lock().await;
        let now = self.parts.clock.now();
        awake.look(now);
        keep_time(&self.parts.store, now).await?;
        let since = awake.since;
        anew_if_overtaken(|| self.look(for_whom, since, now), EscalateError::of_store).await
    }

    /// The same from what is known at that moment.
    async fn look(
        &self,
        for_whom: Attended,
        awake_since: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<(), EscalateError> {
        let recently = now.checked_sub_signed(self.policy().remind_every).unwrap_or(DateTime::UNIX_EPOCH);
        let known = self.parts.store.incidents_since(recently).await?;
        let changed = self.review(&known, awake_since, now).await?;
        for incident in &changed {
            log(incident);
        }
        let current: Vec<&Incident> = current_of(&changed, &known).collect();
        let mut due = self.due(&current, now);
        due.retain(|(_, incident)| for_whom == Attended::No || incident.kind != IncidentKind::FirstStart);
        let mails = match &self.parts.operator.address {
            Some(address) => self.mails(address, &due, now)?,
            None => Vec::new(),
        };
        let told: Vec<Incident> =
            due.into_iter().map(|(telling, incident)| incident.clone().told(telling, now)).collect();
        let kept: Vec<Incident> = current_of(&told, &changed).cloned().collect();
        if !kept.is_empty() {
            self.parts.store.escalate(&known, &kept, mails).await?;
        }
        Ok(())
    }

    fn policy(&self) -> Policy {
        let remind_every = Duration::from_std(self.parts.operator.remind_every);
        Policy {
            failures: self.parts.operator.failures,
            remind_every: remind_every.unwrap_or(Duration::days(1)),
        }
    }

    async fn review(
        &self,
        known: &[Incident],
        awake_since: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Vec<Incident>, StoreError> {
        let paused = self.parts.store.paused_sources(now).await?;
        // Of what an operator left alone on purpose nobody is told.
        let sources = self.parts.sources.iter().filter(|source| !paused.contains(&source.id));
        let ids = sources.clone().map(|source| source.id.clone()).collect();
        let states = self.parts.store.read_states(ids).await?;
        let mut readable = states.iter().peekable();
        let (mut standings, mut unreadable) = (Vec::with_capacity(states.len()), Vec::new());
        for source in sources {
            match readable.next_if(|(id, _)| *id == source.id) {
                Some((_, state)) => standings.push(ObservedSource { source, state: state.as_ref() }),
                None => unreadable.push(&source.id),
            }
        }
        let mut ways_in = self.parts.store.ways_in().await?;
        ways_in.retain(|state| self.parts.ways_in.contains(&state.way));
        let mut changed = review(known, &standings, &ways_in, &self.policy(), awake_since, now);
        // Of a source whose state cannot be read nothing is known: what was wrong with it is not over.
        changed.retain(|incident| incident.source.as_ref().is_none_or(|id| !unreadable.contains(&id)));
        let trouble = self.parts.store.mail_trouble(MAX_MAILS).await?;
        let mail = MailHealth {
            breaker: trouble.breaker.as_ref(),
            channel: &self.parts.channel,
            undelivered: &trouble.undelivered,
        };
        changed.extend(review_mail(known, mail, &self.policy(), now));
        let set_back = self.parts.store.clock_set_back().await?;
        changed.extend(review_clock(known, set_back.as_ref(), &self.policy(), now));
        changed.extend(review_store(known, &self.store_standing().await?, &self.policy(), now));
        Ok(changed)
    }

    async fn store_standing(&self) -> Result<StoreHealth, StoreError> {
        let store = &self.parts.store;
        Ok(StoreHealth {
            place: store.place(),
            free_bytes: store.free_bytes(),
            low_bytes: self.parts.low_disk_bytes,
            unreadable: store.unreadable(),
            is_surveyed: store.is_surveyed(),
            begun_at: store.begun_at().await?,
        })
    }

    /// What is to be told now; nothing while nobody is named to be told.
    fn due<'a>(&self, current: &[&'a Incident], now: DateTime<Utc>) -> Vec<(Notification, &'a Incident)> {
        let policy = self.policy();
        let is_told = self.parts.operator.address.is_some();
        let due = current.iter().filter(|_| is_told).filter_map(|incident| {
            let (telling, from) = incident.next_telling(&policy)?;
            (from <= now).then_some((telling, *incident))
        });
        due.collect()
    }

    /// One mail of all trouble. A first start is none, and has one of its own.
    fn mails(
        &self,
        recipient: &EmailAddress,
        due: &[(Notification, &Incident)],
        now: DateTime<Utc>,
    ) -> Result<Vec<QueuedMail>, DraftError> {
        let is_first_start =
            |(_, incident): &(Notification, &Incident)| incident.kind == IncidentKind::FirstStart;
        let (first_start, trouble): (Vec<_>, Vec<_>) = due.iter().copied().partition(is_first_start);
        let mails = [first_start, trouble];
        let mails = mails.iter().filter(|told| !told.is_empty());
        mails.map(|told| self.mail(recipient, told, now)).collect()
    }

    fn mail(
        &self,
        recipient: &EmailAddress,
        due: &[(Notification, &Incident)],
        now: DateTime<Utc>,
    ) -> Result<QueuedMail, DraftError> {
        let EscalatorParts { mail: settings, instance_key, operator, .. } = &self.parts;
        let draft = Draft {
            id: mail_id(recipient, due),
            to: recipient,
            rendered: render::incidents(settings.from.organisation(), due, operator.remind_every, now)?,
            changes: Vec::new(),
            thread: self.thread(due),
            list: None,
            occasion: MailPurpose::Incident,
            basis: Basis::None,
            is_urgent: true,
            at: now,
        };
        draft.queued(settings, instance_key)
    }

    /// All mails about one incident are one thread; a mail about several belongs to none.
    fn thread(&self, due: &[(Notification, &Incident)]) -> Option<Thread> {
        let [(_, incident)] = due else { return None };
        let domain = self.parts.mail.from.address.domain();
        let id = incident_thread_id(&self.parts.instance_key, &incident.id, domain);
        Some(Thread { id, topic: format!("[regwatch] {}", incident.title) })
    }
}

/// Notices that the clock went back. What waits is then due for a look. Call it before anything else looks at what
/// is due.
///
/// # Errors
/// The store's.
pub async fn keep_time(store: &Store, now: DateTime<Utc>) -> Result<(), StoreError> {
    if let Some(set_back) = store.note_time(now).await? {
        tracing::error!(
            from = %set_back.from,
            to = %set_back.to,
            "the clock went back; catching up on the work that waited"
        );
    }
    Ok(())
}

/// The same tellings to the same person are the same mail.
fn mail_id(recipient: &EmailAddress, due: &[(Notification, &Incident)]) -> MailId {
    let mut parts = vec!["incident".to_owned(), recipient.to_string()];
    parts.extend(due.iter().map(|(telling, incident)| {
        format!("{} {telling:?} {} {:?}", incident.id, incident.times_told, incident.closed_at)
    }));
    MailId::derive(&parts.iter().map(String::as_str).collect::<Vec<_>>())
}

/// The newer ones, and of the older ones those that are not among them.
fn current_of<'a>(newer: &'a [Incident], older: &'a [Incident]) -> impl Iterator<Item = &'a Incident> {
    let is_replaced = |old: &&Incident| newer.iter().any(|new| new.id == old.id);
    newer.iter().chain(older.iter().filter(move |old| !is_replaced(old)))
}

fn log(incident: &Incident) {
    let source = incident.source.as_ref().map(tracing::field::display);
    let (kind, reason) = (incident.kind, incident.reason.as_str());
    if incident.is_open() {
        tracing::warn!(incident.id = %incident.id, source.id = source, %kind, reason, "incident {} is open", incident.id);
    } else {
        tracing::info!(incident.id = %incident.id, source.id = source, %kind, "incident {} is over", incident.id);
    }
}
