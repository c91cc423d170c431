//! One reader's mails: from what waits for them to bytes that are frozen.

mod attesting;
mod round;
mod withdrawing;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use self::round::{events_of, told_as, untold};
use crate::domain::alert::AlertItem;
use crate::domain::change::Change;
use crate::domain::email::EmailAddress;
use crate::domain::grouping::{DigestPlan, DueItem, MailBatch, WaitingItem, plan};
use crate::domain::health::{SourceHealth, is_watched_for};
use crate::domain::id::{AlertId, ChangeId, MailId, SourceId};
use crate::domain::keyed_link::{LinkKey, WebAddresses};
use crate::domain::mail_kind::MailKind;
use crate::domain::matching::Watchlist;
use crate::domain::outbox::{Basis, Mail, MailState, QueuedMail, Thread};
use crate::domain::read_state::ReadState;
use crate::domain::source::Source;
use crate::domain::subscription::{Cadence, Subscriber};
use crate::domain::text::error_chain;
use crate::mail::{Draft, DraftError, ListUnsubscribe, MailPurpose, message_id, thread_id};
use crate::render::{self, MailFoot, Notice, Rendered, SourceWords};
use crate::settings::MailSettings;
use crate::store::{Met, PackedMail, ReaderCommit, WaitingReader};

pub(super) use self::round::{Round, RoundContext, Ties, read_of};

/// So often is it tried to make a mail of an item before it is given up and shown as such.
const MAX_STRIKES: u32 = 5;

/// Between two tries.
const RETRY_AFTER: TimeDelta = TimeDelta::minutes(5);

/// Of a daily digest, so far back is counted how often its sources were read.
const DAY: TimeDelta = TimeDelta::days(1);

/// What a [`Composer`] works with.
#[derive(Debug)]
pub struct ComposerParts {
    /// How mail is written.
    pub settings: MailSettings,
    /// Where people write to leave, where there is a mailbox.
    pub inbox: Option<EmailAddress>,
    /// Where the links of a mail lead, where there is a web server.
    pub web: Option<WebAddresses>,
    /// What is watched.
    pub sources: Arc<[Arc<Source>]>,
    /// Keys Message-IDs, so that they cannot be guessed.
    pub instance_key: [u8; 32],
}

/// Makes mails. It has no state and asks nobody: the same that waits gives the same mails.
#[derive(Debug)]
pub struct Composer {
    parts: ComposerParts,
    words: BTreeMap<SourceId, SourceWords>,
}

/// Whether a mail to somebody may tell how the sources are: a digest, what sums a pause up, and silence attested do.
fn may_be_told_health(reader: &Subscriber) -> bool {
    let has_pause = reader.paused_since.is_some() || reader.ended_pause.is_some();
    reader.preferences.cadence.is_digest() || reader.preferences.attested_until.is_some() || has_pause
}

/// Changes by their ids.
type ChangesById = BTreeMap<ChangeId, Arc<Change>>;

impl Composer {
    /// A composer of the given parts.
    #[must_use]
    pub fn new(parts: ComposerParts) -> Self {
        let words = parts.sources.iter().map(|source| (source.id.clone(), SourceWords::of(source))).collect();
        Self { parts, words }
    }

    /// The sources of whose health readers may be told that are not known yet. A round that tells changes at once
    /// tells none of it.
    pub(super) fn sources_to_report(
        &self,
        readers: &[WaitingReader],
        known: &BTreeMap<SourceId, Option<ReadState>>,
    ) -> Vec<SourceId> {
        let told: Vec<&Subscriber> = readers
            .iter()
            .map(|waiting| &waiting.reader)
            .filter(|reader| may_be_told_health(reader))
            .collect();
        let sources = self.parts.sources.iter().filter(|source| {
            !known.contains_key(&source.id) && told.iter().any(|reader| is_watched_for(source, reader))
        });
        sources.map(|source| source.id.clone()).collect()
    }

    /// Makes the mails that are due for one reader.
    pub(super) fn compose(
        &self,
        waiting: &WaitingReader,
        changes: &ChangesById,
        known: &RoundContext,
        round: &Round,
    ) -> ReaderCommit {
        let WaitingReader { reader, items } = waiting;
        let waiting = items.iter().filter_map(|item| {
            let change = changes.get(&item.change)?;
            Some(WaitingItem { item, change, told_as: told_as(reader, item, change, &known.told, round) })
        });
        let DigestPlan { bundles, dropped, aside, next, summed_up } =
            plan(reader, waiting, round.collecting, round.now);
        let mut composed = ReaderCommit {
            settled: dropped.into_iter().map(|item| item.alert.clone()).collect(),
            aside: aside.into_iter().map(|(item, told)| (item.clone(), told.clone())).collect(),
            next,
            summed_up,
            ..ReaderCommit::empty(reader.address.clone(), round.now)
        };
        // What is set aside is told by no mail to come: its reader was told.
        let is_aside = |item: &&AlertItem| composed.aside.iter().any(|(aside, _)| aside.alert == item.alert);
        let due = items.iter().filter(|item| !is_aside(item)).map(|item| &item.change).collect();
        for bundle in &bundles {
            composed.events.extend(events_of(reader, bundle));
            match self.mail(reader, (bundle, &due), round) {
                Ok(mail) => composed.take(bundle, mail),
                Err(error) => self.strike(&mut composed, reader, bundle, &error, round.now),
            }
        }
        self.attest(&mut composed, reader, known, round);
        composed.met = met(reader, items, &composed, round.now);
        composed
    }

    /// A mail that shows an address that mail from here arrives.
    pub(super) fn test(
        &self,
        recipient: &EmailAddress,
        watchlist: &Watchlist,
        now: DateTime<Utc>,
    ) -> Result<QueuedMail, DraftError> {
        let id = MailId::derive(&["test", recipient.as_str(), &now.to_rfc3339()]);
        let rendered = render::notice(&self.blank(recipient, watchlist, now).as_test())?;
        self.queued(Draft { is_urgent: true, ..self.draft(id, recipient, rendered, now) })
    }

    /// A mail of one bundle of all that waits for its reader.
    fn mail(
        &self,
        reader: &Subscriber,
        (bundle, waiting): (&MailBatch, &BTreeSet<&ChangeId>),
        round: &Round,
    ) -> Result<QueuedMail, DraftError> {
        let health = match bundle.cadence {
            // Of the time of a pause nobody was told how its sources were.
            Cadence::Immediate if bundle.pause.is_some() => self.health(reader, round.now - DAY, round),
            Cadence::Immediate => Vec::new(),
            Cadence::Daily | Cadence::Weekly => self.health(reader, round.now - DAY, round),
        };
        let notice = self
            .blank(&reader.address, &round.watchlist, round.now)
            .in_zone(reader.preferences.zone)
            .telling(bundle)
            .leading_to(|change| self.page_of(change, &reader.address, round.now))
            .tied_by(&round.ties)
            .with_health(&health)
            .leaving_out(untold(reader, waiting, bundle, round));
        let rendered = round.views.notice(&notice)?;
        self.queued(Draft {
            changes: changes_of(bundle),
            thread: self.thread(bundle, &round.watchlist),
            basis: basis_of(bundle),
            is_urgent: bundle.told.iter().any(|told| told.deadline.is_some()),
            ..self.draft(id_of(reader, bundle), &reader.address, rendered, round.now)
        })
    }

    /// Notes that no mail could be made: the items are tried again, and in the end given up where the
    /// operator sees it.
    fn strike(
        &self,
        composed: &mut ReaderCommit,
        reader: &Subscriber,
        bundle: &MailBatch,
        error: &DraftError,
        now: DateTime<Utc>,
    ) {
        let (to, error) = (reader.address.redacted(), error_chain(error));
        let strikes = bundle.told.iter().map(|told| told.item.strikes).max().unwrap_or_default() + 1;
        let (id, kind) = (id_of(reader, bundle), kind_of(bundle));
        tracing::error!(mail.id = %id, mail.to = to, strikes, error, "failed to compose the {kind} mail {id}");
        if strikes < MAX_STRIKES {
            let struck = bundle.told.iter().map(|told| AlertItem { strikes, ..told.item.clone() });
            composed.struck.extend(struck);
            composed.next = composed.next.into_iter().chain([now + RETRY_AFTER]).min();
            return;
        }
        let (to, changes) = (reader.address.clone(), changes_of(bundle));
        let mut given_up = self.given_up(kind, id, to, changes, error, now);
        given_up.mail.basis = basis_of(bundle);
        composed.take(bundle, given_up);
    }

    /// What was made, or in its place, where another try would end alike, a mail that is given up.
    fn made_or_given_up(
        &self,
        made: Result<QueuedMail, DraftError>,
        kind: MailKind,
        id: MailId,
        to: &EmailAddress,
        now: DateTime<Utc>,
    ) -> QueuedMail {
        made.unwrap_or_else(|error| {
            let error = error_chain(&error);
            tracing::error!(mail.id = %id, mail.to = to.redacted(), error, "failed to compose the {kind} mail {id}");
            self.given_up(kind, id, to.clone(), Vec::new(), error, now)
        })
    }

    /// In the place of a mail that could not be made: the operator sees it among those that nobody got.
    fn given_up(
        &self,
        kind: MailKind,
        id: MailId,
        to: EmailAddress,
        changes: Vec<ChangeId>,
        error: String,
        now: DateTime<Utc>,
    ) -> QueuedMail {
        let message_id = message_id(&self.parts.instance_key, &id, self.parts.settings.from.address.domain());
        let queued = Mail::queued(id, to, "(could not be made)".to_owned(), message_id, changes, now);
        let mail = Mail {
            kind: Some(kind),
            state: MailState::Dead,
            is_undelivered: true,
            last_error: Some(error),
            ..queued
        };
        QueuedMail { mail, bytes: Vec::new() }
    }

    /// How the sources are that can tell a reader anything.
    fn health(&self, reader: &Subscriber, since: DateTime<Utc>, round: &Round) -> Vec<SourceHealth> {
        let watched = self.parts.sources.iter().filter(|source| is_watched_for(source, reader));
        watched
            .map(|source| {
                SourceHealth::of(source, round.states.get(&source.id).and_then(Option::as_ref), since)
            })
            .collect()
    }

    /// A notice that tells nothing yet.
    fn blank<'a>(
        &'a self,
        recipient: &'a EmailAddress,
        watchlist: &'a Watchlist,
        now: DateTime<Utc>,
    ) -> Notice<'a> {
        Notice::new(recipient, watchlist, self.service(), now).knowing(&self.words)
    }

    /// Where a reader sees a change with its evidence, where there is a web server.
    fn page_of(&self, change: &Change, reader: &EmailAddress, now: DateTime<Utc>) -> Option<String> {
        self.parts.web.as_ref().map(|web| web.change(&change.id, reader, now))
    }

    fn service(&self) -> MailFoot<'_> {
        let ComposerParts { settings, inbox, web, .. } = &self.parts;
        MailFoot {
            name: settings.from.organisation(),
            mailbox: inbox.as_ref().unwrap_or(&settings.help_address),
            help_address: &settings.help_address,
            postal_address: settings.postal_address.as_deref(),
            web: web.as_ref(),
        }
    }

    /// A mail that stands for itself.
    fn draft<'a>(
        &'a self,
        id: MailId,
        to: &'a EmailAddress,
        rendered: Rendered,
        at: DateTime<Utc>,
    ) -> Draft<'a> {
        let MailFoot { mailbox, web, .. } = self.service();
        let key = LinkKey::new(self.parts.instance_key);
        let list = Some(ListUnsubscribe { mailbox, key, web });
        Draft {
            id,
            to,
            rendered,
            changes: Vec::new(),
            thread: None,
            list,
            occasion: MailPurpose::Alert,
            basis: Basis::None,
            is_urgent: false,
            at,
        }
    }

    fn queued(&self, draft: Draft<'_>) -> Result<QueuedMail, DraftError> {
        draft.queued(&self.parts.settings, &self.parts.instance_key)
    }

    /// Mails about one topic on one source are one thread; a mail about several belongs to none.
    fn thread(&self, bundle: &MailBatch, watchlist: &Watchlist) -> Option<Thread> {
        let first = bundle.told.first()?;
        let (topic, source) = (&first.item.topic, &first.change.source);
        let is_one =
            bundle.told.iter().all(|told| told.item.topic == *topic && told.change.source == *source);
        let domain = self.parts.settings.from.address.domain();
        is_one.then(|| Thread {
            id: thread_id(&self.parts.instance_key, source, topic, domain),
            topic: format!("{}: {}", watchlist.name_of(topic), first.change.source_title),
        })
    }
}

impl ReaderCommit {
    /// Puts a mail beside what it tells.
    fn take(&mut self, bundle: &MailBatch, mail: QueuedMail) {
        self.settled.extend(bundle.told.iter().map(|told| told.item.alert.clone()));
        self.mails.push(PackedMail::of(mail));
    }
}

/// What was composed of what waits for a reader: the rest of it may change meanwhile.
fn met(reader: &Subscriber, items: &[AlertItem], composed: &ReaderCommit, now: DateTime<Utc>) -> Met {
    let settled = composed.settled.iter();
    let left = composed.struck.iter().chain(composed.aside.iter().map(|(item, _)| item));
    let of: BTreeSet<&AlertId> = settled.chain(left.map(|item| &item.alert)).collect();
    Met {
        items: items.iter().filter(|item| of.contains(&item.alert)).cloned().collect(),
        attested_until: reader.preferences.attested_until,
        ended_pause: reader.ended_pause(now),
    }
}

/// The same alerts for the same reader are the same mail, unless one that told them was taken back.
fn id_of(reader: &Subscriber, bundle: &MailBatch) -> MailId {
    let alert = |told: &DueItem| match told.item.taken_back {
        0 => told.item.alert.as_str().to_owned(),
        times => format!("{} {times}", told.item.alert),
    };
    let alerts: Vec<String> = bundle.told.iter().map(alert).collect();
    let parts: Vec<&str> =
        [reader.address.as_str()].into_iter().chain(alerts.iter().map(String::as_str)).collect();
    MailId::derive(&parts)
}

/// What sort of mail a bundle makes.
fn kind_of(bundle: &MailBatch) -> MailKind {
    match bundle.cadence {
        _ if bundle.pause.is_some() => MailKind::Summary,
        _ if bundle.told.iter().all(|told| told.change.is_notice()) => MailKind::Notice,
        Cadence::Immediate => MailKind::Alert,
        Cadence::Daily | Cadence::Weekly => MailKind::Digest,
    }
}

fn basis_of(bundle: &MailBatch) -> Basis {
    Basis::Alerts { items: bundle.told.iter().map(|told| told.item.clone()).collect() }
}

/// Each change once, however many companies it concerns.
fn changes_of(bundle: &MailBatch) -> Vec<ChangeId> {
    let mut changes: Vec<ChangeId> = bundle.told.iter().map(|told| told.change.id.clone()).collect();
    changes.dedup();
    changes
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::time::Duration;

    use super::*;
    use crate::domain::grouping::tests::{change, reader};
    use crate::domain::outbox::Doubt;
    use crate::mail::MailError;
    use crate::settings::{Pace, Sender, TransportSettings};

    fn composer() -> Composer {
        let address: EmailAddress = "alerts@tracker.example".parse().unwrap();
        let settings = MailSettings {
            from: Sender { name: None, address: address.clone() },
            transport: TransportSettings::Maildir { path: PathBuf::new() },
            postal_address: None,
            help_address: address,
            group_within: Duration::ZERO,
            deadline_within: Duration::ZERO,
            concurrency: 1,
            pace: Pace::default(),
            on_in_doubt: Doubt::Resend,
            dkim: None,
        };
        let (inbox, web, sources) = (None, None, Arc::default());
        Composer::new(ComposerParts { settings, inbox, web, sources, instance_key: [7; 32] })
    }

    #[test]
    fn what_no_mail_can_be_made_of_is_tried_five_times_and_then_shown_to_the_operator() {
        let (made_by, reader) = (composer(), reader(&[]));
        let (mut item, change) = change("a", "2026-11-24T10:00:00Z", &[]);
        let now = item.raised_at;
        let error = DraftError::Compose {
            recipient: "a…@example.org".to_owned(),
            source: MailError::MessageId { id: "x".to_owned() },
        };
        for strikes in 1..=MAX_STRIKES {
            let mut composed = ReaderCommit::empty(reader.address.clone(), now);
            let told = DueItem {
                item: &item,
                change: &change,
                subscription: &reader.subscriptions[0],
                deadline: None,
            };
            let bundle = MailBatch { told: vec![told], cadence: Cadence::Immediate, pause: None, part: None };
            made_by.strike(&mut composed, &reader, &bundle, &error, now);
            if strikes < MAX_STRIKES {
                assert_eq!(composed.next, Some(now + RETRY_AFTER));
                assert!(composed.settled.is_empty() && composed.mails.is_empty());
                item = composed.struck.remove(0);
                assert_eq!(item.strikes, strikes);
            } else {
                assert_eq!(composed.settled, [item.alert.clone()]);
                assert_eq!(composed.mails[0].mail.state, MailState::Dead);
                assert_eq!(composed.mails[0].mail.kind, Some(MailKind::Alert));
                assert_eq!(composed.mails[0].mail.changes, std::slice::from_ref(&change.id));
                assert!(composed.struck.is_empty() && composed.next.is_none());
            }
        }
    }
}
