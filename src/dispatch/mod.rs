//! From alerts to mails in the outbox.
//!
//! Takes every alert that no mail was made of yet, gathers what concerns each
//! subscriber into one mail, and puts the mails into the outbox and the alerts
//! out of the way in one commit. A mail's identity is the person and the alerts
//! it tells: done twice, it is the same mail.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use crate::clock::Clock;
use crate::config::MailSettings;
use crate::domain::alert::Alert;
use crate::domain::change::Change;
use crate::domain::email::EmailAddress;
use crate::domain::id::{AlertId, ChangeId, MailId, SourceId};
use crate::domain::keyed_link::{PersonalLinks, WebAddresses};
use crate::domain::matching::Watchlist;
use crate::domain::outbox::Mail;
use crate::domain::source::Source;
use crate::domain::subscription::Subscriber;
use crate::mail::{Leaving, Letter, MailError, Occasion, compose, message_id, thread_id};
use crate::registry::Registry;
use crate::render::{self, Notice, RenderError, Rendered};
use crate::store::{QueuedMail, Store, StoreError};

/// Whether alerts wait for company.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// Let the oldest alert wait for the configured time, so that one mail tells what one round found.
    Group,
    /// Tell everything now.
    Now,
}

/// Why no mails were made. The alerts stay.
#[derive(Debug, thiserror::Error)]
pub enum DispatchError {
    /// A mail could not be put together.
    #[error("the mail for {recipient} could not be put together")]
    Compose {
        /// Most of the address is hidden.
        recipient: String,
        /// What was wrong.
        source: MailError,
    },
    /// A mail could not be put into words.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// The store's error.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes mails of alerts. One for the whole program.
#[derive(Debug)]
pub struct Dispatcher {
    store: Store,
    registry: Registry,
    settings: MailSettings,
    /// Where people write to leave, where there is a mailbox.
    inbox: Option<EmailAddress>,
    /// Where the links of a mail lead, where there is a web server.
    web: Option<WebAddresses>,
    /// What never appears in a source, in its operator's words.
    misses: BTreeMap<SourceId, String>,
    /// Keys Message-IDs, so that they cannot be guessed.
    instance_key: [u8; 32],
    clock: Arc<dyn Clock>,
    turn: tokio::sync::Mutex<()>,
}

/// An alert with the change it tells.
type Pending = (Alert, Change);

impl Dispatcher {
    /// A dispatcher over the given parts.
    #[must_use]
    pub fn new(
        store: Store,
        registry: Registry,
        settings: MailSettings,
        inbox: Option<EmailAddress>,
        instance_key: [u8; 32],
        clock: Arc<dyn Clock>,
    ) -> Self {
        let (web, misses, turn) = (None, BTreeMap::new(), tokio::sync::Mutex::default());
        Self { store, registry, settings, inbox, web, misses, instance_key, clock, turn }
    }

    /// Has mails bear links into the web.
    #[must_use]
    pub fn linking(self, web: Option<WebAddresses>) -> Self {
        Self { web, ..self }
    }

    /// Has mails tell as well what never appears in the sources they tell of.
    #[must_use]
    pub fn knowing(self, sources: &[Source]) -> Self {
        let misses = sources.iter().filter_map(|source| Some((source.id.clone(), source.misses.clone()?)));
        Self { misses: misses.collect(), ..self }
    }

    /// Makes mails of the alerts that wait; tells how many.
    ///
    /// # Errors
    /// The first mail that cannot be put together, or the store's error; then every alert stays.
    pub async fn dispatch(&self, patience: Patience) -> Result<usize, DispatchError> {
        let _turn = self.turn.lock().await;
        let pending = self.store.pending_alerts().await?;
        let now = self.clock.now();
        let is_time = patience == Patience::Now || self.due(&pending).is_some_and(|due| due <= now);
        if pending.is_empty() || !is_time {
            return Ok(0);
        }
        let watchlist = self.registry.current();
        let mut mails = Vec::new();
        for subscriber in self.store.subscribers().await? {
            let told =
                pending.iter().filter(|(alert, change)| subscriber.wants(&alert.company, change).is_some());
            // What was there already is no news: it never hides among it.
            let (notices, news): (Vec<&Pending>, Vec<&Pending>) =
                told.partition(|(_, change)| change.is_notice());
            for told in [news, notices] {
                if !told.is_empty() {
                    mails.push(self.mail(&subscriber, &told, &watchlist, now)?);
                }
            }
        }
        let alerts: Vec<AlertId> = pending.into_iter().map(|(alert, _)| alert.id).collect();
        let queued = mails.len();
        self.store.dispatch(&alerts, mails).await?;
        tracing::info!(alerts = alerts.len(), mails = queued, "alerts dispatched");
        Ok(queued)
    }

    /// When the alerts that wait are to be made into mails.
    ///
    /// # Errors
    /// The store's error.
    pub async fn next_due(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        Ok(self.due(&self.store.pending_alerts().await?))
    }

    /// Queues a mail that shows an address that mail from here arrives.
    ///
    /// # Errors
    /// A mail that cannot be put together, or the store's error.
    pub async fn queue_test(&self, recipient: &EmailAddress) -> Result<MailId, DispatchError> {
        let now = self.clock.now();
        let id = MailId::derive(&["test", recipient.as_str(), &now.to_rfc3339()]);
        let watchlist = self.registry.current();
        let rendered = render::notice(&self.blank(recipient, &watchlist).as_test())?;
        let mail = self.queued(id.clone(), recipient, &rendered, &[], now)?;
        self.store.dispatch(&[], vec![mail]).await?;
        Ok(id)
    }

    fn due(&self, pending: &[Pending]) -> Option<DateTime<Utc>> {
        let wait = TimeDelta::from_std(self.settings.group_within).unwrap_or_default();
        pending.iter().map(|(alert, _)| alert.raised_at + wait).min()
    }

    fn mail(
        &self,
        subscriber: &Subscriber,
        told: &[&Pending],
        watchlist: &Watchlist,
        now: DateTime<Utc>,
    ) -> Result<QueuedMail, DispatchError> {
        let mut parts = vec![subscriber.address.as_str()];
        parts.extend(told.iter().map(|(alert, _)| alert.id.as_str()));
        let id = MailId::derive(&parts);
        let pairs = told.iter().map(|(alert, change)| (alert, change));
        let rendered = render::notice(&self.blank(&subscriber.address, watchlist).with(subscriber, pairs))?;
        self.queued(id, &subscriber.address, &rendered, told, now)
    }

    /// A notice that tells nothing yet.
    fn blank<'a>(&'a self, recipient: &'a EmailAddress, watchlist: &'a Watchlist) -> Notice<'a> {
        let settings = &self.settings;
        let postal_address = settings.postal_address.as_deref();
        Notice::new(recipient, watchlist, &settings.help_address, postal_address)
            .knowing(&self.misses)
            .linking(self.links(recipient))
    }

    fn links(&self, recipient: &EmailAddress) -> Option<PersonalLinks> {
        self.web.as_ref().map(|web| web.of(recipient))
    }

    fn queued(
        &self,
        id: MailId,
        recipient: &EmailAddress,
        rendered: &Rendered,
        told: &[&Pending],
        now: DateTime<Utc>,
    ) -> Result<QueuedMail, DispatchError> {
        let message_id = message_id(&self.instance_key, &id, self.settings.from.address.domain());
        let thread = self.thread(told);
        let mailbox = self.inbox.as_ref().unwrap_or(&self.settings.help_address);
        let links = self.links(recipient);
        let letter = Letter {
            from: &self.settings.from,
            to: recipient,
            help: &self.settings.help_address,
            rendered,
            message_id: &message_id,
            thread: thread.as_deref(),
            date: now,
            list: Some(Leaving { mailbox, links: links.as_ref() }),
            occasion: Occasion::Alert,
        };
        let bytes = compose(&letter)
            .map_err(|source| DispatchError::Compose { recipient: recipient.redacted(), source })?;
        let subject = rendered.subject.clone();
        let mail = Mail::queued(id, recipient.clone(), subject, message_id, changes_of(told), now);
        Ok(QueuedMail { mail, bytes })
    }

    /// Mails about one company on one source are one thread; a mail about several belongs to none.
    fn thread(&self, told: &[&Pending]) -> Option<String> {
        let (alert, change) = told.first()?;
        let is_one = told.iter().all(|(a, c)| a.company == alert.company && c.source == change.source);
        let domain = self.settings.from.address.domain();
        is_one.then(|| thread_id(&self.instance_key, &change.source, &alert.company, domain))
    }
}

/// Each change once, however many companies it concerns.
fn changes_of(told: &[&Pending]) -> Vec<ChangeId> {
    let mut changes: Vec<ChangeId> = told.iter().map(|(_, change)| change.id.clone()).collect();
    changes.dedup();
    changes
}
