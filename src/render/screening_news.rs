//! What is new of suppliers that somebody keeps an eye on, as a mail.

use askama::Template;

use super::filters;
use super::flow::{Indent, wrap};
use super::link::SafeLink;
use super::page::line;
use super::rendered::{RenderError, Rendered};
use super::screening::FindingView;
use super::subject::MAX_SUBJECT_CHARS;
use crate::domain::id::ScreeningId;
use crate::domain::mail_kind::MailKind;
use crate::domain::screening::{
    KnownFinding, ListFreshness, Screened, ScreeningAnswer, ScreeningFinding, ScreeningNews,
};
use crate::domain::text::{one_line, shorten};

/// More findings than this are counted.
const MAX_SHOWN: usize = 50;

#[derive(Template)]
#[template(path = "screening/mail.txt", escape = "none")]
struct ScreeningNewsText<'a> {
    page: &'a ScreeningNewsView,
}

#[derive(Template)]
#[template(path = "screening/mail.html")]
struct ScreeningNewsHtml<'a> {
    page: &'a ScreeningNewsView,
}

struct ScreeningNewsView {
    /// Who runs the service.
    name: String,
    subject: String,
    id: String,
    lead: String,
    found: Vec<FoundView>,
    left_out: usize,
    gone: Vec<GoneView>,
    not_current: String,
    /// Whether its reader is the operator, who is told commands.
    is_operators: bool,
}

/// A finding, already inert.
struct FoundView {
    heading: String,
    place: String,
    why: String,
    effect: String,
    link: Option<SafeLink>,
}

/// What was found before, already inert.
struct GoneView {
    words: String,
}

impl FoundView {
    fn of(name: &str, finding: &ScreeningFinding, screened: &Screened) -> Self {
        let view = FindingView::of(finding, screened);
        let meaning = match finding.answer {
            ScreeningAnswer::Listed => "is listed",
            ScreeningAnswer::Exposed => "is exposed",
            ScreeningAnswer::Possible | ScreeningAnswer::Clear => "may be listed: a person must look",
        };
        let dated = if view.date.is_empty() { String::new() } else { format!(", dated {}", view.date) };
        let since =
            if view.since.is_empty() { String::new() } else { format!(", seen since {}", view.since) };
        let effect = match (view.effect.as_str(), view.authority.as_str()) {
            ("", _) => String::new(),
            (effect, authority) => format!("Effect: {effect} ({authority})"),
        };
        Self {
            heading: format!("{} {meaning}", shorten(&line(name), 120)),
            place: format!("{}: {}{dated}{since}", view.list, view.entry),
            why: format!("Found as “{}”, score {}", view.name, view.reason_with_score()),
            effect,
            link: view.link,
        }
    }

    fn wrapped_where(&self) -> String {
        let link = self.link.as_ref().map(|link| format!(" {}", link.href)).unwrap_or_default();
        wrap(&format!("{}{link}", self.place), Indent::of("  "))
    }

    fn wrapped_why(&self) -> String {
        wrap(&self.why, Indent::of("  "))
    }

    fn wrapped_effect(&self) -> String {
        wrap(&self.effect, Indent::of("  "))
    }
}

impl FindingView {
    fn reason_with_score(&self) -> String {
        // The steps of a score begin with it.
        if self.reason.starts_with(&self.score) {
            return self.reason.clone();
        }
        format!("{}: {}", self.score, self.reason)
    }
}

impl GoneView {
    fn of(known: &KnownFinding, screened: &Screened) -> Self {
        let list =
            screened.list(&known.list).map_or_else(|| known.list.to_string(), |list| line(&list.title));
        let entry = shorten(&line(&known.entry), 120);
        Self { words: format!("{}: {} ({}, {list})", shorten(&line(&known.name), 120), entry, known.answer) }
    }

    fn wrapped(&self) -> String {
        wrap(&self.words, Indent::of("  "))
    }
}

/// The mail that tells the owner of a standing list what is new.
///
/// # Errors
/// A template that cannot be filled in.
pub fn screening_news(
    name: &str,
    (id, is_operators): (&ScreeningId, bool),
    news: &ScreeningNews,
    screened: &Screened,
) -> Result<Rendered, RenderError> {
    let lead = lead(news);
    let not_current = screened.lists.iter().filter(|list| list.standing != ListFreshness::Current);
    let page = ScreeningNewsView {
        name: shorten(&one_line(name), 80),
        subject: shorten(&format!("Suppliers {id}: {lead}"), MAX_SUBJECT_CHARS),
        id: id.to_string(),
        lead: format!("Of the suppliers “{id}”: {lead}."),
        found: news
            .found
            .iter()
            .take(MAX_SHOWN)
            .map(|(name, finding)| FoundView::of(name, finding, screened))
            .collect(),
        left_out: news.found.len().saturating_sub(MAX_SHOWN),
        gone: news.gone.iter().take(MAX_SHOWN).map(|known| GoneView::of(known, screened)).collect(),
        not_current: not_current
            .map(|list| format!("{} ({})", line(&list.title), list.standing.word()))
            .collect::<Vec<_>>()
            .join(", "),
        is_operators,
    };
    let text = ScreeningNewsText { page: &page }.render()?;
    let html = ScreeningNewsHtml { page: &page }.render()?;
    Ok(Rendered { kind: MailKind::Screening, subject: page.subject, text, html, attachment: None })
}

/// What is new in one sentence: "1 newly listed, 2 newly possible, 1 no longer found".
fn lead(news: &ScreeningNews) -> String {
    let of =
        |answer: ScreeningAnswer| news.found.iter().filter(|(_, finding)| finding.answer == answer).count();
    let parts = [
        (of(ScreeningAnswer::Listed), "newly listed"),
        (of(ScreeningAnswer::Exposed), "newly exposed"),
        (of(ScreeningAnswer::Possible), "newly possible"),
        (news.gone.len(), "no longer found"),
    ];
    let parts = parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
    parts.collect::<Vec<_>>().join(", ")
}
