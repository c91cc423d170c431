//! What is asked of all followers of a topic at once, and given to all of them by one statement.
//!
//! The keys and records are put together by the server from the parts of which [`super::super::keys`] makes them, so
//! that they are what a step would have written for each reader alone.

use std::collections::{BTreeMap, BTreeSet};

use super::statements;
use super::view::View;
use crate::store::error::StoreError;
use crate::store::kept::followers::{LongGone, Run, SetRecords};

/// The first byte of a reader's address in a key, as SQL counts.
fn at(run: &Run) -> i32 {
    i32::try_from(run.head + 1).unwrap_or(i32::MAX)
}

/// The address of the last of so many followers; nothing where there are fewer.
pub(in crate::store) fn end_of_run(
    view: &View,
    run: &Run,
    limit: usize,
) -> Result<Option<Vec<u8>>, StoreError> {
    let passed = i64::try_from(limit.saturating_sub(1)).unwrap_or(i64::MAX);
    let rows = view.query(statements::END_OF_RUN, &[&run.from, &run.to, &at(run), &passed])?;
    Ok(rows.first().map(|row| row.get(0)))
}

/// What stands under the keys of a run, each with how often.
pub(in crate::store) fn entries(
    view: &View,
    run: &Run,
    gone: &LongGone,
) -> Result<BTreeMap<Vec<u8>, u64>, StoreError> {
    let rows = view.query(statements::WAYS_OF_RUN, &[&run.from, &run.to, &gone.from, &gone.to])?;
    Ok(rows.iter().map(|row| (row.get(0), row.get::<_, i64>(1).cast_unsigned())).collect())
}

/// The readers of a run under whose keys one of these stands.
pub(in crate::store) fn readers_with(
    view: &View,
    run: &Run,
    wanted: &[Vec<u8>],
) -> Result<Vec<String>, StoreError> {
    let rows = view.query(statements::READERS_OF_RUN, &[&run.from, &run.to, &at(run), &wanted])?;
    Ok(rows.iter().map(|row| String::from_utf8_lossy(row.get(0)).into_owned()).collect())
}

/// Writes the items and looks of a run; returns whether all of its readers follow as it was seen.
pub(in crate::store) fn give(
    view: &View,
    (run, gone): (&Run, &LongGone),
    (ways, others): (&BTreeSet<Vec<u8>>, &BTreeSet<String>),
    sets: &[SetRecords],
) -> Result<bool, StoreError> {
    let ways: Vec<&[u8]> = ways.iter().map(Vec::as_slice).collect();
    let others: Vec<&[u8]> = others.iter().map(String::as_bytes).collect();
    let unseen = view.query(
        statements::UNSEEN_OF_RUN,
        &[&run.from, &run.to, &at(run), &gone.from, &gone.to, &ways, &others],
    )?;
    if !unseen.is_empty() {
        return Ok(false);
    }
    for SetRecords { tail, record, looks } in sets {
        let ways: Vec<&[u8]> = looks.keys().map(Vec::as_slice).collect();
        let moments: Vec<&[u8]> = looks.values().map(<[u8; 8]>::as_slice).collect();
        view.query(
            statements::GIVE_TO_RUN,
            &[&run.from, &run.to, &at(run), &ways, &moments, tail, record, &others],
        )?;
    }
    Ok(true)
}
