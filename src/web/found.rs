//! What was found of what somebody follows: what they were told, and what they missed.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use axum::response::Response;

use super::WebState;
use super::page::{FoundPage, FoundRow, page};
use crate::domain::change::Change;
use crate::domain::keyed_link::SubscriberKey;
use crate::domain::subscription::Subscriber;
use crate::render::{day, line, moment};
use crate::store::StoreError;

impl WebState {
    /// The page of whoever a link belongs to.
    pub(super) async fn found_for(&self, key: &SubscriberKey) -> Response {
        match self.found_page(key).await {
            Ok(Some(found)) => page(StatusCode::OK, &found),
            Ok(None) => self.nothing(),
            Err(error) => self.fault(&error),
        }
    }

    async fn found_page(&self, key: &SubscriberKey) -> Result<Option<FoundPage<'_>>, StoreError> {
        let Some(reader) = self.visits.subscriber(key).await? else { return Ok(None) };
        let (found, since) = self.desk.views.found_for(&reader).await?;
        let waiting = self.desk.store.waiting(vec![reader.address.clone()]).await?;
        let items = waiting.readers.iter().flat_map(|waiting| &waiting.items);
        let waiting: BTreeSet<_> = items.map(|item| item.change.clone()).collect();
        let row = |change: &Change| self.found_row(change, &reader, waiting.contains(&change.id));
        Ok(Some(FoundPage {
            root: self.root(),
            name: self.organisation(),
            rows: found.iter().map(row).collect(),
            since: day(since.with_timezone(&reader.preferences.zone).date_naive()),
            back: "?".to_owned(),
        }))
    }

    pub(super) fn found_row(&self, change: &Change, reader: &Subscriber, is_waiting: bool) -> FoundRow {
        let source = line(self.desk.views.title_of(&change.source));
        let taken_back = change.retracted_at.map_or("", |_| ", taken back since");
        FoundRow {
            href: self.visits.link_to(&change.id, &reader.address, &self.desk.settings.base_url),
            title: line(&change.entry.title),
            what: format!(
                "{} on {source}, {}{taken_back}",
                change.entry.kind,
                moment(change.found_at, reader.preferences.zone)
            ),
            is_waiting,
        }
    }
}
