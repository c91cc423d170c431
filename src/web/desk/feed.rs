//! What programs fetch again and again: what a query of the changes finds, as feeds and as a table, and the calendar
//! of what is due.

use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, LINK};
use axum::http::{HeaderMap, HeaderValue, Uri};
use axum::response::Response;
use chrono::Days;

use super::super::access::TOKEN_FIELD;
use super::super::{WebState, conditional};
use super::Server;
use super::asked::RequestFields;
use crate::domain::id::CompanyId;
use crate::exchange::changes;
use crate::render::{CalendarDay, Feed, FeedItem, SafeLink, calendar, line, page_of};
use crate::store::{ChangeSearch, FoundChanges, StoreError};

/// Items of a feed.
const ITEMS: usize = 50;

/// Rows of a table.
const ROWS: usize = 5_000;

/// What was due so many days ago is still in the calendar.
const PAST_DAYS: u64 = 90;

pub(super) async fn atom(
    State(shared): Server,
    uri: Uri,
    headers: HeaderMap,
    asked: RequestFields,
) -> Response {
    match shared.feed(uri.path(), &asked).await.map(|feed| feed.atom()) {
        Ok(Ok(text)) => conditional::answer(&headers, "application/atom+xml; charset=utf-8", text),
        Ok(Err(error)) => shared.fault(&error),
        Err(error) => shared.fault(error.as_ref()),
    }
}

pub(super) async fn json(
    State(shared): Server,
    uri: Uri,
    headers: HeaderMap,
    asked: RequestFields,
) -> Response {
    match shared.feed(uri.path(), &asked).await.map(|feed| feed.json()) {
        Ok(Ok(text)) => conditional::answer(&headers, "application/feed+json; charset=utf-8", text),
        Ok(Err(error)) => shared.fault(&error),
        Err(error) => shared.fault(error.as_ref()),
    }
}

pub(super) async fn table(
    State(shared): Server,
    uri: Uri,
    headers: HeaderMap,
    asked: RequestFields,
) -> Response {
    let found = match shared.desk.views.search(shared.search_of(&asked, ROWS)).await {
        Ok(found) => found,
        Err(error) => return shared.fault(&error),
    };
    let text = match changes::write(found.changes.iter().map(|(_, change)| change)) {
        Ok(text) => text,
        Err(error) => return shared.fault(&error),
    };
    let mut response = conditional::answer(&headers, "text/csv; charset=utf-8", text);
    let more = response.headers_mut();
    more.insert(CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"changes.csv\""));
    let next =
        next_of(&found, &asked).map(|query| format!("<{}?{query}>; rel=\"next\"", shared.below(uri.path())));
    if let Some(next) = next.and_then(|next| HeaderValue::from_str(&next).ok()) {
        more.insert(LINK, next);
    }
    response
}

pub(super) async fn deadlines(State(shared): Server, headers: HeaderMap, asked: RequestFields) -> Response {
    match shared.calendar(asked.get("company")).await {
        Ok(text) => conditional::answer(&headers, "text/calendar; charset=utf-8", text),
        Err(error) => shared.fault(&error),
    }
}

/// The query that leads to older changes, where there are any.
fn next_of(found: &FoundChanges, asked: &RequestFields) -> Option<String> {
    let last = found.changes.last().filter(|_| found.has_more)?;
    Some(asked.with("before", &last.0.to_string()))
}

type FeedFault = Box<dyn std::error::Error + Send + Sync>;

impl WebState {
    /// The whole address of a path of ours.
    fn below(&self, path: &str) -> String {
        format!("{}{}", self.desk.settings.base_url, path.trim_start_matches('/'))
    }

    async fn feed(&self, path: &str, asked: &RequestFields) -> Result<Feed, FeedFault> {
        let base = &self.desk.settings.base_url;
        let found = self.desk.views.search(self.search_of(asked, ITEMS)).await?;
        let watchlist = self.registry.current();
        let items = found.changes.iter().map(|(_, change)| FeedItem::of(change, &watchlist, base));
        // An address that is passed on gives nobody's token away.
        let query = asked.without(&[TOKEN_FIELD]);
        let with_query = |place: String, query: &str| {
            if query.is_empty() { place } else { format!("{place}?{query}") }
        };
        Ok(Feed {
            title: format!("{}: {}", self.desk.runner.organisation, self.title_of(asked)),
            author: line(&self.desk.runner.organisation),
            address: with_query(self.below(path), &query),
            page: with_query(self.below("changes"), &asked.without(&[TOKEN_FIELD, "before"])),
            next: next_of(&found, asked).map(|query| with_query(self.below(path), &query)),
            items: items.collect::<Result<_, _>>()?,
        })
    }

    /// What a query asks for, in a few words.
    fn title_of(&self, asked: &RequestFields) -> String {
        let watchlist = self.registry.current();
        let ChangeSearch { company, kind, .. } = self.search_of(asked, 0);
        let company = company.map(|id| line(watchlist.short_name(&id)));
        let source = asked.get("source").and_then(|id| self.desk.views.source(id));
        let others = ["site", "group", "q"].into_iter().filter_map(|name| asked.get(name).map(line));
        let parts: Vec<String> = company
            .into_iter()
            .chain(source.map(|source| line(&source.title)))
            .chain(kind.map(|kind| kind.to_string()))
            .chain(others)
            .collect();
        if parts.is_empty() { "changes".to_owned() } else { format!("changes ({})", parts.join(", ")) }
    }

    async fn calendar(&self, company: Option<&str>) -> Result<String, StoreError> {
        let views = &self.desk.views;
        let today = views.now().date_naive();
        let since = today.checked_sub_days(Days::new(PAST_DAYS)).unwrap_or(today);
        let asked: Option<Option<CompanyId>> = company.map(|id| id.parse().ok());
        let due = match &asked {
            // A company that cannot be has no deadlines, and least of all those of others.
            Some(None) => Vec::new(),
            Some(Some(company)) => views.deadlines(since, Some(company)).await?,
            None => views.deadlines(since, None).await?,
        };
        let (base, watchlist) = (&self.desk.settings.base_url, self.registry.current());
        let name = match asked.flatten() {
            Some(company) => format!("Deadlines of {}", watchlist.short_name(&company)),
            None => "Deadlines".to_owned(),
        };
        let of_source = |url: &str| SafeLink::of(url).map(|link| link.href);
        let days = due.iter().map(|due| CalendarDay {
            date: due.deadline.date,
            what: due.deadline.what,
            entry: (due.source.as_str(), &due.key),
            title: &due.title,
            source_title: &due.source_title,
            companies: due.companies.iter().map(|id| line(watchlist.short_name(id))).collect(),
            url: due
                .change
                .as_ref()
                .map(|id| page_of(base, id))
                .or_else(|| due.url.as_deref().and_then(of_source)),
            known_at: due.known_at,
        });
        let name = format!("{}: {name}", self.desk.runner.organisation);
        Ok(calendar(&name, &days.collect::<Vec<_>>()))
    }
}
