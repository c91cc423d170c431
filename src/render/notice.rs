//! One mail to one recipient: what it tells, and its subject and two bodies.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;

use super::difference::Piece;
use super::flow::{Indent, wrap};
use super::foot::{Foot, Leave, Service};
use super::health;
use super::subject::subject;
use super::view::{ChangeView, FieldBody, brief, items, lead, misses, reasons, untold};
use crate::domain::change::Change;
use crate::domain::deadline::Deadline;
use crate::domain::email::EmailAddress;
use crate::domain::grouping::Bundle;
use crate::domain::health::SourceHealth;
use crate::domain::id::SourceId;
use crate::domain::mail_kind::MailKind;
use crate::domain::matching::Watchlist;
use crate::domain::subscription::{Cadence, EndedPause, Subscription};
use crate::domain::text_diff::Fate;
use crate::domain::untold::Untold;

/// Everything one mail tells one recipient.
#[derive(Debug, Clone)]
pub struct Notice<'a> {
    /// Whom it goes to.
    pub recipient: &'a EmailAddress,
    /// What it tells, in the order in which it is shown.
    pub told: Vec<Told<'a>>,
    /// How readers call the companies.
    pub watchlist: &'a Watchlist,
    /// Who sends it.
    pub service: Service<'a>,
    /// What never appears in a source, in its operator's words; told beside what did.
    pub misses: Option<&'a BTreeMap<SourceId, String>>,
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
}

/// One change and by what right its reader is told.
#[derive(Debug, Clone)]
pub struct Told<'a> {
    /// The change.
    pub change: &'a Change,
    /// The reader's subscriptions to companies it concerns, each once.
    pub followed: Vec<&'a Subscription>,
    /// What presses, where something does.
    pub deadline: Option<Deadline>,
}

impl<'a> Notice<'a> {
    /// A notice without contents; `with` adds them.
    #[must_use]
    pub fn new(recipient: &'a EmailAddress, watchlist: &'a Watchlist, service: Service<'a>) -> Self {
        Self {
            recipient,
            told: Vec::new(),
            watchlist,
            service,
            misses: None,
            test: false,
            cadence: Cadence::Immediate,
            health: &[],
            pause: None,
            untold: Untold::default(),
        }
    }

    /// Says as well what the same reads found and is not told.
    #[must_use]
    pub fn leaving_out(self, untold: Untold) -> Self {
        Self { untold, ..self }
    }

    /// Tells as well what never appears in the sources it tells of.
    #[must_use]
    pub fn knowing(self, misses: &'a BTreeMap<SourceId, String>) -> Self {
        Self { misses: Some(misses), ..self }
    }

    /// Tells what a bundle tells, each change once however many of its companies are followed.
    #[must_use]
    pub fn telling(mut self, bundle: &Bundle<'a>) -> Self {
        self.cadence = bundle.cadence;
        self.pause = bundle.pause;
        for item in &bundle.told {
            match self.told.iter_mut().find(|told| told.change.id == item.change.id) {
                Some(told) if told.followed.contains(&item.subscription) => {}
                Some(told) => told.followed.push(item.subscription),
                None => self.told.push(Told {
                    change: item.change,
                    followed: vec![item.subscription],
                    deadline: item.deadline,
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

    /// Whether it tells nothing but what was there already.
    pub(super) fn is_of_what_stood(&self) -> bool {
        !self.told.is_empty() && self.told.iter().all(|told| told.change.is_notice())
    }

    /// What readers call the companies this is about: the followed ones, or, where a change
    /// is told to somebody who follows none, all it concerns.
    pub(super) fn company_names(&self) -> BTreeSet<&str> {
        let mut names = BTreeSet::new();
        for told in &self.told {
            let followed = told.followed.iter().map(|subscription| &subscription.company);
            names.extend(followed.map(|company| self.watchlist.short_name(company)));
        }
        if names.is_empty() {
            let concerned = self.told.iter().flat_map(|told| told.change.companies());
            names.extend(concerned.map(|company| self.watchlist.short_name(company)));
        }
        names
    }
}

/// A mail in words; `mail::compose` makes MIME of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// What sort of mail it is.
    pub kind: MailKind,
    /// One line without control characters, at most 70 characters.
    pub subject: String,
    /// The whole mail as plain text, lines up to 76 columns unless a single word is longer.
    pub text: String,
    /// The whole mail as HTML with inline styles, no images and nothing loaded from elsewhere.
    pub html: String,
}

/// A template could not be filled in.
#[derive(Debug, thiserror::Error)]
#[error("the mail cannot be put into words")]
pub struct RenderError(#[from] askama::Error);

/// Each body stays below this: Gmail cuts a mail's HTML at 102 KB.
const MAX_BODY_BYTES: usize = 95_000;

/// More changes are not shown in full: nobody reads them in a mail.
const MAX_DETAILED: usize = 30;

#[derive(Template)]
#[template(path = "notice/mail.txt", escape = "none")]
struct TextTemplate<'a> {
    page: &'a Page,
    foot: &'a Foot,
}

#[derive(Template)]
#[template(path = "notice/mail.html")]
struct HtmlTemplate<'a> {
    page: &'a Page,
    foot: &'a Foot,
}

/// What both templates show.
pub(super) struct Page {
    pub subject: String,
    pub lead: String,
    pub test: bool,
    pub changes: Vec<ChangeView>,
    /// The changes that are not shown in full, a line each.
    pub brief: Vec<String>,
    /// What else the same reads found, counted.
    pub untold: Option<String>,
    /// How the sources are, a sentence each.
    pub health: Vec<String>,
    /// What never appears in the sources of the mail, each with its name.
    pub misses: Vec<String>,
}

impl Page {
    fn wrapped_lead(&self) -> String {
        wrap(&self.lead, Indent::of(""))
    }

    fn wrapped_brief(&self) -> String {
        items(&self.brief)
    }

    fn wrapped_health(&self) -> String {
        let sentences: Vec<String> =
            self.health.iter().map(|sentence| wrap(sentence, Indent::of("  "))).collect();
        sentences.join("\n")
    }

    fn wrapped_misses(&self) -> String {
        items(&self.misses)
    }

    fn wrapped_untold(&self) -> Option<String> {
        self.untold.as_deref().map(|untold| wrap(untold, Indent::of("")))
    }
}

/// Puts a notice into words, both bodies below 95 KB.
///
/// Where everything does not fit, the last changes are only named; none is left out.
///
/// # Errors
/// A template that cannot be filled in: a mail without words must never leave.
pub fn notice(notice: &Notice) -> Result<Rendered, RenderError> {
    let mut detailed = notice.told.len().min(MAX_DETAILED);
    let foot = Foot { reasons: reasons(notice), ..Foot::to_reader(notice.recipient, notice.service) };
    loop {
        let page = page(notice, detailed);
        let text = TextTemplate { page: &page, foot: &foot }.render()?;
        let html = HtmlTemplate { page: &page, foot: &foot }.render()?;
        if detailed <= 1 || text.len().max(html.len()) <= MAX_BODY_BYTES {
            return Ok(Rendered { kind: notice.kind(), subject: page.subject, text, html });
        }
        detailed /= 2;
    }
}

fn page(notice: &Notice, detailed: usize) -> Page {
    let count = notice.told.len();
    let changes = notice.told[..detailed]
        .iter()
        .enumerate()
        .map(|(index, told)| {
            ChangeView::of(told, notice.watchlist, (count > 1).then_some((index + 1, count)))
        })
        .collect();
    Page {
        subject: subject(notice),
        lead: lead(notice),
        test: notice.test,
        changes,
        brief: brief(&notice.told[detailed..]),
        untold: untold(notice.untold),
        health: health::sentences(notice.health),
        misses: misses(notice),
    }
}
