//! Changes: finding them, and what people and other sources say of them.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};

use crate::domain::change::Change;
use crate::domain::event::Numbers;
use crate::domain::id::SourceId;
use crate::store::boundary::{ChangeQuery, ChangeSearch, FoundChanges};
use crate::store::error::StoreError;
use crate::store::kept::database::Database;
use crate::store::kept::{changes, found, named_on};

impl Database {
    pub(in crate::store) async fn find_change(&self, beginning: &str) -> Result<Change, StoreError> {
        let beginning = beginning.to_owned();
        self.read(move |trees| changes::find(trees, &beginning)).await
    }

    pub(in crate::store) async fn changes(&self, query: ChangeQuery) -> Result<Vec<Change>, StoreError> {
        self.read(move |trees| changes::list(trees, &query)).await
    }

    pub(in crate::store) async fn search(&self, search: ChangeSearch) -> Result<FoundChanges, StoreError> {
        self.read(move |trees| found::search(trees, &search)).await
    }

    pub(in crate::store) async fn change_counts(
        &self,
        sources: Arc<[SourceId]>,
        days: (NaiveDate, NaiveDate),
    ) -> Result<Vec<usize>, StoreError> {
        self.read(move |trees| found::counts(trees, &sources, days)).await
    }

    pub(in crate::store) async fn with_deadlines(
        &self,
        since: NaiveDate,
        limit: usize,
    ) -> Result<Vec<Change>, StoreError> {
        self.read(move |trees| found::with_deadlines(trees, since, limit)).await
    }

    pub(in crate::store) async fn index_changes(&self) -> Result<(), StoreError> {
        while self.write(named_on::index_more).await? {
            tracing::info!("removed the ways from companies to sources of an older store");
        }
        while self.write(found::index_more).await? {
            tracing::info!("indexed the changes of an older store");
        }
        while self.write(found::index_more_deadlines).await? {
            tracing::info!("indexed the deadlines of an older store");
        }
        Ok(())
    }

    pub(in crate::store) async fn numbered(
        &self,
        numbers: Vec<u32>,
    ) -> Result<Vec<(u32, Change)>, StoreError> {
        self.read(move |trees| found::numbered(trees, &numbers)).await
    }

    pub(in crate::store) async fn found_with(&self, change: &Change) -> Result<Vec<Change>, StoreError> {
        let change = change.clone();
        self.read(move |trees| changes::found_with(trees, &change)).await
    }

    pub(in crate::store) async fn decide(
        &self,
        beginning: &str,
        is_meant: bool,
        now: DateTime<Utc>,
    ) -> Result<Change, StoreError> {
        let beginning = beginning.to_owned();
        self.write(move |trees, writes| changes::decide(trees, writes, &beginning, is_meant, now)).await
    }

    pub(in crate::store) async fn sharing(&self, numbers: Numbers) -> Result<Vec<Change>, StoreError> {
        self.read(move |trees| found::sharing(trees, &numbers)).await
    }
}
