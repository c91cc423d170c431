//! One mail to one recipient: what it tells, and its subject and two bodies.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::attached::{Attachment, evidence};
use super::change_view::{ChangeView, WHY};
use super::difference::Piece;
use super::face::SourceWords;
use super::field_view::FieldBody;
use super::filters;
use super::flow::{Indent, wrap};
use super::foot::{Foot, Leave, Service};
use super::health;
use super::lead::{Line, aside, lead, overview, untold};
use super::subject::subject;
use super::view::{items, misses, reasons};
use crate::domain::change::Change;
use crate::domain::deadline::Deadline;
use crate::domain::email::EmailAddress;
use crate::domain::event::Tie;
use crate::domain::grouping::Bundle;
use crate::domain::health::SourceHealth;
use crate::domain::id::{ChangeId, CompanyId, SourceId};
use crate::domain::mail_kind::MailKind;
use crate::domain::matching::Watchlist;
use crate::domain::subscription::{Cadence, EndedPause, Subscription};
use crate::domain::text::{one_line, shorten};
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
pub struct Told<'a> {
    /// The change.
    pub change: &'a Change,
    /// The reader's subscriptions to companies it concerns, each once.
    pub followed: Vec<&'a Subscription>,
    /// What presses, where something does.
    pub deadline: Option<Deadline>,
    /// Where the reader sees the change with its evidence, where there is such a page.
    pub page: Option<String>,
}

impl Told<'_> {
    /// The companies that its reader follows, of those it concerns.
    pub(super) fn companies(&self) -> Vec<&CompanyId> {
        let followed = self.followed.iter().map(|subscription| &subscription.company);
        followed.filter(|company| company.is_company()).collect()
    }

    /// Whether its reader follows its source as such.
    pub(super) fn is_of_a_source(&self) -> bool {
        self.followed.iter().any(|subscription| !subscription.company.is_company())
    }
}

impl<'a> Notice<'a> {
    /// A notice without contents; `with` adds them.
    #[must_use]
    pub fn new(
        recipient: &'a EmailAddress,
        watchlist: &'a Watchlist,
        service: Service<'a>,
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

    /// Tells what a bundle tells, each change once however many of its companies are followed.
    #[must_use]
    pub fn telling(mut self, bundle: &Bundle<'a>) -> Self {
        self.cadence = bundle.cadence;
        self.pause = bundle.pause;
        self.part = bundle.part;
        for item in &bundle.told {
            match self.told.iter_mut().find(|told| told.change.id == item.change.id) {
                Some(told) if told.followed.contains(&item.subscription) => {}
                Some(told) => told.followed.push(item.subscription),
                None => self.told.push(Told {
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
    /// A file that goes with it.
    pub attachment: Option<Attachment>,
}

/// A template could not be filled in.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// A template could not be filled in.
    #[error("the mail cannot be put into words")]
    Template(#[from] askama::Error),
    /// The evidence could not be written.
    #[error("the evidence cannot be attached")]
    Evidence(#[from] serde_json::Error),
}

/// Each body stays below this: Gmail cuts a mail's HTML at 102 KB.
const MAX_BODY_BYTES: usize = 95_000;

/// More changes are a table, and not shown in full where each has its page: nobody reads them in a mail.
const MAX_DETAILED: usize = 20;

/// How much of an entry's title an overview shows: less where everything else does not fit.
const TITLE_CHARS: [usize; 4] = [120, 80, 50, 30];

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
    subject: &'a str,
}

/// What both templates show.
pub(super) struct Page {
    pub subject: String,
    pub preheader: String,
    pub lead: String,
    /// What is to be known of it.
    pub aside: Option<String>,
    pub test: bool,
    /// The changes in a line each, where there are several.
    pub overview: Vec<Line>,
    /// Whether the overview is a table.
    pub is_table: bool,
    pub changes: Vec<ChangeView>,
    /// Whether the evidence is attached.
    pub is_attached: bool,
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

    fn wrapped_aside(&self) -> String {
        self.aside.as_deref().map(|aside| wrap(aside, Indent::of(""))).unwrap_or_default()
    }

    fn wrapped_overview(&self) -> String {
        let line = |line: &Line| {
            let number = format!("{:>3}. ", line.number);
            let indent = Indent { first: &number, rest: "     " };
            match (&line.page, self.is_shown(line)) {
                (_, true) => wrap(&line.plain(), indent),
                (Some(page), false) => format!("{}\n     {}", wrap(&line.plain(), indent), page.href),
                (None, false) => wrap(&format!("{} (change {})", line.plain(), line.id), indent),
            }
        };
        self.overview.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    /// Whether the change of a line is shown with its words.
    fn is_shown(&self, line: &Line) -> bool {
        line.number <= self.changes.len()
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
    let foot = Foot { reasons: reasons(notice), ..Foot::to_reader(notice.recipient, notice.service) };
    let has_pages = notice.told.iter().all(|told| told.page.is_some());
    let is_table = notice.is_table();
    let attachment = if has_pages { None } else { evidence(notice)? };
    let mut detailed = if is_table && has_pages { 0 } else { notice.told.len().min(MAX_DETAILED) };
    let mut title_chars = TITLE_CHARS.into_iter();
    let mut chars = title_chars.next().unwrap_or_default();
    loop {
        let page = Page { is_attached: attachment.is_some(), ..page(notice, detailed, chars) };
        let text = TextTemplate { page: &page, foot: &foot }.render()?;
        let html = HtmlTemplate { page: &page, foot: &foot, subject: &page.subject }.render()?;
        if text.len().max(html.len()) > MAX_BODY_BYTES {
            // What has no page of its own is shown as far as it can be.
            if detailed > 1 {
                detailed /= 2;
                continue;
            }
            if let Some(fewer) = title_chars.next() {
                chars = fewer;
                continue;
            }
        }
        return Ok(Rendered { kind: notice.kind(), subject: page.subject, text, html, attachment });
    }
}

fn page(notice: &Notice, detailed: usize, title_chars: usize) -> Page {
    let count = notice.told.len();
    let changes: Vec<ChangeView> = notice.told[..detailed]
        .iter()
        .enumerate()
        .map(|(index, told)| ChangeView::of(told, notice, (count > 1).then_some(index + 1)))
        .collect();
    Page {
        subject: subject(notice),
        preheader: preheader(notice),
        lead: lead(notice),
        aside: aside(notice),
        test: notice.test,
        overview: if count > 1 { overview(notice, title_chars) } else { Vec::new() },
        is_table: notice.is_table(),
        is_attached: false,
        changes,
        untold: untold(notice.untold),
        health: health::sentences(notice.health, notice.zone),
        misses: misses(notice),
    }
}

/// What a list of mails shows behind the subject: the entry, and when the source was read.
fn preheader(notice: &Notice) -> String {
    let Some(first) = notice.told.first() else { return String::new() };
    let entry = shorten(&one_line(&first.change.entry.title), 90);
    format!("{entry}; source read {}", super::when::time(first.change.evidence.read_at, notice.zone))
}
