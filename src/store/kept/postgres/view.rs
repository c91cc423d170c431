//! What one transaction of the server sees, asked synchronously: a step looks, asks and writes in one thread.
//!
//! Whatever was read once is not asked for again: a transaction sees one state.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt;
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::future::{join, try_join_all};
use tokio::runtime::Handle;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Row, Statement};

use super::fault::ServerFault;
use super::statements::{self, RangeEnd, RangeOf, sql};
use crate::store::error::StoreError;
use crate::store::kept::trees::{Bytes, KeyedRecord, TreeName};

/// Rows of the first page of a range: most who look at one want its beginning.
const FIRST_PAGE: i64 = 32;

/// Rows of a page at most.
const MAX_PAGE: i64 = 2_048;

/// Records that are remembered within one transaction.
const MAX_REMEMBERED: usize = 20_000;

type Parameters<'a> = &'a [&'a (dyn ToSql + Sync)];

/// A transaction on one connection.
pub(in crate::store) struct View {
    handle: Handle,
    client: deadpool_postgres::Client,
    /// Said before the first question, in one go with it.
    begin: &'static str,
    state: Mutex<TransactionState>,
}

#[derive(Default)]
struct TransactionState {
    is_begun: bool,
    /// What broke the transaction.
    fault: Option<ServerFault>,
    remembered: HashMap<(TreeName, Vec<u8>), Option<Bytes>>,
    /// Tables that were asked for, and whether they have no rows.
    empty: HashMap<TreeName, bool>,
    /// Openings that were asked for, and whether nobody has them any more.
    gone: HashMap<u64, bool>,
}

/// What lies under a key, or nothing.
struct Remembered(Option<Bytes>);

impl fmt::Debug for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("View").field("begin", &self.begin).finish_non_exhaustive()
    }
}

impl View {
    pub(super) fn new(handle: Handle, client: deadpool_postgres::Client, begin: &'static str) -> Self {
        Self { handle, client, begin, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, TransactionState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection, with what broke its transaction; and whether one was begun.
    pub(super) fn end(self) -> (deadpool_postgres::Client, bool, Option<ServerFault>) {
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        (self.client, state.is_begun, state.fault)
    }

    /// Asks the server; the transaction begins with the first question.
    pub(super) fn query(&self, text: &str, parameters: Parameters<'_>) -> Result<Vec<Row>, StoreError> {
        let is_begun = std::mem::replace(&mut self.state().is_begun, true);
        let asked = self.handle.block_on(async {
            let statement = self.client.prepare_cached(text).await?;
            if is_begun {
                return self.client.query(&statement, parameters).await;
            }
            let both = join(self.client.batch_execute(self.begin), self.client.query(&statement, parameters));
            let (begun, rows) = both.await;
            begun?;
            rows
        });
        asked.map_err(|error| self.broken(&error))
    }

    /// Notes what broke the transaction.
    fn broken(&self, error: &tokio_postgres::Error) -> StoreError {
        let fault = ServerFault::of(error);
        let error = fault.clone().into();
        self.state().fault.get_or_insert(fault);
        error
    }

    fn remember(&self, tree: TreeName, key: &[u8], value: Option<&Bytes>) {
        let mut state = self.state();
        if tree != TreeName::Bodies && state.remembered.len() < MAX_REMEMBERED {
            state.remembered.insert((tree, key.to_vec()), value.cloned());
        }
    }

    fn remembered(&self, tree: TreeName, key: &[u8]) -> Option<Remembered> {
        self.state().remembered.get(&(tree, key.to_vec())).cloned().map(Remembered)
    }

    /// What lies under a key.
    pub(in crate::store) fn get(&self, tree: TreeName, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        if let Some(Remembered(known)) = self.remembered(tree, key) {
            return Ok(known);
        }
        let rows = self.query(&sql(tree).get, &[&key])?;
        let value = rows.first().map(|row| Bytes::from(row.get::<_, &[u8]>(0)));
        self.remember(tree, key, value.as_ref());
        Ok(value)
    }

    /// Fetches what lies under keys that are asked for next, in one go.
    pub(in crate::store) fn warm(&self, tree: TreeName, keys: &[Vec<u8>]) -> Result<(), StoreError> {
        if keys.len() < 2 {
            return Ok(());
        }
        self.warm_across(keys.iter().map(|key| (tree, &key[..])))
    }

    /// Fetches what lies under keys of several tables that are asked for next, in one go.
    pub(in crate::store) fn warm_across<'k>(
        &self,
        keys: impl Iterator<Item = (TreeName, &'k [u8])>,
    ) -> Result<(), StoreError> {
        let mut wanted = BTreeMap::<TreeName, Vec<&[u8]>>::new();
        for (tree, key) in keys.filter(|(tree, key)| self.remembered(*tree, key).is_none()) {
            wanted.entry(tree).or_default().push(key);
        }
        if wanted.is_empty() {
            return Ok(());
        }
        let is_begun = std::mem::replace(&mut self.state().is_begun, true);
        let asked = self.handle.block_on(async {
            let mut prepared = Vec::with_capacity(wanted.len());
            for (tree, keys) in &wanted {
                prepared.push((self.client.prepare_cached(&sql(*tree).get_all).await?, keys));
            }
            let begin = async { if is_begun { Ok(()) } else { self.client.batch_execute(self.begin).await } };
            let look = async |(statement, keys): &(Statement, &Vec<&[u8]>)| {
                self.client.query(statement, &[keys]).await
            };
            let (first, rows) = join(begin, try_join_all(prepared.iter().map(look))).await;
            first?;
            rows
        });
        let rows = asked.map_err(|error| self.broken(&error))?;
        for ((tree, keys), rows) in wanted.iter().zip(&rows) {
            for row in rows {
                self.remember(*tree, row.get(0), Some(&Bytes::from(row.get::<_, &[u8]>(1))));
            }
            for key in keys.iter().filter(|key| self.remembered(*tree, key).is_none()) {
                self.remember(*tree, key, None);
            }
        }
        Ok(())
    }

    /// Whether a table has no rows.
    pub(in crate::store) fn is_empty(&self, tree: TreeName) -> Result<bool, StoreError> {
        if let Some(known) = self.state().empty.get(&tree) {
            return Ok(*known);
        }
        let first = RangeOf { end: RangeEnd::Front, has_values: false, is_open: true };
        let is_empty = self.query(sql(tree).range(first), &[&Vec::<u8>::new(), &1_i64])?.is_empty();
        self.state().empty.insert(tree, is_empty);
        Ok(is_empty)
    }

    /// Whether anything lies under a key.
    pub(in crate::store) fn has(&self, tree: TreeName, key: &[u8]) -> Result<bool, StoreError> {
        if let Some(Remembered(known)) = self.remembered(tree, key) {
            return Ok(known.is_some());
        }
        Ok(!self.query(&sql(tree).has, &[&key])?.is_empty())
    }

    /// How many keys there are.
    pub(in crate::store) fn len(&self, tree: TreeName) -> Result<usize, StoreError> {
        let rows = self.query(&sql(tree).count, &[])?;
        let count = rows.first().map_or(0, |row| row.get::<_, i64>(0));
        Ok(usize::try_from(count).unwrap_or_default())
    }

    /// The keys of a range, with what lies under them.
    pub(in crate::store) fn range(
        &self,
        tree: TreeName,
        (from, to): (Bound<Vec<u8>>, Bound<Vec<u8>>),
    ) -> KeyRange<'_> {
        // Of keys that are bytes the next one has a zero byte more.
        let behind = |mut key: Vec<u8>| {
            key.push(0);
            key
        };
        let from = match from {
            Bound::Unbounded => Vec::new(),
            Bound::Included(key) => key,
            Bound::Excluded(key) => behind(key),
        };
        let to = match to {
            Bound::Unbounded => None,
            Bound::Included(key) => Some(behind(key)),
            Bound::Excluded(key) => Some(key),
        };
        KeyRange {
            view: self,
            tree,
            has_values: true,
            from,
            to,
            front: VecDeque::new(),
            back: VecDeque::new(),
            page: FIRST_PAGE,
            is_done: false,
        }
    }

    /// Whether nobody has an opening of the database any more: it was closed, or its process ended.
    pub(in crate::store) fn is_closed_opening(&self, opening: u64) -> Result<bool, StoreError> {
        if let Some(known) = self.state().gone.get(&opening) {
            return Ok(*known);
        }
        let rows = self.query(statements::IS_GONE, &[&opening.cast_signed()])?;
        let is_gone = rows.first().is_some_and(|row| row.get(0));
        self.state().gone.insert(opening, is_gone);
        Ok(is_gone)
    }
}

/// The keys of a range that were not handed out yet.
#[derive(Debug)]
pub(in crate::store) struct KeyRange<'a> {
    view: &'a View,
    tree: TreeName,
    has_values: bool,
    /// What was not fetched yet.
    from: Vec<u8>,
    to: Option<Vec<u8>>,
    /// What was fetched and not handed out, from each end.
    front: VecDeque<KeyedRecord>,
    back: VecDeque<KeyedRecord>,
    page: i64,
    is_done: bool,
}

impl KeyRange<'_> {
    /// The same without what lies under the keys.
    pub(in crate::store) fn of_keys(self) -> Self {
        Self { has_values: false, ..self }
    }

    pub(in crate::store) fn next(&mut self) -> Option<Result<KeyedRecord, StoreError>> {
        if self.front.is_empty()
            && !self.is_done
            && let Err(error) = self.fetch(RangeEnd::Front)
        {
            return Some(Err(error));
        }
        self.front.pop_front().or_else(|| self.back.pop_back()).map(Ok)
    }

    pub(in crate::store) fn next_back(&mut self) -> Option<Result<KeyedRecord, StoreError>> {
        if self.back.is_empty()
            && !self.is_done
            && let Err(error) = self.fetch(RangeEnd::Back)
        {
            return Some(Err(error));
        }
        self.back.pop_front().or_else(|| self.front.pop_back()).map(Ok)
    }

    fn fetch(&mut self, end: RangeEnd) -> Result<(), StoreError> {
        let of = RangeOf { end, has_values: self.has_values, is_open: self.to.is_none() };
        let text = sql(self.tree).range(of);
        let asked = match &self.to {
            Some(to) => self.view.query(text, &[&self.from, &self.page, to]),
            None => self.view.query(text, &[&self.from, &self.page]),
        };
        // After an error nothing more comes.
        self.is_done = true;
        let rows = asked?;
        self.is_done = i64::try_from(rows.len()).unwrap_or(i64::MAX) < self.page;
        self.page = (self.page * 4).min(MAX_PAGE);
        let pairs = rows.iter().map(|row| {
            let value = if self.has_values { row.get::<_, &[u8]>(1) } else { &[] };
            (Bytes::from(row.get::<_, &[u8]>(0)), Bytes::from(value))
        });
        match end {
            RangeEnd::Front => self.front.extend(pairs),
            RangeEnd::Back => self.back.extend(pairs),
        }
        match (end, self.front.back(), self.back.back()) {
            (RangeEnd::Front, Some((last, _)), _) => self.from = [last, &[0][..]].concat(),
            (RangeEnd::Back, _, Some((last, _))) => self.to = Some(last.to_vec()),
            _ => {}
        }
        Ok(())
    }
}
