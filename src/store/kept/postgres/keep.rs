//! Writing what a step gathered, and ending its transaction.

use std::collections::BTreeMap;

use deadpool_postgres::Client;
use futures_util::future::{join_all, join3};

use super::fault::{FaultKind, ServerFault};
use super::statements::{self, sql};
use crate::store::kept::trees::TreeName;
use crate::store::kept::writes::{Writes, scheduled};

/// What was kept of a step.
pub(super) enum KeepResult {
    /// It wrote nothing.
    Nothing,
    Committed,
    /// The connection was lost before the server said so; with the number of the transaction.
    Unheard {
        transaction: String,
        fault: ServerFault,
    },
}

/// Names a step of this opening.
#[derive(Debug, Clone, Copy)]
pub(super) struct StepName {
    pub(super) opening: i64,
    /// Where it is noted. No other step that is under way has it.
    pub(super) place: i32,
    /// No other step in that place has it.
    pub(super) step: i64,
}

/// Writes what a step gathered, and ends its transaction.
///
/// Where a step writes when a source is read, it notes that for the other workers (`hearing.rs`).
pub(super) async fn keep(
    client: &Client,
    is_begun: bool,
    writes: &Writes,
    step: StepName,
) -> Result<KeepResult, ServerFault> {
    let of = |error: tokio_postgres::Error| ServerFault::of(&error);
    if writes.is_empty() {
        // What the step saw may be what no order of steps explains.
        if is_begun {
            client.batch_execute(statements::COMMIT).await.map_err(of)?;
        }
        return Ok(KeepResult::Nothing);
    }
    if !is_begun {
        client.batch_execute(statements::BEGIN_STEP).await.map_err(of)?;
    }
    let StepName { opening, place, step } = step;
    let note = client.prepare_cached(statements::NOTE_STEP).await.map_err(of)?;
    let mut prepared = Vec::new();
    for (tree, of_tree) in &by_tree(writes) {
        let statements = sql(*tree);
        if !of_tree.keys.is_empty() {
            let put = client.prepare_cached(&statements.put).await.map_err(of)?;
            prepared.push((put, of_tree.keys.clone(), Some(of_tree.records.clone())));
        }
        if !of_tree.removed.is_empty() {
            let remove = client.prepare_cached(&statements.remove).await.map_err(of)?;
            prepared.push((remove, of_tree.removed.clone(), None));
        }
    }
    let sources: Vec<String> = scheduled(&writes.last_words()).iter().map(ToString::to_string).collect();
    let ring = client.prepare_cached(statements::RING).await.map_err(of)?;
    let telling =
        async { if sources.is_empty() { Ok(0) } else { client.execute(&ring, &[&sources, &opening]).await } };
    let sent = prepared.iter().map(|(statement, keys, records)| async move {
        match records {
            Some(records) => client.execute(statement, &[keys, records]).await,
            None => client.execute(statement, &[keys]).await,
        }
    });
    let (noted, sent, told) =
        join3(client.query_one(&note, &[&opening, &place, &step]), join_all(sent), telling).await;
    // The first that failed says why; those behind it only that it did.
    for written in sent {
        written.map_err(of)?;
    }
    told.map_err(of)?;
    let transaction: String = noted.map_err(of)?.get(0);
    match client.batch_execute(statements::COMMIT).await.map_err(of) {
        Ok(()) => Ok(KeepResult::Committed),
        Err(fault) if fault.kind == FaultKind::Disconnected => Ok(KeepResult::Unheard { transaction, fault }),
        Err(fault) => Err(fault),
    }
}

/// What is written to one table.
#[derive(Default)]
struct OfTree<'a> {
    keys: Vec<&'a [u8]>,
    records: Vec<&'a [u8]>,
    removed: Vec<&'a [u8]>,
}

fn by_tree(writes: &Writes) -> BTreeMap<TreeName, OfTree<'_>> {
    let mut trees = BTreeMap::<TreeName, OfTree<'_>>::new();
    for ((tree, key), value) in writes.last_words() {
        let of_tree = trees.entry(tree).or_default();
        match value {
            Some(value) => {
                of_tree.keys.push(key);
                of_tree.records.push(value);
            }
            None => of_tree.removed.push(key),
        }
    }
    trees
}
