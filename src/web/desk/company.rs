//! The companies: all of them, and what is known of one.

use askama::Template;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::super::WebState;
use super::super::page::page;
use super::asked::RequestFields;
use super::frame::{ChangeRow, PageFrame};
use super::{Server, Who};
use crate::domain::id::{CompanyId, SourceId};
use crate::domain::text::{one_line, shorten};
use crate::render::{SafeLink, day, line};
use crate::view::{CompanyView, ListedSource};

#[derive(Template)]
#[template(path = "desk/companies.html")]
struct CompaniesPage {
    frame: PageFrame,
    words: String,
    rows: Vec<CompanyRow>,
    found: usize,
    total: usize,
}

struct CompanyRow {
    id: String,
    name: String,
    full_name: String,
}

/// Companies on one page.
const SHOWN: usize = 200;

/// Of thousands of sources that do not name a company, so many are named.
const SHOWN_SOURCES: usize = 100;

#[derive(Template)]
#[template(path = "desk/company.html")]
struct CompanyPage {
    frame: PageFrame,
    id: String,
    full_name: String,
    parent: Option<(String, String)>,
    names: Vec<NameRow>,
    exposures: Vec<String>,
    described: Vec<(String, Option<SafeLink>)>,
    listed: Vec<ListedSourceRow>,
    /// Sources that name it besides those.
    more_listed: usize,
    unnamed: Beginning<(String, String)>,
    unread: Beginning<(String, String)>,
    timeline: Vec<ChangeRow>,
    timeline_total: usize,
    possible: Vec<ChangeRow>,
    misses: Beginning<(String, String)>,
    tried: Option<TriedText>,
}

/// The beginning of a list, and how long all of it is.
struct Beginning<T> {
    shown: Vec<T>,
    total: usize,
}

impl<T> Beginning<T> {
    fn of<U>(all: impl ExactSizeIterator<Item = U>, shown: impl FnMut(U) -> T) -> Self {
        Self { total: all.len(), shown: all.take(SHOWN_SOURCES).map(shown).collect() }
    }

    fn more(&self) -> usize {
        self.total - self.shown.len()
    }
}

struct NameRow {
    text: String,
    kind: &'static str,
    citation: Option<(String, Option<SafeLink>)>,
}

struct ListedSourceRow {
    id: String,
    title: String,
    entries: Vec<ListedRow>,
    more: usize,
    /// What it means to stand there, and by which law.
    effect: Option<(String, String)>,
    /// When the source was first read.
    first_read: Option<String>,
}

struct ListedRow {
    title: String,
    /// The names under which it names the company.
    named_as: Vec<String>,
    date: Option<String>,
    link: Option<SafeLink>,
    /// When it came and by which change, where that was seen.
    added: Option<(String, String)>,
}

/// A text that was tried: does it name the company?
struct TriedText {
    text: String,
    /// The words found, with what stands around them.
    found: Vec<(String, String, String)>,
}

pub(super) async fn list(State(shared): Server, Extension(visitor): Who, asked: RequestFields) -> Response {
    let words = asked.shown("q");
    let watchlist = shared.registry.current();
    let sought = words.to_lowercase();
    let mut rows: Vec<CompanyRow> = watchlist
        .companies()
        .filter(|company| {
            let names = || company.names().map(|alias| alias.name.to_lowercase());
            sought
                .split_whitespace()
                .all(|word| company.id.as_str().contains(word) || names().any(|name| name.contains(word)))
        })
        .map(|company| CompanyRow {
            id: company.id.to_string(),
            name: line(company.short_name()),
            full_name: line(&company.name),
        })
        .collect();
    rows.sort_by_cached_key(|row| row.name.to_lowercase());
    let (found, total) = (rows.len(), watchlist.companies().count());
    rows.truncate(SHOWN);
    let frame = PageFrame::of(&shared, &visitor, "Companies", "companies");
    page(StatusCode::OK, &CompaniesPage { frame, words, rows, found, total })
}

pub(super) async fn one(
    State(shared): Server,
    Extension(visitor): Who,
    Path(id): Path<String>,
    asked: RequestFields,
) -> Response {
    let nobody = "No company with this id is tracked.";
    let Ok(id) = id.parse::<CompanyId>() else { return shared.not_there(&visitor, nobody) };
    let view = match shared.desk.views.company(&id).await {
        Ok(Some(view)) => view,
        Ok(None) => return shared.not_there(&visitor, nobody),
        Err(error) => return shared.fault(&error),
    };
    let frame = PageFrame::of(&shared, &visitor, view.company.short_name(), "companies");
    page(StatusCode::OK, &shared.company_page(frame, view, asked.get("text")))
}

impl WebState {
    fn company_page(&self, frame: PageFrame, view: CompanyView, text: Option<&str>) -> CompanyPage {
        let CompanyView { company, listed, more_listed, unnamed, unread, timeline, possible } = view;
        let views = &self.desk.views;
        let titled = |id: &SourceId| (id.to_string(), line(views.title_of(id)));
        let misses: Vec<(&str, &str)> = views
            .sources()
            .iter()
            .filter_map(|source| Some((source.title.as_str(), source.misses.as_deref()?)))
            .collect();
        let watchlist = self.registry.current();
        let row = |(_, change): &(u32, crate::domain::change::Change)| ChangeRow::of(change, self);
        CompanyPage {
            id: company.id.to_string(),
            full_name: line(&company.name),
            parent: company.parent.as_ref().map(|id| (id.to_string(), line(watchlist.short_name(id)))),
            names: company
                .names()
                .map(|alias| NameRow {
                    text: line(&alias.name),
                    kind: alias.kind.label(),
                    citation: alias.source.as_deref().map(cited),
                })
                .collect(),
            exposures: company.exposures.iter().map(|id| line(id.as_str())).collect(),
            described: company.sources.iter().map(|source| cited(source)).collect(),
            listed: listed.into_iter().map(|source| self.listed(source)).collect(),
            more_listed,
            unnamed: Beginning::of(unnamed.iter(), titled),
            unread: Beginning::of(unread.iter(), titled),
            timeline: timeline.changes.iter().map(row).collect(),
            timeline_total: timeline.total,
            possible: possible.changes.iter().map(row).collect(),
            misses: Beginning::of(misses.iter(), |(title, misses)| {
                (line(title), shorten(&one_line(misses), 300))
            }),
            tried: text.map(|text| {
                let found = watchlist.named("text", text).into_iter();
                let found = found.filter(|found| found.company == company.id && found.stands_in(text));
                let around = found.map(|found| {
                    let (before, hit, after) = found.around(text);
                    (one_line(before), one_line(hit), one_line(after))
                });
                TriedText { text: text.to_owned(), found: around.collect() }
            }),
            frame,
        }
    }

    fn listed(&self, listed: ListedSource) -> ListedSourceRow {
        let row = |entry: crate::view::ListedEntry| ListedRow {
            named_as: entry.named_as.iter().map(|name| line(name)).collect(),
            title: line(&entry.title),
            date: entry.date.map(|date| day(date.day())),
            link: entry.url.as_deref().and_then(SafeLink::of),
            added: entry.added.map(|change| (change.id.to_string(), day(change.found_at.date_naive()))),
        };
        ListedSourceRow {
            title: line(self.desk.views.title_of(&listed.source)),
            id: listed.source.to_string(),
            entries: listed.entries.into_iter().map(row).collect(),
            more: listed.more,
            effect: listed.listing.map(|listing| (line(&listing.effect), line(&listing.authority))),
            first_read: listed.first_read_at.map(|at| day(at.date_naive())),
        }
    }
}

/// A citation, which may be an address.
fn cited(text: &str) -> (String, Option<SafeLink>) {
    (shorten(&one_line(text), 200), SafeLink::of(text))
}
