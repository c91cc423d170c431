//! Whether a database is whole, read without the engine and without changing anything.

use std::collections::BTreeMap;
use std::path::Path;

use super::admission::{file_error, shown};
use super::identity;
use super::log::{self, Log, Reach, SnapshotFitness, read_trees};
use super::mark::{ClosingStage, Mark};
use super::packs::{BodyLocation, Packs};
use super::tally::{self, TreeTally};
use super::trees::TreeName;
use super::writes::number;
use crate::store::error::StoreError;

/// What is told of a database's log at most.
const MAX_DAMAGE_TOLD: usize = 5;

/// What a database is found to be.
#[derive(Debug, Default)]
pub(super) struct CheckResult {
    /// Its ids and how far it came; nothing where an older program wrote it, or they cannot be read.
    pub(super) own: Option<Mark>,
    /// Why it is not whole; empty where it is.
    pub(super) findings: Vec<String>,
    /// What looks odd and may be of no account.
    pub(super) notes: Vec<String>,
    /// What it holds.
    pub(super) trees: Vec<CountedTree>,
    /// How long its log's file is.
    pub(super) log_bytes: u64,
}

/// What a tree holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CountedTree {
    pub(super) tree: TreeName,
    /// The records that can be read.
    pub(super) records: u64,
    /// The records that it should hold, where the database says so.
    pub(super) expected: Option<u64>,
}

/// Reads the database in `folder` as the engine would, and counts what is there.
///
/// # Errors
/// The system's.
pub(super) fn check(folder: &Path) -> Result<CheckResult, StoreError> {
    let log = read(folder, Reach::Engine)?;
    let standing = log::standing_beside(folder, &log).map_err(|error| file_error(folder, &error))?;
    if let SnapshotFitness::Foreign(snapshot) = &standing
        && let Some(mut alone) = whole_alone(folder)?
    {
        alone.notes.push(format!("{}; the next start removes it", snapshot.foreign()));
        return Ok(alone);
    }
    let mut checked = check_log(folder, &log);
    match standing {
        SnapshotFitness::Sound => {}
        SnapshotFitness::Needless(snapshot) => {
            let path = shown(&snapshot.path);
            checked.notes.push(format!("{path} cannot be read; the next start rebuilds it from the log"));
        }
        SnapshotFitness::Needed(snapshot) => checked.findings.push(snapshot.unreadable()),
        SnapshotFitness::Foreign(snapshot) if checked.findings.is_empty() => {
            checked.findings.push(snapshot.foreign());
        }
        // Where the log is damaged, that is why they do not fit.
        SnapshotFitness::Foreign(snapshot) => checked.notes.push(snapshot.foreign()),
    }
    Ok(checked)
}

/// The same of the log without what the engine derived from it, where that is whole by its own tallies.
///
/// # Errors
/// The system's.
pub(super) fn whole_alone(folder: &Path) -> Result<Option<CheckResult>, StoreError> {
    let alone = check_with(folder, Reach::Alone)?;
    Ok(Some(alone).filter(|alone| alone.own.is_some() && alone.findings.is_empty()))
}

/// The same of as much as is wanted.
///
/// # Errors
/// The system's.
pub(super) fn check_with(folder: &Path, reach: Reach) -> Result<CheckResult, StoreError> {
    Ok(check_log(folder, &read(folder, reach)?))
}

fn read(folder: &Path, reach: Reach) -> Result<Log, StoreError> {
    Log::read(folder, reach).map_err(|error| file_error(&folder.join("db"), &error))
}

fn check_log(folder: &Path, log: &Log) -> CheckResult {
    let mut checked = CheckResult { log_bytes: log.length, ..CheckResult::default() };
    match read_trees(log) {
        Ok(trees) => count(folder, log, &trees, &mut checked),
        Err(fault) => checked.findings.push(fault.what),
    }
    let told = log.damage.iter().take(MAX_DAMAGE_TOLD);
    let mut damage: Vec<String> = told
        .map(|damage| format!("at byte {} of {}: {}", damage.offset, shown(&folder.join("db")), damage.what))
        .collect();
    if log.damage.len() > MAX_DAMAGE_TOLD {
        damage.push(format!("and {} more places", log.damage.len() - MAX_DAMAGE_TOLD));
    }
    // What an older program wrote has no tally that would say whether that is of any account.
    if !checked.findings.is_empty() || (checked.own.is_none() && !damage.is_empty()) {
        damage.append(&mut checked.findings);
        checked.findings = damage;
    } else {
        checked.notes.append(&mut damage);
    }
    checked
}

/// Counts the records of every tree and compares them with the tallies.
fn count(folder: &Path, log: &Log, trees: &BTreeMap<Vec<u8>, log::PageTree>, checked: &mut CheckResult) {
    let mut meta: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
    let (mut counted, mut packed) = (Vec::new(), Vec::new());
    for name in TreeName::all() {
        let mut tally = TreeTally::default();
        let faults = trees.get(name.name().as_bytes()).map_or_else(Vec::new, |tree| {
            log.records(*tree, &mut |key, value| {
                if tally::counts(name, key) {
                    tally.add(key, value);
                }
                if name == TreeName::Bodies {
                    let digest = key.get(..32).and_then(|digest| digest.try_into().ok());
                    packed.extend(BodyLocation::decode(value).zip(digest));
                }
                if name == TreeName::Meta {
                    meta.insert(key.to_vec(), value.to_vec());
                }
            })
        });
        checked.findings.extend(faults.into_iter().map(|fault| format!("{}s: {}", name.what(), fault.what)));
        counted.push((name, tally));
    }
    checked.own = own(&meta);
    for (name, found) in counted {
        let known = checked.own.is_some();
        let kept = meta.get(&tally::key(name.name())).and_then(|bytes| TreeTally::decode(bytes));
        let expected = kept.or(known.then(TreeTally::default));
        if let Some(expected) = expected.filter(|expected| *expected != found) {
            checked.findings.push(mismatch(name, expected, found));
        }
        checked.trees.push(CountedTree {
            tree: name,
            records: found.records,
            expected: expected.map(|expected| expected.records),
        });
    }
    match Packs::open(folder) {
        Ok(packs) => checked.findings.extend(packs.findings(packed)),
        Err(error) => checked.findings.push(format!("{}: {error}", shown(folder))),
    }
}

fn mismatch(name: TreeName, expected: TreeTally, found: TreeTally) -> String {
    let (tree, what) = (name.name(), name.what());
    match (found.records, expected.records) {
        (found, expected) if found != expected => {
            format!("{tree}: {found} {what} records are there, {expected} should be")
        }
        (count, _) => format!("{tree}: its {count} {what} records are not those that were written last"),
    }
}

fn own(meta: &BTreeMap<Vec<u8>, Vec<u8>>) -> Option<Mark> {
    let get = |key: &[u8]| meta.get(key).map(Vec::as_slice);
    Some(Mark {
        installation: get(identity::INSTALLATION)?.try_into().ok()?,
        lineage: get(identity::LINEAGE)?.try_into().ok()?,
        commits: number(get(tally::COMMITS)),
        stage: ClosingStage::Open,
    })
}
