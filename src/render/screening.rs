//! What screening found, for people: a report that stands by itself, and the same within a page.

use askama::Template;

use super::link::SafeLink;
use super::page::line;
use super::rendered::RenderError;
use super::when::{day, on_page};
use crate::domain::screening::{
    ListFreshness, ListLook, Screened, ScreenedName, ScreeningAnswer, ScreeningFinding,
};

/// What screening found, ready to be shown: already inert.
#[derive(Debug)]
pub struct ScreeningView {
    /// When it was.
    pub at: String,
    /// How many names were given.
    pub names: usize,
    /// The names that are not clear, by their answers, the gravest first: what they have in common, and each of them.
    pub groups: Vec<(GroupView, Vec<NameView>)>,
    /// Names of which nothing was found.
    pub clear: Vec<String>,
    /// The lists.
    pub lists: Vec<ListView>,
    /// What those of which nothing was found must know: which lists are not current.
    pub not_current: Vec<String>,
    /// How many lists were looked at.
    pub looked_at: usize,
}

/// What the names of one answer have in common.
#[derive(Debug)]
pub struct GroupView {
    /// The answer.
    pub title: &'static str,
    /// What it means.
    pub meaning: &'static str,
}

/// A name with what was found of it.
#[derive(Debug)]
pub struct NameView {
    /// The name.
    pub name: String,
    /// What was found, the gravest first.
    pub findings: Vec<FindingView>,
}

/// One finding.
#[derive(Debug)]
pub struct FindingView {
    /// What it means for the name.
    pub answer: ScreeningAnswer,
    /// What readers call the list.
    pub list: String,
    /// The entry.
    pub entry: String,
    /// Where the source itself shows it.
    pub link: Option<SafeLink>,
    /// The name it was found under.
    pub name: String,
    /// How sure it is.
    pub score: String,
    /// Why.
    pub reason: String,
    /// The date that the list gives it; blank where it gives none.
    pub date: String,
    /// Since when it was seen there.
    pub since: String,
    /// What it means to stand there; blank where that is not known.
    pub effect: String,
    /// The law that says so.
    pub authority: String,
}

/// One list.
#[derive(Debug)]
pub struct ListView {
    /// What readers call it.
    pub title: String,
    /// When it was last read well.
    pub read_at: String,
    /// How many entries were looked at.
    pub entries: usize,
    /// What that is worth, and why where it is not current.
    pub standing: String,
    /// Whether it is as it should be.
    pub is_current: bool,
    /// What this source does not show.
    pub does_not_show: String,
}

#[derive(Template)]
#[template(path = "screening/report.html")]
struct ReportTemplate<'a> {
    found: &'a ScreeningView,
}

/// The answers that are told one by one.
const TOLD: [(ScreeningAnswer, GroupView); 3] = [
    (
        ScreeningAnswer::Listed,
        GroupView {
            title: "Listed",
            meaning: "A list bears the name, or one that is the same but for its writing.",
        },
    ),
    (
        ScreeningAnswer::Exposed,
        GroupView {
            title: "Exposed",
            meaning: "Not listed itself, but an owner or a subsidiary is, or a category covers it.",
        },
    ),
    (
        ScreeningAnswer::Possible,
        GroupView {
            title: "Possible",
            meaning: "A listed name is near: a person must look whether it is the same.",
        },
    ),
];

impl ScreeningView {
    /// What was found, ready to be shown.
    #[must_use]
    pub fn of(screened: &Screened) -> Self {
        let with =
            |answer: ScreeningAnswer| screened.names.iter().filter(move |name| name.answer() == answer);
        let groups = TOLD.into_iter().map(|(answer, group)| {
            (group, with(answer).map(|name| NameView::of(name, screened)).collect::<Vec<_>>())
        });
        let not_current = screened.lists.iter().filter(|list| list.standing != ListFreshness::Current);
        Self {
            at: on_page(screened.at),
            names: screened.names.len(),
            groups: groups.filter(|(_, names)| !names.is_empty()).collect(),
            clear: with(ScreeningAnswer::Clear).map(|name| line(&name.name)).collect(),
            lists: screened.lists.iter().map(ListView::of).collect(),
            not_current: not_current
                .map(|list| format!("{}: {}", line(&list.title), standing(list)))
                .collect(),
            looked_at: screened.lists.iter().filter(|list| list.read_at.is_some()).count(),
        }
    }
}

impl NameView {
    fn of(name: &ScreenedName, screened: &Screened) -> Self {
        let findings = name.findings.iter().map(|finding| FindingView::of(finding, screened)).collect();
        Self { name: line(&name.name), findings }
    }
}

impl FindingView {
    pub(super) fn of(finding: &ScreeningFinding, screened: &Screened) -> Self {
        let list = screened.list(&finding.list);
        let of_list = |text: fn(&ListLook) -> Option<&str>| list.and_then(text).map(line).unwrap_or_default();
        Self {
            answer: finding.answer,
            list: list.map_or_else(|| finding.list.to_string(), |list| line(&list.title)),
            entry: line(&finding.entry),
            link: finding.url.as_deref().and_then(SafeLink::of),
            name: line(&finding.name),
            score: finding.score.to_string(),
            reason: line(&finding.reason),
            date: finding.date.map(|date| day(date.day())).unwrap_or_default(),
            since: match finding.since {
                Some(since) if since.was_added => on_page(since.at),
                Some(since) => format!("{} or earlier", on_page(since.at)),
                None => String::new(),
            },
            effect: of_list(|list| list.effect.as_deref()),
            authority: of_list(|list| list.authority.as_deref()),
        }
    }
}

impl ListView {
    fn of(list: &ListLook) -> Self {
        Self {
            title: line(&list.title),
            read_at: list.read_at.map_or_else(|| "never".to_owned(), on_page),
            entries: list.entries,
            standing: standing(list),
            is_current: list.standing == ListFreshness::Current,
            does_not_show: list.does_not_show.as_deref().map(line).unwrap_or_default(),
        }
    }
}

fn standing(list: &ListLook) -> String {
    match &list.reason {
        Some(reason) => format!("{}: {}", list.standing.word(), line(reason)),
        None => list.standing.word().to_owned(),
    }
}

/// What was found as a page of HTML that stands by itself.
///
/// # Errors
/// [`RenderError`], which a template that was compiled gives only where memory ends.
pub fn screening_report(screened: &Screened) -> Result<String, RenderError> {
    Ok(ReportTemplate { found: &ScreeningView::of(screened) }.render()?)
}
