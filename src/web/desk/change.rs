//! What changed: the list, and one change with its proof.

use std::collections::BTreeSet;
use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};

use super::super::WebState;
use super::super::access::TOKEN_FIELD;
use super::super::page::page;
use super::asked::RequestFields;
use super::frame::{ChangeRow, PageFrame};
use super::{Server, Visitor, Who};
use crate::domain::change::{Change, ChangeKind};
use crate::domain::company::Company;
use crate::domain::id::{ChangeId, CompanyId, SourceId};
use crate::domain::snapshot::Snapshot;
use crate::domain::source::Source;
use crate::domain::text::{one_line, shorten};
use crate::domain::text_diff::WordFate;
use crate::render::{ChangePage, ChangeReader, line, on_page};
use crate::store::ChangeSearch;
use crate::view::Story;

/// Changes on one page.
const SHOWN: usize = 50;

const KINDS: [(&str, ChangeKind); 4] = [
    ("added", ChangeKind::Added),
    ("removed", ChangeKind::Removed),
    ("amended", ChangeKind::Amended),
    ("already-listed", ChangeKind::AlreadyListed),
];

/// A choice in a form: value, words, whether it is chosen.
pub(super) type SelectOption = (String, String, bool);

/// What is called so finds nothing.
const NOTHING: &str = "nothing-of-this-name";

/// More choices than these are no help: they are typed.
const MAX_CHOICES: usize = 300;

/// What a form offers for one thing.
pub(super) struct Choices {
    pub options: Vec<SelectOption>,
    /// What was typed, where there are too many options to show them.
    pub typed: Option<String>,
}

impl Choices {
    pub(super) fn of<T>(
        all: impl ExactSizeIterator<Item = T>,
        asked: Option<&str>,
        shown: impl Fn(&T) -> (&str, &str),
    ) -> Self {
        if all.len() > MAX_CHOICES {
            return Self { options: Vec::new(), typed: Some(asked.unwrap_or_default().to_owned()) };
        }
        let choice = |one: T| {
            let (value, words) = shown(&one);
            (value.to_owned(), line(words), Some(value) == asked)
        };
        Self { options: all.map(choice).collect(), typed: None }
    }
}

#[derive(Template)]
#[template(path = "desk/changes.html")]
struct ChangesPage {
    frame: PageFrame,
    rows: Vec<ChangeRow>,
    total: usize,
    words: String,
    companies: Choices,
    sources: Choices,
    sites: Choices,
    groups: Vec<SelectOption>,
    kinds: Vec<SelectOption>,
    since: String,
    until: String,
    is_possible: bool,
    next: Option<String>,
    is_filtered: bool,
    /// The same query for the feeds.
    query: String,
}

/// A change with all that belongs to it.
#[derive(Template)]
#[template(path = "desk/change.html")]
#[expect(clippy::struct_excessive_bools, reason = "each is a part of the page that is there or not")]
pub(in crate::web) struct OneChangePage {
    pub frame: PageFrame,
    pub change: ChangePage,
    pub source: String,
    /// Whether the source's own page and the lists may be seen.
    pub is_inside: bool,
    /// Whether its reader follows the source as such.
    pub is_of_source: bool,
    /// Whether the evidence may be had as a file.
    pub has_evidence: bool,
    pub others: Vec<ChangeRow>,
    /// What each source told of the event, in the order in which it did; nothing where only one did.
    pub timeline: Vec<TimelineRow>,
    /// Where this page stands, without its query; bodies lie below it.
    pub here: String,
    pub is_side_by_side: bool,
    /// Response headerss, now and before.
    pub headers: [Vec<(String, String)>; 2],
}

pub(super) async fn list(State(shared): Server, Extension(visitor): Who, asked: RequestFields) -> Response {
    let search = shared.search_of(&asked, SHOWN);
    let found = match shared.desk.views.search(search).await {
        Ok(found) => found,
        Err(error) => return shared.fault(&error),
    };
    let last = found.changes.last().map(|(number, _)| number.to_string());
    let next = last.filter(|_| found.has_more).map(|last| asked.with("before", &last));
    let is_filtered = ["q", "company", "source", "site", "group", "kind", "since", "until", "possible"]
        .iter()
        .any(|name| asked.get(name).is_some());
    let kinds = KINDS
        .iter()
        .map(|(name, kind)| ((*name).to_owned(), kind.to_string(), asked.get("kind") == Some(name)));
    let listed = ChangesPage {
        frame: PageFrame::of(&shared, &visitor, "Changes", "changes"),
        rows: found.changes.iter().map(|(_, change)| ChangeRow::of(change, &shared)).collect(),
        total: found.total,
        words: asked.shown("q"),
        companies: shared.companies(asked.get("company")),
        sources: shared.sources(asked.get("source")),
        sites: shared.sites(asked.get("site")),
        groups: shared.groups(asked.get("group")),
        kinds: kinds.collect(),
        since: asked.shown("since"),
        until: asked.shown("until"),
        is_possible: asked.get("possible").is_some(),
        next,
        is_filtered,
        query: asked.without(&["before", TOKEN_FIELD]),
    };
    page(StatusCode::OK, &listed)
}

impl WebState {
    /// What a query asks for, at most so many.
    pub(super) fn search_of(&self, asked: &RequestFields, limit: usize) -> ChangeSearch {
        let (site, group) = (asked.get("site"), asked.get("group"));
        ChangeSearch {
            words: asked.shown("q"),
            sources: match asked.get("source") {
                Some(text) => self.sources_called(text, site, group),
                None => self.narrowed(None, site, group),
            },
            company: asked.get("company").and_then(|text| self.company_called(text)),
            is_possible: asked.get("possible").is_some(),
            kind: asked
                .get("kind")
                .and_then(|text| KINDS.iter().find(|(name, _)| *name == text))
                .map(|(_, kind)| *kind),
            entry: None,
            since: asked.parsed("since"),
            until: asked.parsed("until"),
            before: asked.parsed("before"),
            limit,
        }
    }

    /// The sources that are all of this; any where nothing is asked for.
    pub(in crate::web) fn narrowed(
        &self,
        id: Option<&str>,
        site: Option<&str>,
        group: Option<&str>,
    ) -> Vec<SourceId> {
        if id.or(site).or(group).is_none() {
            return Vec::new();
        }
        let is_asked = |source: &&Arc<Source>| {
            id.is_none_or(|id| source.id.as_str() == id)
                && site.is_none_or(|site| source.url.host_str() == Some(site))
                && group.is_none_or(|group| source.catalogue.groups.iter().any(|known| known == group))
        };
        let sources = self.desk.views.sources().iter().filter(is_asked);
        let mut named: Vec<SourceId> = sources.map(|source| source.id.clone()).collect();
        // One that is no longer watched still has its changes; and what nothing fits finds nothing.
        if named.is_empty() {
            let gone = id.unwrap_or(NOTHING);
            named.extend(gone.parse::<SourceId>().ok().or_else(|| NOTHING.parse().ok()));
        }
        named
    }

    /// The companies to choose from, or what was typed where there are too many for that.
    fn companies(&self, asked: Option<&str>) -> Choices {
        let watchlist = self.registry.current();
        let mut named: Vec<&Company> = watchlist.companies().collect();
        named.sort_by_cached_key(|company| company.short_name().to_lowercase());
        let named = named.into_iter();
        Choices::of(named, asked, |company| (company.id.as_str(), company.short_name()))
    }

    /// The company that somebody picked, or whose name they typed. One that is no longer tracked still has its changes,
    /// and what no company is called finds nothing.
    fn company_called(&self, text: &str) -> Option<CompanyId> {
        let watchlist = self.registry.current();
        let id: Option<CompanyId> = text.parse().ok();
        if id.as_ref().is_some_and(|id| watchlist.company(id).is_some()) {
            return id;
        }
        let sought = text.to_lowercase();
        let has = |company: &Company, fits: &dyn Fn(&str) -> bool| {
            company.names().any(|alias| fits(&alias.name.to_lowercase()))
        };
        let called = watchlist.companies().find(|company| has(company, &|name| name == sought));
        let mut candidates = watchlist.companies().filter(|company| {
            has(company, &|name| sought.split_whitespace().all(|word| name.contains(word)))
        });
        let only = candidates.next().filter(|_| candidates.next().is_none());
        let found = called.or(only).map(|company| company.id.clone());
        found.or(id).or_else(|| NOTHING.parse().ok())
    }

    /// The sources to choose from, or what was typed where there are too many for that.
    fn sources(&self, asked: Option<&str>) -> Choices {
        Choices::of(self.desk.views.by_title(), asked, |source| (source.id.as_str(), &source.title))
    }

    /// The sources that somebody picked, or whose titles have the words that they typed, narrowed down further.
    fn sources_called(&self, text: &str, site: Option<&str>, group: Option<&str>) -> Vec<SourceId> {
        let sought = text.to_lowercase();
        let is_called = |source: &&Arc<Source>| {
            let title = source.title.to_lowercase();
            sought.split_whitespace().all(|word| title.contains(word) || source.id.as_str().contains(word))
        };
        let views = &self.desk.views;
        let called: BTreeSet<SourceId> = match views.source(text) {
            Some(_) => BTreeSet::new(),
            None => views.sources().iter().filter(is_called).map(|source| source.id.clone()).collect(),
        };
        if called.is_empty() {
            return self.narrowed(Some(text), site, group);
        }
        if site.or(group).is_none() {
            return called.into_iter().collect();
        }
        let mut named = self.narrowed(None, site, group);
        named.retain(|id| called.contains(id));
        if named.is_empty() { NOTHING.parse().into_iter().collect() } else { named }
    }

    /// The groups to choose from.
    pub(super) fn groups(&self, chosen: Option<&str>) -> Vec<SelectOption> {
        let groups = self.desk.views.groups().iter();
        groups.map(|group| (group.clone(), line(group), Some(group.as_str()) == chosen)).collect()
    }

    /// The sites to choose from, or what was typed where there are too many for that.
    pub(super) fn sites(&self, asked: Option<&str>) -> Choices {
        Choices::of(self.desk.views.sites().iter(), asked, |site| (site, site))
    }
}

pub(super) async fn one(
    State(shared): Server,
    Extension(visitor): Who,
    Path(id): Path<String>,
    asked: RequestFields,
) -> Response {
    let story = match shared.story(&id).await {
        Ok(Some(story)) => story,
        Ok(None) => {
            return shared.not_there(&visitor, "No change has this id. Copy the whole address.");
        }
        Err(error) => return shared.fault(&error),
    };
    let change = ChangePage::of(
        &story.change,
        ChangeReader::of_all(
            &shared.registry.current(),
            shared.desk.views.source(story.change.source.as_str()).map(Arc::as_ref),
        ),
    );
    let frame = PageFrame::of(&shared, &visitor, &change.title, "changes");
    let here = format!("{}changes/{}", shared.root(), change.id);
    let others = story.others.iter().map(|other| ChangeRow::of(other, &shared)).collect();
    let timeline = TimelineRow::all(&story, Some(shared.root()));
    let one = OneChangePage {
        source: story.change.source.to_string(),
        headers: headers_of(&story),
        is_side_by_side: asked.get("view") == Some("side"),
        is_inside: true,
        is_of_source: false,
        has_evidence: visitor != Visitor::Stranger,
        frame,
        change,
        others,
        timeline,
        here,
    };
    page(StatusCode::OK, &one)
}

/// What one source told of an event.
pub(in crate::web) struct TimelineRow {
    pub found_at: String,
    pub source: String,
    pub what: String,
    /// The number that ties it to the change of the page.
    pub number: String,
    /// How it is tied: nothing of the change itself.
    pub how: &'static str,
    pub page: Option<String>,
}

impl TimelineRow {
    /// The change of a page among those that are tied to it. Whoever may look around gets links to the others.
    pub(in crate::web) fn all(story: &Story, root: Option<&str>) -> Vec<Self> {
        let this = &story.change;
        let row = |change: &Change, number: String, how, page| Self {
            found_at: on_page(change.found_at),
            source: line(&change.source_title),
            what: line(&format!("{}: {}", change.entry.happened(), change.entry.title)),
            number,
            how,
            page,
        };
        let mut rows: Vec<(DateTime<Utc>, Self)> = story
            .ties
            .iter()
            .map(|tie| {
                let how = match () {
                    () if tie.is_told_by_another(this) => "tells the same",
                    () if tie.is_certain => "is about the same",
                    () => "may belong to it: speaks of the number, or shares it with others",
                };
                let page = root.map(|root| format!("{root}changes/{}", tie.change.id));
                (tie.change.found_at, row(&tie.change, line(&tie.number.to_string()), how, page))
            })
            .collect();
        if !rows.is_empty() {
            rows.push((this.found_at, row(this, String::new(), "", None)));
        }
        rows.sort_by_key(|(at, _)| *at);
        rows.into_iter().map(|(_, row)| row).collect()
    }
}

impl WebState {
    pub(in crate::web) async fn story(&self, id: &str) -> Result<Option<Story>, crate::store::StoreError> {
        match self.desk.views.change(&ChangeId::from_text(id)).await? {
            Some(change) => Ok(Some(self.desk.views.story(change).await?)),
            None => Ok(None),
        }
    }
}

/// The headers of both answers, fit to be shown. Cookies are the server's secret with us.
pub(in crate::web) fn headers_of(story: &Story) -> [Vec<(String, String)>; 2] {
    let shown = |snapshot: &Option<Snapshot>| {
        let headers = snapshot.iter().flat_map(|snapshot| &snapshot.response.headers);
        let headers = headers.filter(|(name, _)| name != "set-cookie").take(60);
        headers.map(|(name, value)| (one_line(name), shorten(&one_line(value), 300))).collect()
    };
    [shown(&story.snapshots[0]), shown(&story.snapshots[1])]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_people_look_through_is_typed() {
        let offered = |count: usize| {
            let all: Vec<String> = (0..count).map(|number| format!("source-{number}")).collect();
            Choices::of(all.iter(), Some("source-7"), |source| (source, source))
        };
        let few = offered(MAX_CHOICES);
        assert!(few.typed.is_none() && few.options.len() == MAX_CHOICES);
        let chosen: Vec<&SelectOption> = few.options.iter().filter(|(_, _, is_chosen)| *is_chosen).collect();
        assert!(matches!(&chosen[..], [(value, _, _)] if value == "source-7"), "{chosen:?}");
        let many = offered(MAX_CHOICES + 1);
        assert!(many.options.is_empty());
        assert_eq!(many.typed.as_deref(), Some("source-7"));
    }
}
