//! A notice in words: its subject and two bodies.

use std::sync::Arc;

use askama::Template;
use chrono_tz::Tz;

use super::attached::evidence;
use super::change_view::{ChangeView, WHY};
use super::difference::DiffPiece;
use super::field_view::FieldBody;
use super::filters;
use super::flow::{Indent, wrap};
use super::foot::{Foot, Leave};
use super::health;
use super::lead::{LeadLine, aside, lead, overview, untold};
use super::link::SafeLink;
use super::notice::{MAX_DETAILED, Notice, ReportedChange};
use super::rendered::{Attachment, RenderError, Rendered};
use super::subject::subject;
use super::view::{items, missed_on};
use super::when::{day, day_of};
use crate::domain::matching::Watchlist;
use crate::domain::subscription::Subscription;
use crate::domain::text::{one_line, shorten};
use crate::domain::text_diff::WordFate;

/// Each body stays below this: Gmail cuts a mail's HTML at 102 KB.
const MAX_BODY_BYTES: usize = 95_000;

/// How much of an entry's title an overview shows: less where everything else does not fit.
const TITLE_CHARS: [usize; 4] = [120, 80, 50, 30];

#[derive(Template)]
#[template(path = "notice/mail.txt", escape = "none")]
struct AlertText<'a> {
    page: &'a AlertView,
    links: &'a PageLinks,
    foot: &'a Foot,
}

#[derive(Template)]
#[template(path = "notice/mail.html")]
struct AlertHtml<'a> {
    page: &'a AlertView,
    links: &'a PageLinks,
    foot: &'a Foot,
    subject: &'a str,
}

/// Where a mail's reader sees each change with its evidence, in the order in which they are told.
struct PageLinks(Vec<Option<SafeLink>>);

impl PageLinks {
    fn of_notice(notice: &Notice) -> Self {
        Self(notice.told.iter().map(|told| told.page.as_deref().and_then(SafeLink::of)).collect())
    }

    /// What is said of the first of these changes, or of all, each beside where it is seen.
    fn beside<'a, T>(&'a self, said: &'a [T]) -> impl Iterator<Item = (&'a T, Option<&'a SafeLink>)> {
        said.iter().zip(self.0.iter().map(Option::as_ref))
    }
}

/// What both templates show that is the same for all who are told the same.
pub(super) struct AlertView {
    pub subject: String,
    pub preheader: String,
    pub lead: String,
    /// What is to be known of it.
    pub aside: Option<String>,
    pub test: bool,
    /// The changes in a line each, where there are several.
    pub overview: Vec<LeadLine>,
    /// Whether the overview is a table.
    pub is_table: bool,
    pub changes: Vec<ChangeView>,
    /// The evidence, where it is attached.
    pub attachment: Option<Attachment>,
    /// What else the same reads found, counted.
    pub untold: Option<String>,
    /// How the sources are, a sentence each.
    pub health: Vec<String>,
    /// What these sources do not show of the mail, each with its name.
    pub misses: Vec<String>,
}

impl AlertView {
    fn wrapped_lead(&self) -> String {
        wrap(&self.lead, Indent::of(""))
    }

    fn wrapped_aside(&self) -> String {
        self.aside.as_deref().map(|aside| wrap(aside, Indent::of(""))).unwrap_or_default()
    }

    fn wrapped_overview(&self, links: &PageLinks) -> String {
        let line = |(line, page): (&LeadLine, Option<&SafeLink>)| {
            let number = format!("{:>3}. ", line.number);
            let indent = Indent { first: &number, rest: "     " };
            match (page, self.is_shown(line)) {
                (_, true) => wrap(&line.plain(), indent),
                (Some(page), false) => format!("{}\n     {}", wrap(&line.plain(), indent), page.href),
                (None, false) => wrap(&format!("{} (change {})", line.plain(), line.id), indent),
            }
        };
        links.beside(&self.overview).map(line).collect::<Vec<_>>().join("\n")
    }

    /// Whether the change of a line is shown with its words.
    fn is_shown(&self, line: &LeadLine) -> bool {
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
    notice_of(notice, |detailed, title_chars| view(notice, detailed, title_chars).map(Arc::new))
}

/// The same with views of it, of so many changes in detail and so many characters a title, that may be made once for many
/// mails.
pub(super) fn notice_of(
    notice: &Notice,
    view: impl Fn(usize, usize) -> Result<Arc<AlertView>, RenderError>,
) -> Result<Rendered, RenderError> {
    let foot = Foot { reasons: reasons(notice), ..Foot::to_reader(notice.recipient, notice.service) };
    let links = &PageLinks::of_notice(notice);
    let mut detailed =
        if notice.is_table() && notice.has_pages() { 0 } else { notice.told.len().min(MAX_DETAILED) };
    let mut title_chars = TITLE_CHARS.into_iter();
    let mut chars = title_chars.next().unwrap_or_default();
    loop {
        let page = &*view(detailed, chars)?;
        let text = AlertText { page, links, foot: &foot }.render()?;
        let html = AlertHtml { page, links, foot: &foot, subject: &page.subject }.render()?;
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
        let (subject, attachment) = (page.subject.clone(), page.attachment.clone());
        return Ok(Rendered { kind: notice.kind(), subject, text, html, attachment });
    }
}

/// What is shown of a notice with so many changes in detail.
pub(super) fn view(notice: &Notice, detailed: usize, title_chars: usize) -> Result<AlertView, RenderError> {
    let count = notice.told.len();
    let changes: Vec<ChangeView> = notice.told[..detailed]
        .iter()
        .enumerate()
        .map(|(index, told)| ChangeView::of(told, notice, (count > 1).then_some(index + 1)))
        .collect();
    Ok(AlertView {
        subject: subject(notice),
        preheader: preheader(notice),
        lead: lead(notice),
        aside: aside(notice),
        test: notice.test,
        overview: if count > 1 { overview(notice, title_chars) } else { Vec::new() },
        is_table: notice.is_table(),
        attachment: if notice.has_pages() { None } else { evidence(notice)? },
        changes,
        untold: untold(notice.untold),
        health: health::sentences(notice.health, notice.zone),
        misses: misses(notice),
    })
}

/// What a list of mails shows behind the subject: the entry, and when the source was read.
fn preheader(notice: &Notice) -> String {
    let Some(first) = notice.told.first() else { return String::new() };
    let entry = shorten(&one_line(&first.change.entry.title), 90);
    format!("{entry}; source read {}", super::when::time(first.change.evidence.read_at, notice.zone))
}

/// By what right a mail's reader is told, each subscription once.
fn reasons(notice: &Notice) -> Vec<String> {
    let mut reasons: Vec<String> = Vec::new();
    for subscription in notice.told.iter().flat_map(|told| &told.followed) {
        let reason = reason(subscription, notice.watchlist, notice.zone);
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    reasons
}

/// What these sources do not show of a mail: each once, in the order in which they are told.
fn misses(notice: &Notice) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for ReportedChange { change, .. } in &notice.told {
        let Some(missed) = notice.words_of(change).and_then(|words| words.misses.as_deref()) else {
            continue;
        };
        let line = missed_on(&change.source_title, missed);
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines
}

fn reason(subscription: &Subscription, watchlist: &Watchlist, zone: Tz) -> String {
    let since = subscription.confirmed_at.unwrap_or(subscription.requested_at);
    let since = day(day_of(since, zone));
    let by = match subscription.channel.as_str() {
        "operator" => "entered by the operator".to_owned(),
        "mail" | "email" => "confirmed by mail".to_owned(),
        "web" => "confirmed on the web".to_owned(),
        channel => format!("by {}", shorten(&one_line(channel), 40)),
    };
    let name = super::answer::name(&subscription.topic, watchlist);
    format!("{name} since {since} ({by})")
}
