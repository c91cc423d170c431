//! The sources: how all of them stand, and all about one.

use std::fmt::Write as _;

use askama::Template;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::super::WebState;
use super::super::access::Visitor;
use super::super::page::page;
use super::asked::RequestFields;
use super::change::{Choices, SelectOption};
use super::chart::Chart;
use super::frame::{ChangeRow, PageFrame};
use super::{Server, Who};
use crate::domain::change::EntryChange;
use crate::domain::entry::Entry;
use crate::domain::read_record::ReadRecord;
use crate::domain::source::SourcePause;
use crate::domain::text::{one_line, shorten};
use crate::domain::text_diff::{WordFate, words};
use crate::render::{SafeLink, day, exact_on_page, line, on_page, with_lines};
use crate::status::Need;
use crate::store::{ChangeSearch, FellowWorker, StoreError};
use crate::view::{DayState, ServiceOverview, SourceFilter, SourceOrder, SourceRow, SourceState, SourceView};

/// Sources on one page.
pub(super) const SHOWN: usize = 100;

/// Changes and trouble shown on the first page.
const SHOWN_NEWS: usize = 10;

/// Entries shown with a source.
const SHOWN_ENTRIES: usize = 100;

#[derive(Template)]
#[template(path = "desk/overview.html")]
struct Start {
    frame: PageFrame,
    sentence: String,
    needs: Vec<(String, Option<String>)>,
    table: SourceTable,
    news: Vec<ChangeRow>,
    /// The daemons that share the store; shown to nobody from elsewhere.
    daemons: Vec<String>,
}

#[derive(Template)]
#[template(path = "desk/sources.html")]
struct SourcesPage {
    frame: PageFrame,
    table: SourceTable,
    done: Option<&'static str>,
}

/// The table of sources with what it can be narrowed by.
struct SourceTable {
    rows: Vec<SourceTableRow>,
    found: usize,
    total: usize,
    words: String,
    states: Vec<SelectOption>,
    sites: Choices,
    groups: Vec<SelectOption>,
    orders: Vec<SelectOption>,
    next: Option<String>,
}

pub(super) struct SourceTableRow {
    id: String,
    title: String,
    site: String,
    groups: Vec<String>,
    state: &'static str,
    reason: Option<String>,
    /// That it is paused, in words.
    paused: Option<String>,
    last_good: Option<String>,
    next_due: Option<String>,
    last_change: Option<(String, String)>,
    entries: Option<usize>,
    strip: Strip,
}

/// Thirty days as a picture, and in words.
struct Strip {
    /// What is drawn alike: its class, and its bars.
    bars: Vec<(&'static str, String)>,
    words: String,
}

impl Strip {
    fn of(days: &[DayState]) -> Self {
        let class = |day: &DayState| match (day.good, day.other) {
            (0, 0) => (9, "none"),
            (_, 0) => (0, "good"),
            (0, _) => (6, "bad"),
            _ => (3, "mixed"),
        };
        let count = |wanted: &str| days.iter().filter(|day| class(day).1 == wanted).count();
        let bars = ["good", "mixed", "bad", "none"].into_iter().filter_map(|drawn| {
            let mut path = String::new();
            for (index, day) in days.iter().enumerate() {
                let (top, class) = class(day);
                if class == drawn {
                    let _ = write!(path, "M{} {top}h3v{}h-3z", index * 4, 12 - top);
                }
            }
            (!path.is_empty()).then_some((drawn, path))
        });
        let words = format!(
            "The last {} days: {} with good reads only, {} with good and other reads, {} without a good read, {} without a read",
            days.len(),
            count("good"),
            count("mixed"),
            count("bad"),
            count("none")
        );
        Self { bars: bars.collect(), words }
    }
}

impl SourceTableRow {
    fn of(row: SourceRow) -> Self {
        Self {
            id: row.id.to_string(),
            title: line(&row.title),
            site: one_line(&row.site),
            groups: row.groups.iter().map(|group| line(group)).collect(),
            state: row.state.name(),
            reason: row.reason.map(|reason| shorten(&one_line(&reason), 300)),
            paused: row.paused.map(in_words),
            last_good: row.last_good_at.map(on_page),
            next_due: row.next_due_at.map(on_page),
            last_change: row.last_change.map(|(at, id)| (on_page(at), id)),
            entries: row.entries,
            strip: Strip::of(&row.days),
        }
    }
}

/// Since and until when a source is paused.
fn in_words(pause: SourcePause) -> String {
    match pause.until {
        Some(until) => format!("Paused since {}, until {}.", on_page(pause.since), on_page(until)),
        None => format!("Paused since {}, until somebody resumes it.", on_page(pause.since)),
    }
}

fn filter_of(asked: &RequestFields) -> SourceFilter {
    let named = |name: &str| asked.get(name).map(str::to_owned);
    SourceFilter {
        words: asked.shown("q"),
        state: SourceState::ALL
            .iter()
            .find(|(name, _)| asked.get("state") == Some(name))
            .map(|(_, state)| *state),
        site: named("site"),
        group: named("group"),
        order: SourceOrder::ALL
            .iter()
            .find(|(name, _)| asked.get("sort") == Some(name))
            .map_or_else(SourceOrder::default, |(_, order)| *order),
        skip: asked.parsed("skip").unwrap_or_default(),
        limit: SHOWN,
    }
}

impl SourceTable {
    fn of(
        overview: ServiceOverview,
        groups: Vec<SelectOption>,
        asked: &RequestFields,
        filter: &SourceFilter,
    ) -> Self {
        let choice = |name: &str, is_chosen| (name.to_owned(), name.to_owned(), is_chosen);
        let order_words = |name: &str| match name {
            "state" => "Trouble first",
            "title" => "Title",
            "good" => "Longest without a good read",
            "change" => "Last change",
            _ => "Next due",
        };
        let shown = filter.skip + overview.rows.len();
        Self {
            groups,
            found: overview.found,
            total: overview.total,
            words: filter.words.clone(),
            states: SourceState::ALL
                .iter()
                .map(|(name, state)| choice(name, filter.state == Some(*state)))
                .collect(),
            sites: Choices::of(overview.sites.iter(), filter.site.as_deref(), |site| (site, site)),
            orders: SourceOrder::ALL
                .iter()
                .map(|(name, order)| {
                    ((*name).to_owned(), order_words(name).to_owned(), filter.order == *order)
                })
                .collect(),
            next: (shown < overview.found).then(|| asked.with("skip", &shown.to_string())),
            rows: overview.rows.into_iter().map(SourceTableRow::of).collect(),
        }
    }
}

pub(super) async fn overview(
    State(shared): Server,
    Extension(visitor): Who,
    asked: RequestFields,
) -> Response {
    match shared.start(&visitor, &asked).await {
        Ok(start) => page(StatusCode::OK, &start),
        Err(error) => shared.fault(&error),
    }
}

pub(super) async fn list(State(shared): Server, Extension(visitor): Who, asked: RequestFields) -> Response {
    let filter = filter_of(&asked);
    match shared.desk.views.overview(&filter).await {
        Ok(overview) => {
            let table = SourceTable::of(overview, shared.groups(asked.get("group")), &asked, &filter);
            let frame = PageFrame::of(&shared, &visitor, "Sources", "sources");
            page(StatusCode::OK, &SourcesPage { frame, table, done: done(&asked) })
        }
        Err(error) => shared.fault(&error),
    }
}

/// What was just done, in words.
pub(super) fn done(asked: &RequestFields) -> Option<&'static str> {
    Some(match asked.get("done")? {
        "check" => "The source is being read now. Open this page again in a moment.",
        "pause-source" => "The source is paused: regwatch does not read it and reports no changes.",
        "resume-source" => "The source has resumed.",
        "accept" => "The read was accepted. Alerts go to the followers of what changed.",
        "accept-untold" => "The read was accepted, without alerts.",
        "reject" => "The read was rejected.",
        "meant" => "The match is confirmed. Alerts go to the followers of the company.",
        "not-meant" => "The match is rejected.",
        "retract" => "The read was retracted. Everybody who was alerted gets a correction.",
        "retry" | "release" => "The mail is in the queue.",
        "hold" => "The mail is held.",
        "drop" => "The mail was dropped.",
        _ => return None,
    })
}

impl WebState {
    async fn start(&self, visitor: &Visitor, asked: &RequestFields) -> Result<Start, StoreError> {
        let views = &self.desk.views;
        let filter = filter_of(asked);
        let overview = views.overview(&filter).await?;
        let undecided = views.undecided().await?.total;
        let status = self.desk.status.glance().await?;
        let news = views.search(ChangeSearch { limit: SHOWN_NEWS, ..ChangeSearch::default() }).await?;
        Ok(Start {
            frame: PageFrame::of(self, visitor, "Overview", ""),
            sentence: format!("{}.", status.sentence),
            needs: self.needs(&status.needs, undecided),
            table: SourceTable::of(overview, self.groups(asked.get("group")), asked, &filter),
            news: news.changes.iter().map(|(_, change)| ChangeRow::of(change, self)).collect(),
            daemons: match visitor {
                Visitor::Known(_) | Visitor::Local => {
                    status.daemons.iter().map(FellowWorker::words).collect()
                }
                Visitor::Holder(_) | Visitor::Stranger => Vec::new(),
            },
        })
    }

    /// What needs a person: in words, and where it is looked at.
    fn needs(&self, needs: &[Need], undecided: usize) -> Vec<(String, Option<String>)> {
        let root = self.root();
        let place = |need: &Need| match need.sources.as_slice() {
            [source] => Some(format!("{root}sources/{source}")),
            [] => None,
            _ => Some(format!("{root}sources")),
        };
        let mut all: Vec<(String, Option<String>)> =
            needs.iter().map(|need| (line(&need.what), place(need))).collect();
        if undecided > 0 {
            let words = match undecided {
                1 => "1 change has a name to decide on".to_owned(),
                many => format!("{many} changes have names to decide on"),
            };
            all.push((words, Some(format!("{root}review"))));
        }
        all
    }
}

#[derive(Template)]
#[template(path = "desk/source.html")]
struct SourcePage {
    frame: PageFrame,
    row: SourceTableRow,
    /// The source's id, and settings to try: none yet.
    id: String,
    settings: &'static str,
    link: Option<SafeLink>,
    kind: &'static str,
    schedule: String,
    misses: Option<String>,
    held: Option<String>,
    charts: Vec<Chart>,
    reads: Vec<ReadRow>,
    snapshots: Vec<SnapshotRow>,
    entries: Vec<EntryRow>,
    entries_total: usize,
    changes: Vec<ChangeRow>,
    done: Option<&'static str>,
}

struct ReadRow {
    at: String,
    verdict: String,
    status: Option<u16>,
    bytes: Option<u64>,
    took_ms: Option<u64>,
    entries: Option<usize>,
    changes: usize,
    reason: Option<String>,
}

impl ReadRow {
    fn of(read: &ReadRecord) -> Self {
        Self {
            at: exact_on_page(read.at),
            verdict: read.verdict.to_string(),
            status: read.status,
            bytes: read.body_bytes,
            took_ms: read.took_ms,
            entries: read.entries,
            changes: read.changes,
            reason: read.reason.as_deref().map(one_line),
        }
    }
}

struct SnapshotRow {
    sequence: u64,
    read_at: String,
    entries: usize,
    bytes: u64,
    sha256: String,
}

struct EntryRow {
    title: String,
    date: Option<String>,
    link: Option<SafeLink>,
    fields: Vec<(String, String)>,
}

impl EntryRow {
    fn of(entry: &Entry) -> Self {
        let fields = entry.fields.iter().map(|(name, text)| (line(name), shorten(&one_line(text), 1000)));
        Self {
            title: line(&entry.title),
            date: entry.date.map(|date| day(date.day())),
            link: entry.url.as_deref().and_then(SafeLink::of),
            fields: fields.collect(),
        }
    }
}

pub(super) async fn one(
    State(shared): Server,
    Extension(visitor): Who,
    Path(id): Path<String>,
    asked: RequestFields,
) -> Response {
    let Some(source) = shared.desk.views.source(&id) else {
        return shared.not_there(&visitor, "There is no source with this id.");
    };
    match shared.desk.views.source_view(source).await {
        Ok(view) => {
            let frame = PageFrame::of(&shared, &visitor, &source.title, "sources");
            page(StatusCode::OK, &shared.source_page(frame, view, done(&asked)))
        }
        Err(error) => shared.fault(&error),
    }
}

impl WebState {
    fn source_page(&self, frame: PageFrame, view: SourceView, done: Option<&'static str>) -> SourcePage {
        let SourceView { row, source, held, snapshots, reads, changes, baseline } = view;
        let entries = baseline.as_ref().map_or(&[][..], |baseline| &baseline.document.entries);
        SourcePage {
            frame,
            charts: charts(&reads),
            id: row.id.to_string(),
            settings: "",
            row: SourceTableRow::of(row),
            link: SafeLink::of(source.url.as_str()),
            kind: source.kind.name(),
            schedule: format!("{} ({})", source.schedule, source.timezone),
            misses: source.misses.as_deref().map(|misses| shorten(&one_line(misses), 500)),
            held: held.map(|held| shorten(&one_line(&held.reason), 500)),
            reads: reads.iter().take(SHOWN).map(ReadRow::of).collect(),
            snapshots: snapshots
                .iter()
                .map(|snapshot| SnapshotRow {
                    sequence: snapshot.sequence,
                    read_at: on_page(snapshot.response.read_at),
                    entries: snapshot.entries,
                    bytes: snapshot.response.body_bytes,
                    sha256: snapshot.response.sha256.to_string(),
                })
                .collect(),
            entries: entries.iter().take(SHOWN_ENTRIES).map(EntryRow::of).collect(),
            entries_total: entries.len(),
            changes: changes.changes.iter().map(|(_, change)| ChangeRow::of(change, self)).collect(),
            done,
        }
    }
}

/// Entries, size and time over the reads that are remembered.
#[expect(clippy::cast_precision_loss, reason = "a picture is not that exact")]
fn charts(reads: &[ReadRecord]) -> Vec<Chart> {
    let values =
        |of: &dyn Fn(&ReadRecord) -> Option<f64>| reads.iter().rev().filter_map(of).collect::<Vec<f64>>();
    let entries = values(&|read| read.entries.map(|entries| entries as f64));
    let bytes = values(&|read| read.body_bytes.map(|bytes| bytes as f64));
    let took = values(&|read| read.took_ms.map(|took| took as f64));
    let charts = [
        Chart::of("Entries", "", &entries),
        Chart::of("Size", " bytes", &bytes),
        Chart::of("Time to answer", " ms", &took),
    ];
    charts.into_iter().flatten().collect()
}

#[derive(Template)]
#[template(path = "desk/compare.html")]
struct ComparePage {
    frame: PageFrame,
    id: String,
    before: u64,
    after: u64,
    problem: Option<String>,
    changes: Vec<ComparedEntry>,
    more: usize,
}

pub(super) struct ComparedEntry {
    pub happened: String,
    pub title: String,
    pub fields: Vec<(String, Vec<(WordFate, String)>)>,
}

impl ComparedEntry {
    pub(super) fn of(change: &EntryChange) -> Self {
        let field = |field: &crate::domain::change::FieldChange| {
            let text = |text: &Option<String>| text.clone().unwrap_or_default();
            let runs = words(&text(&field.before), &text(&field.after)).into_iter();
            (line(&field.name), runs.map(|run| (run.fate, with_lines(&run.text))).collect())
        };
        Self {
            happened: change.happened(),
            title: line(&change.title),
            fields: change.fields.iter().take(20).map(field).collect(),
        }
    }
}

pub(super) async fn compare(
    State(shared): Server,
    Extension(visitor): Who,
    Path(id): Path<String>,
    asked: RequestFields,
) -> Response {
    let Some(source) = shared.desk.views.source(&id) else {
        return shared.not_there(&visitor, "There is no source with this id.");
    };
    let (Some(before), Some(after)) = (asked.parsed("before"), asked.parsed("after")) else {
        return shared.not_there(&visitor, "Name two states of the source by their numbers.");
    };
    let (problem, changes) = match shared.desk.checker.compare(source, (before, after)).await {
        Ok(Ok(changes)) => (None, changes),
        Ok(Err(problem)) => (Some(one_line(&problem)), Vec::new()),
        Err(error) => return shared.fault(&error),
    };
    let compared = ComparePage {
        frame: PageFrame::of(&shared, &visitor, &source.title, "sources"),
        id: source.id.to_string(),
        before,
        after,
        problem,
        more: changes.len().saturating_sub(SHOWN),
        changes: changes.iter().take(SHOWN).map(ComparedEntry::of).collect(),
    };
    page(StatusCode::OK, &compared)
}
