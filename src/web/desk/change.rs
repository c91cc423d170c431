//! What changed: the list, and one change with its proof.

use askama::Template;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};

use super::super::Shared;
use super::super::access::TOKEN_FIELD;
use super::super::page::page;
use super::asked::Asked;
use super::frame::{ChangeRow, Frame};
use super::{Server, Visitor, Who};
use crate::domain::change::{Change, ChangeKind};
use crate::domain::id::{ChangeId, CompanyId, SourceId};
use crate::domain::snapshot::Snapshot;
use crate::domain::source::Source;
use crate::domain::text::{one_line, shorten};
use crate::domain::text_diff::Fate;
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
pub(super) type Choice = (String, String, bool);

#[derive(Template)]
#[template(path = "desk/changes.html")]
struct List {
    frame: Frame,
    rows: Vec<ChangeRow>,
    total: usize,
    words: String,
    companies: Vec<Choice>,
    sources: Vec<Choice>,
    sites: Vec<Choice>,
    groups: Vec<Choice>,
    kinds: Vec<Choice>,
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
pub(in crate::web) struct One {
    pub frame: Frame,
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

pub(super) async fn list(State(shared): Server, Extension(visitor): Who, asked: Asked) -> Response {
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
    let listed = List {
        frame: Frame::of(&shared, &visitor, "Changes", "changes"),
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

impl Shared {
    /// What a query asks for, at most so many.
    pub(super) fn search_of(&self, asked: &Asked, limit: usize) -> ChangeSearch {
        ChangeSearch {
            words: asked.shown("q"),
            sources: self.narrowed(asked.get("source"), asked.get("site"), asked.get("group")),
            company: asked.parsed::<CompanyId>("company"),
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
        let is_asked = |source: &&Source| {
            id.is_none_or(|id| source.id.as_str() == id)
                && site.is_none_or(|site| source.url.host_str() == Some(site))
                && group.is_none_or(|group| source.catalogue.groups.iter().any(|known| known == group))
        };
        let sources = self.desk.views.sources().iter().filter(is_asked);
        let mut named: Vec<SourceId> = sources.map(|source| source.id.clone()).collect();
        // One that is no longer watched still has its changes; and what nothing fits finds nothing.
        if named.is_empty() {
            let gone = id.unwrap_or("nothing-of-this-name");
            named.extend(gone.parse::<SourceId>().ok().or_else(|| "nothing-of-this-name".parse().ok()));
        }
        named
    }

    /// The companies to choose from.
    pub(super) fn companies(&self, chosen: Option<&str>) -> Vec<Choice> {
        let watchlist = self.registry.current();
        let mut choices: Vec<Choice> = watchlist
            .companies()
            .map(|company| {
                (company.id.to_string(), line(company.short_name()), Some(company.id.as_str()) == chosen)
            })
            .collect();
        choices.sort_by_key(|(_, words, _)| words.to_lowercase());
        choices
    }

    /// The sources to choose from.
    fn sources(&self, chosen: Option<&str>) -> Vec<Choice> {
        let choice = |source: &Source| {
            (source.id.to_string(), line(&source.title), Some(source.id.as_str()) == chosen)
        };
        let mut choices: Vec<Choice> = self.desk.views.sources().iter().map(choice).collect();
        choices.sort_by_key(|(_, words, _)| words.to_lowercase());
        choices
    }

    /// The groups to choose from.
    pub(super) fn groups(&self, chosen: Option<&str>) -> Vec<Choice> {
        let groups = self.desk.views.groups().into_iter();
        groups.map(|group| (group.to_owned(), line(group), Some(group) == chosen)).collect()
    }

    /// The sites to choose from.
    pub(super) fn sites(&self, chosen: Option<&str>) -> Vec<Choice> {
        let sites = self.desk.views.sources().iter().filter_map(|source| source.url.host_str());
        let mut sites: Vec<&str> = sites.collect();
        sites.sort_unstable();
        sites.dedup();
        sites.into_iter().map(|site| (site.to_owned(), site.to_owned(), Some(site) == chosen)).collect()
    }
}

pub(super) async fn one(
    State(shared): Server,
    Extension(visitor): Who,
    Path(id): Path<String>,
    asked: Asked,
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
            shared.desk.views.source(story.change.source.as_str()),
        ),
    );
    let frame = Frame::of(&shared, &visitor, &change.title, "changes");
    let here = format!("{}changes/{}", shared.root(), change.id);
    let others = story.others.iter().map(|other| ChangeRow::of(other, &shared)).collect();
    let timeline = TimelineRow::all(&story, Some(shared.root()));
    let one = One {
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

impl Shared {
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
