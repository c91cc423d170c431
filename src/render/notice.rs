//! What one mail to one recipient tells; [`super::alert`] puts it into words.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::face::SourceWords;
use super::foot::MailFoot;
use crate::domain::change::Change;
use crate::domain::deadline::Deadline;
use crate::domain::email::EmailAddress;
use crate::domain::event::Tie;
use crate::domain::grouping::MailBatch;
use crate::domain::health::SourceHealth;
use crate::domain::id::{ChangeId, CompanyId, SourceId};
use crate::domain::mail_kind::MailKind;
use crate::domain::matching::Watchlist;
use crate::domain::subscription::{Cadence, EndedPause, Subscription};
use crate::domain::topic::Topic;
use crate::domain::untold::Untold;

/// More changes are a table, and not shown in full where each has its page: nobody reads them in a mail.
pub(super) const MAX_DETAILED: usize = 20;

/// Everything one mail tells one recipient.
#[derive(Debug, Clone)]
pub struct Notice<'a> {
    /// Whom it goes to.
    pub recipient: &'a EmailAddress,
    /// What it tells, in the order in which it is shown.
    pub told: Vec<ReportedChange<'a>>,
    /// How readers call the companies.
    pub watchlist: &'a Watchlist,
    /// Who sends it.
    pub service: MailFoot<'a>,
    /// What is said of the sources beside what changed there.
    pub sources: Option<&'a BTreeMap<SourceId, SourceWords>>,
    /// The reader's time zone.
    pub zone: Tz,
    /// When it is written.
    pub now: DateTime<Utc>,
    /// Which of how many mails it is.
    pub part: Option<(usize, usize)>,
    /// Whether this only proves that mail arrives; then subject and text say so.
    pub test: bool,
    /// Of what it is the digest; [`Cadence::Immediate`] where it is none.
    pub cadence: Cadence,
    /// Of a digest: how the sources are that can tell its reader anything.
    pub health: &'a [SourceHealth],
    /// The pause that it sums up, where it does.
    pub pause: Option<EndedPause>,
    /// What else the same reads found.
    pub untold: Untold,
    /// What other sources tell of the same, by change.
    pub ties: Option<&'a BTreeMap<ChangeId, Vec<Tie>>>,
}

/// One change and by what right its reader is told.
#[derive(Debug, Clone)]
pub struct ReportedChange<'a> {
    /// The change.
    pub change: &'a Change,
    /// The reader's subscriptions to companies it concerns, each once.
    pub followed: Vec<&'a Subscription>,
    /// What presses, where something does.
    pub deadline: Option<Deadline>,
    /// Where the reader sees the change with its evidence, where there is such a page.
    pub page: Option<String>,
}

impl ReportedChange<'_> {
    /// The companies that its reader follows, of those it concerns.
    pub(super) fn companies(&self) -> Vec<&CompanyId> {
        self.followed.iter().filter_map(|subscription| subscription.topic.company()).collect()
    }

    /// Whether its reader follows its source as such.
    pub(super) fn is_of_a_source(&self) -> bool {
        self.followed.iter().any(|subscription| subscription.topic.source() == Some(&self.change.source))
    }

    /// By what its reader is told of it that is neither a company it concerns nor its own source: it speaks of another
    /// source, which could not be read.
    pub(super) fn announced_to(&self) -> impl Iterator<Item = &Topic> {
        let concerned = self.change.companies();
        let topics = self.followed.iter().map(|subscription| &subscription.topic);
        topics.filter(move |topic| match topic {
            Topic::Company(company) => !concerned.contains(&company),
            Topic::Source(source) => *source != self.change.source,
        })
    }
}

impl<'a> Notice<'a> {
    /// A notice without contents; `with` adds them.
    #[must_use]
    pub fn new(
        recipient: &'a EmailAddress,
        watchlist: &'a Watchlist,
        service: MailFoot<'a>,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            recipient,
            told: Vec::new(),
            watchlist,
            service,
            sources: None,
            zone: Tz::UTC,
            now,
            part: None,
            test: false,
            cadence: Cadence::Immediate,
            health: &[],
            pause: None,
            untold: Untold::default(),
            ties: None,
        }
    }

    /// Says as well what the same reads found and is not told.
    #[must_use]
    pub fn leaving_out(self, untold: Untold) -> Self {
        Self { untold, ..self }
    }

    /// Says beside what changed which other sources tell the same.
    #[must_use]
    pub fn tied_by(self, ties: &'a BTreeMap<ChangeId, Vec<Tie>>) -> Self {
        Self { ties: Some(ties), ..self }
    }

    /// What other sources tell of the same as a change.
    pub(super) fn ties_of(&self, change: &Change) -> &'a [Tie] {
        self.ties.and_then(|ties| ties.get(&change.id)).map_or(&[], Vec::as_slice)
    }

    /// Says beside what changed what the sources are.
    #[must_use]
    pub fn knowing(self, sources: &'a BTreeMap<SourceId, SourceWords>) -> Self {
        Self { sources: Some(sources), ..self }
    }

    /// Tells times as they are in a zone.
    #[must_use]
    pub fn in_zone(self, zone: Tz) -> Self {
        Self { zone, ..self }
    }

    /// Leads to a page of each change, where `page` knows one.
    #[must_use]
    pub fn leading_to(mut self, page: impl Fn(&Change) -> Option<String>) -> Self {
        for told in &mut self.told {
            told.page = page(told.change);
        }
        self
    }

    /// What is said of the source of a change.
    pub(super) fn words_of(&self, change: &Change) -> Option<&'a SourceWords> {
        self.sources?.get(&change.source)
    }

    /// What readers call the sources of which a change speaks and which could not be read, as its reader is told.
    pub(super) fn unread_of(&self, told: &ReportedChange) -> Vec<&'a str> {
        if told.announced_to().next().is_none() {
            return Vec::new();
        }
        let announced = self.sources.into_iter().flat_map(BTreeMap::values);
        let announced = announced
            .filter(|words| words.announcers.iter().any(|announcer| announcer.announces(told.change)));
        announced.map(|words| words.title.as_str()).collect()
    }

    /// Tells what a bundle tells, each change once however many of its companies are followed.
    #[must_use]
    pub fn telling(mut self, bundle: &MailBatch<'a>) -> Self {
        self.cadence = bundle.cadence;
        self.pause = bundle.pause;
        self.part = bundle.part;
        for item in &bundle.told {
            match self.told.iter_mut().find(|told| told.change.id == item.change.id) {
                Some(told) if told.followed.contains(&item.subscription) => {}
                Some(told) => told.followed.push(item.subscription),
                None => self.told.push(ReportedChange {
                    change: item.change,
                    followed: vec![item.subscription],
                    deadline: item.deadline,
                    page: None,
                }),
            }
        }
        self
    }

    /// Tells as well how the sources are.
    #[must_use]
    pub fn with_health(self, health: &'a [SourceHealth]) -> Self {
        Self { health, ..self }
    }

    /// The nearest date by which its reader must have acted.
    pub(super) fn deadline(&self) -> Option<Deadline> {
        self.told.iter().filter_map(|told| told.deadline).min()
    }

    /// Marks the notice as a test.
    #[must_use]
    pub fn as_test(self) -> Self {
        Self { test: true, ..self }
    }

    /// What sort of mail it makes.
    #[must_use]
    pub fn kind(&self) -> MailKind {
        match self.cadence {
            _ if self.test => MailKind::Test,
            _ if self.pause.is_some() => MailKind::Summary,
            _ if self.is_of_what_stood() => MailKind::Notice,
            Cadence::Immediate => MailKind::Alert,
            Cadence::Daily | Cadence::Weekly => MailKind::Digest,
        }
    }

    /// Whether its reader has a page to see each change on.
    pub(super) fn has_pages(&self) -> bool {
        self.told.iter().all(|told| told.page.is_some())
    }

    /// Whether it tells so much that its overview is a table.
    pub(super) fn is_table(&self) -> bool {
        self.told.len() > MAX_DETAILED
    }

    /// Whether it tells nothing but what was there already.
    pub(super) fn is_of_what_stood(&self) -> bool {
        !self.told.is_empty() && self.told.iter().all(|told| told.change.is_notice())
    }

    /// What readers call the companies this is about: the followed ones, or, where a change
    /// is told to somebody who follows none, all it concerns.
    pub(super) fn company_names(&self) -> BTreeSet<&str> {
        let mut names = BTreeSet::new();
        for told in &self.told {
            names.extend(told.companies().into_iter().map(|company| self.watchlist.short_name(company)));
        }
        if names.is_empty() {
            let concerned = self.told.iter().flat_map(|told| told.change.companies());
            names.extend(concerned.map(|company| self.watchlist.short_name(company)));
        }
        names
    }

    /// How many of the changes concern one of these companies. The others are told because their source is followed.
    pub(super) fn concerning(&self) -> usize {
        let of_followed = self.told.iter().filter(|told| !told.companies().is_empty()).count();
        let of_anybody = || self.told.iter().filter(|told| !told.change.companies().is_empty()).count();
        if of_followed > 0 { of_followed } else { of_anybody() }
    }
}
