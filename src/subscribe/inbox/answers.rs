//! The mails that answer a message, and what they tell.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::Inbox;
use super::outcome::IngestError;
use crate::domain::health::SourceHealth;
use crate::domain::id::MailId;
use crate::domain::inbound::{Conversation, ReplyKind, Selection};
use crate::domain::keyed_link::LinkKey;
use crate::domain::listed::{ListedOn, is_named, is_wanted};
use crate::domain::matching::Watchlist;
use crate::domain::outbox::{Basis, QueuedMail};
use crate::domain::subscription::Subscriber;
use crate::mail::{Draft, DraftError, ListUnsubscribe, MailPurpose};
use crate::render::{self, Addressed, MailFoot, confirm_address};
use crate::store::StoreError;

impl Inbox {
    pub(super) async fn mail(
        &self,
        id: MailId,
        answer: &ReplyKind,
        state: &Conversation,
        to: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<QueuedMail, IngestError> {
        let missed = match answer {
            ReplyKind::Resumed(Some(_)) => self.missed(&state.subscriber).await?,
            _ => 0,
        };
        let listed = match answer {
            ReplyKind::Welcome(selection) => self.listed(selection).await?,
            _ => Vec::new(),
        };
        let health = match answer {
            ReplyKind::Welcome(selection) => self.health(selection, now).await?,
            _ => Vec::new(),
        };
        let watchlist = self.registry.current();
        let addressed = Addressed {
            missed,
            listed: &listed,
            health: &health,
            ..self.addressed(&state.subscriber, &watchlist)
        };
        let reply_to = match answer {
            ReplyKind::Confirm(_, token) | ReplyKind::Explain(_, token) if self.takes_mail => {
                confirm_address(&self.settings.address, token)
            }
            _ => self.settings.address.to_string(),
        };
        // Somebody who only asked is on no list.
        let is_known = !state.subscriber.subscriptions.is_empty();
        let key = LinkKey::new(self.instance_key);
        let leaving = ListUnsubscribe { mailbox: &self.settings.address, key, web: self.web.as_ref() };
        let draft = Draft {
            id,
            to: &state.subscriber.address,
            rendered: render::answer(answer, &addressed).map_err(DraftError::from)?,
            changes: Vec::new(),
            thread: None,
            list: is_known.then_some(leaving),
            occasion: MailPurpose::Answer { to, reply_to: &reply_to },
            basis: basis_of(answer, &state.subscriber),
            is_urgent: true,
            at: now,
        };
        Ok(draft.queued(&self.mail, &self.instance_key)?)
    }

    fn addressed<'a>(&'a self, subscriber: &'a Subscriber, watchlist: &'a Watchlist) -> Addressed<'a> {
        Addressed {
            subscriber,
            watchlist,
            service: MailFoot {
                name: self.mail.from.organisation(),
                mailbox: &self.settings.address,
                help_address: &self.mail.help_address,
                postal_address: self.mail.postal_address.as_deref(),
                web: self.web.as_ref(),
            },
            missed: 0,
            listed: &[],
            takes_mail: self.takes_mail,
            health: &[],
            now: self.clock.now(),
        }
    }

    /// What stands already about what somebody begins to follow, on every source that can tell them of it.
    async fn listed(&self, selection: &Selection) -> Result<Vec<ListedOn>, StoreError> {
        let mut listed = Vec::new();
        // Of a source that is followed as such all is told, and nothing of it stands out.
        let companies = selection.topics.iter().filter(|topic| topic.company().is_some()).cloned();
        let selection = &Selection { topics: companies.collect(), ..selection.clone() };
        for source in self.sources.iter().filter(|source| is_wanted(source, selection)) {
            let standing = self.store.standing(&source.id).await?;
            let baseline = match &standing {
                Some(standing) if is_named(standing, selection) => self.store.baseline(&source.id).await?,
                _ => None,
            };
            listed.push(ListedOn::of(source, standing.as_ref(), baseline.as_ref(), selection));
        }
        Ok(listed)
    }

    /// How the sources are that can tell whoever follows a selection anything.
    async fn health(
        &self,
        selection: &Selection,
        now: DateTime<Utc>,
    ) -> Result<Vec<SourceHealth>, StoreError> {
        let mut health = Vec::new();
        for source in self.sources.iter().filter(|source| is_wanted(source, selection)) {
            let state = self.store.read_state(&source.id).await?;
            // What was never tried is told as not read yet.
            health.extend(state.map(|state| SourceHealth::of(source, Some(&state), now)));
        }
        Ok(health)
    }

    /// How many changes a pause collected, which its end tells.
    async fn missed(&self, subscriber: &Subscriber) -> Result<usize, StoreError> {
        let waiting = self.store.waiting(vec![subscriber.address.clone()]).await?;
        let items = waiting.readers.iter().flat_map(|reader| &reader.items);
        let told = items.filter_map(|item| {
            let change = waiting.changes.get(&item.change)?;
            let is_told = change.retracted_at.is_none() && subscriber.follows(&item.topic, change).is_some();
            is_told.then_some(&change.id)
        });
        Ok(told.collect::<BTreeSet<_>>().len())
    }
}

/// By what right an answer is sent: most are owed whatever comes after them.
fn basis_of(answer: &ReplyKind, subscriber: &Subscriber) -> Basis {
    match answer {
        ReplyKind::List => Basis::List { topics: subscriber.followed().cloned().collect() },
        ReplyKind::Confirm(_, token) | ReplyKind::Explain(_, token) => {
            Basis::Question { token: token.hash() }
        }
        ReplyKind::Welcome(selection) => Basis::Welcome { topics: selection.topics.clone() },
        _ => Basis::None,
    }
}
