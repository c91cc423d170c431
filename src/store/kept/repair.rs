//! Looking at a database as a whole, and putting right what can be.
//!
//! A damaged database is not mended in place: what can be read of it is copied into a new one, which then takes
//! its place, and the old one is kept beside it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::admission::{FolderContents, agree, contents, file_error, shown};
use super::bodies::{BodyAssembly, parts};
use super::check::{CheckResult, check, check_with};
use super::lock::{Lock, beside};
use super::log::{Log, PageTree, Reach, read_trees};
use super::mark::{ClosingStage, Mark, MarkFile, MarkFound};
use super::packs::Packs;
use super::survey::{UnsoundRecord, survey};
use super::trees::{TreeName, Trees};
use super::writes::Writes;
use super::{identity, indexes, mark, opening, pieces, swap, tally, trial, undo};
use crate::domain::id::InstallationId;
use crate::domain::meter::{Meter, WorkPart};
use crate::store::boundary::{RecordFault, RepairWishes, Repaired, TreeCount, Verified};
use crate::store::error::StoreError;
use crate::store::record::shown as shown_key;

/// Records copied in one transaction.
const BATCH: usize = 256;

/// How much of a repair is done, in percent, once the database was looked at.
const LOOKED_AT: u8 = 50;

/// Looks at the database in `folder` and changes nothing.
///
/// # Errors
/// [`StoreError::Locked`] while a process owns it; the system's.
pub(in crate::store) fn verify(folder: &Path, meter: &Meter) -> Result<Verified, StoreError> {
    // Nobody can own it where there is no lock to be taken.
    let lock = beside(folder, ".lock");
    let _owned = if lock.exists() { Some(Lock::take(folder)?) } else { None };
    verify_owned(folder, (meter, 0..100))
}

/// The same of a database that this process owns.
///
/// # Errors
/// The system's.
pub(super) fn verify_owned(folder: &Path, part: (&Meter, Range<u8>)) -> Result<Verified, StoreError> {
    let state = DatabaseFindings::of(folder, part)?;
    let mut verified = Verified {
        path: folder.to_owned(),
        is_sound: false,
        installation: None,
        commits: 0,
        log_bytes: state.checked.log_bytes,
        trees: state.checked.trees.iter().map(TreeCount::from).collect(),
        findings: state.findings(folder),
        notes: state.checked.notes.clone(),
        records: state.unsound.iter().map(RecordFault::from).collect(),
    };
    if let Some(own) = state.checked.own {
        verified.installation = Some(InstallationId::of(&own.installation));
        verified.commits = own.commits;
    }
    if state.is_broken_off {
        verified.notes.push("a step that was broken off is taken back at the next start".to_owned());
    }
    for left in left_behind(folder)? {
        verified.notes.push(format!("{}: left behind by a crash; the next start removes it", shown(&left)));
    }
    verified.is_sound = verified.findings.is_empty() && verified.records.is_empty();
    Ok(verified)
}

/// Puts right what can be, or only tells.
///
/// # Errors
/// [`StoreError::Locked`], [`StoreError::Missing`], [`StoreError::NoneYet`]; [`StoreError::Older`] or
/// [`StoreError::Foreign`] where that is not accepted; the engine's.
pub(in crate::store) fn repair(
    folder: &Path,
    wishes: RepairWishes,
    meter: &Meter,
) -> Result<Repaired, StoreError> {
    let lock = Lock::take(folder)?;
    let mut repaired = Repaired { path: folder.to_owned(), is_applied: wishes.apply, ..Repaired::default() };
    if swap::is_pending(folder) {
        repaired.deeds.push("finish a repair that was broken off".to_owned());
        if !wishes.apply {
            return Ok(repaired);
        }
        swap::finish(folder)?;
    }
    if wishes.apply {
        trial::remove_left(folder)?;
    }
    let mut state = DatabaseFindings::of(folder, (meter, 0..LOOKED_AT))?;
    state.require_log(folder)?;
    if state.is_broken_off {
        repaired.deeds.push("take back a step that was broken off when the process ended".to_owned());
        if wishes.apply {
            drop(opening::open(folder)?);
            state = DatabaseFindings::of(folder, (meter, 0..LOOKED_AT))?;
        } else if !state.checked.findings.is_empty() {
            repaired.deeds.push("look again at what is left to do after that".to_owned());
            return Ok(repaired);
        }
    }
    let is_whole = state.checked.findings.is_empty();
    match state.disagreement {
        Some(StoreError::Older { .. }) if is_whole && wishes.accept_older => {
            repaired.deeds.push("accept the state as it is; all that was kept after it is lost".to_owned());
            repaired.lost.extend(state.behind(state.checked.own));
            take_over(folder, wishes.apply)?;
        }
        Some(StoreError::Foreign { .. }) if is_whole && wishes.accept_foreign => {
            repaired.deeds.push("accept the store as this installation's own".to_owned());
            take_over(folder, wishes.apply)?;
        }
        Some(error @ (StoreError::Older { .. } | StoreError::Foreign { .. })) if is_whole => {
            return Err(error);
        }
        Some(_) => rebuild(folder, &state, &mut repaired, meter)?,
        None if !is_whole => rebuild(folder, &state, &mut repaired, meter)?,
        None => remove_useless(folder, &state, &mut repaired)?,
    }
    drop(lock);
    Ok(repaired)
}

/// All that can be found out about a database without changing it.
struct DatabaseFindings {
    found: MarkFound,
    contents: FolderContents,
    checked: CheckResult,
    /// How it does not agree with its mark.
    disagreement: Option<StoreError>,
    unsound: Vec<UnsoundRecord>,
    /// A step was broken off when the process ended.
    is_broken_off: bool,
}

impl DatabaseFindings {
    /// `part` is the part of its caller's work that this is.
    fn of(folder: &Path, (meter, part): (&Meter, Range<u8>)) -> Result<Self, StoreError> {
        let found = Mark::find(folder).map_err(|error| file_error(&mark::path(folder), &error))?;
        let mut state = Self {
            found,
            contents: contents(folder)?,
            checked: CheckResult::default(),
            disagreement: None,
            unsound: Vec::new(),
            is_broken_off: undo::path(folder).exists(),
        };
        if state.contents == FolderContents::Log {
            state.checked = check(folder)?;
            state.disagreement = state.known().and_then(|known| agree(folder, &known, &state.checked).err());
            // Counting takes about as long as looking at each, and every record is counted.
            let records = state.checked.trees.iter().map(|tree| tree.records).sum();
            let looking = meter.part(part.start.midpoint(part.end)..part.end, records);
            let log = read(folder, Reach::Engine)?;
            state.unsound = survey(&metered(records_of(folder, &log), &looking));
        }
        Ok(state)
    }

    /// The mark of a database that was in use.
    fn known(&self) -> Option<Mark> {
        match self.found {
            MarkFound::Mark(mark) => Some(mark).filter(|mark| mark.stage != ClosingStage::New),
            MarkFound::Nothing | MarkFound::Unreadable => None,
        }
    }

    /// Why opening it would be refused.
    fn findings(&self, folder: &Path) -> Vec<String> {
        match (self.contents, &self.found) {
            _ if swap::is_pending(folder) => {
                vec!["a repair of it was broken off; the next start, or a repair, finishes it".to_owned()]
            }
            (FolderContents::Nothing, MarkFound::Nothing) => {
                vec![format!("there is no store in {}", shown(folder))]
            }
            (FolderContents::Nothing, _)
                if self.known().is_none() && matches!(self.found, MarkFound::Mark(_)) =>
            {
                vec![format!("the store in {} was never used", shown(folder))]
            }
            (FolderContents::Nothing, _) => vec![missing(folder).to_string()],
            (FolderContents::Remains, _) => {
                vec!["its log is empty, and there is what was derived from one".to_owned()]
            }
            (FolderContents::Log, _) if self.is_broken_off => Vec::new(),
            (FolderContents::Log, _) if !self.checked.findings.is_empty() => self.checked.findings.clone(),
            (FolderContents::Log, _) => match &self.disagreement {
                Some(StoreError::Damaged { findings, .. }) => findings.clone(),
                Some(error) => vec![error.to_string()],
                None => Vec::new(),
            },
        }
    }

    fn require_log(&self, folder: &Path) -> Result<(), StoreError> {
        match (self.contents, &self.found) {
            (FolderContents::Log, _) => Ok(()),
            (FolderContents::Nothing, MarkFound::Nothing) => Err(StoreError::NoneYet { path: shown(folder) }),
            _ => Err(missing(folder)),
        }
    }

    /// How far a database is behind its mark, in words.
    fn behind(&self, own: Option<Mark>) -> Option<String> {
        let (known, own) = (self.known()?, own.map_or(0, |own| own.commits));
        let lost = known.commits.checked_sub(own).filter(|lost| *lost > 0)?;
        Some(format!("the last {lost} or more of {} commits", known.commits))
    }
}

fn missing(folder: &Path) -> StoreError {
    StoreError::Missing { path: shown(folder), mark: shown(&mark::path(folder)) }
}

pub(super) fn read(folder: &Path, reach: Reach) -> Result<Log, StoreError> {
    Log::read(folder, reach).map_err(|error| file_error(&folder.join("db"), &error))
}

/// Is handed a record: its key and its value.
pub(super) type TakeFound<'a> = dyn FnMut(&[u8], &[u8]) + 'a;

/// The records of a log that can be read, bodies in parts wherever they lie.
pub(super) fn records_of<'a>(folder: &Path, log: &'a Log) -> impl Fn(TreeName, &mut TakeFound<'_>) + 'a {
    let trees: BTreeMap<Vec<u8>, PageTree> = read_trees(log).unwrap_or_default();
    let packs = Packs::open(folder).ok();
    move |name, take| {
        if let Some(tree) = trees.get(name.name().as_bytes()) {
            log.records(*tree, &mut |key, value| {
                parts(name, key, value, |body, at| packs.as_ref()?.read(body, at).ok(), take);
            });
        }
    }
}

/// The same records, of which each that is handed out is a piece of the work.
pub(super) fn metered<'a>(
    records: impl Fn(TreeName, &mut TakeFound<'_>) + 'a,
    part: &'a WorkPart,
) -> impl Fn(TreeName, &mut TakeFound<'_>) + 'a {
    move |name, take| {
        records(name, &mut |key, value| {
            part.advance(1);
            take(key, value);
        });
    }
}

/// Makes the database in a folder the one that belongs there.
fn take_over(folder: &Path, apply: bool) -> Result<(), StoreError> {
    if !apply {
        return Ok(());
    }
    // What was derived may be of another log. Where the log needs it, it is of this one.
    opening::remove_needless_snapshots(folder)?;
    let trees = opening::open(folder)?;
    identity::branch(&trees)?;
    close(folder, trees)
}

/// Removes records that nobody can read and that others stumble over.
fn remove_useless(
    folder: &Path,
    state: &DatabaseFindings,
    repaired: &mut Repaired,
) -> Result<(), StoreError> {
    let wrong: Vec<&UnsoundRecord> =
        state.unsound.iter().filter(|unsound| indexes::ALL.contains(&unsound.tree)).collect();
    if !wrong.is_empty() {
        repaired.deeds.push("rebuild the indexes".to_owned());
        repaired.records.extend(wrong.into_iter().map(RecordFault::from));
        if repaired.is_applied {
            let trees = opening::open(folder)?;
            indexes::distrust(&trees)?;
            opening::make_indexes(&trees)?;
            close(folder, trees)?;
        }
    }
    let useless: Vec<&UnsoundRecord> = state.unsound.iter().filter(|unsound| unsound.is_useless).collect();
    if useless.is_empty() {
        return Ok(());
    }
    repaired.deeds.push(format!("remove {} that cannot be read or lead nowhere", records(useless.len())));
    repaired.records.extend(useless.iter().map(|unsound| RecordFault::from(*unsound)));
    if repaired.is_applied {
        let trees = opening::open(folder)?;
        remove(&trees, &useless)?;
        // What led there leads nowhere now.
        indexes::distrust(&trees)?;
        close(folder, trees)?;
    }
    Ok(())
}

fn records(count: usize) -> String {
    if count == 1 { "1 record".to_owned() } else { format!("{count} records") }
}

/// Copies what can be read into a new database, which takes the old one's place.
fn rebuild(
    folder: &Path,
    state: &DatabaseFindings,
    repaired: &mut Repaired,
    meter: &Meter,
) -> Result<(), StoreError> {
    let log = read(folder, Reach::All)?;
    let found = check_with(folder, Reach::All)?;
    if found.trees.iter().all(|tree| tree.records == 0) {
        return Err(StoreError::Damaged {
            path: shown(folder),
            findings: vec!["no record of it can be read; only a backup helps".to_owned()],
        });
    }
    let total: u64 = found.trees.iter().map(|tree| tree.records).sum();
    let aside = free_name(folder, ".damaged");
    repaired
        .deeds
        .push(format!("copy the {total} records that can be read into a new database in its place"));
    repaired.deeds.push(format!("keep the damaged one as {}", shown(&aside)));
    for tree in &found.trees {
        let expected = tree.expected.unwrap_or(tree.records);
        if expected > tree.records {
            let lost = expected - tree.records;
            repaired.lost.push(format!(
                "{lost} of {expected} {} records ({})",
                tree.tree.what(),
                tree.tree.name()
            ));
        }
    }
    repaired.lost.extend(state.behind(found.own));
    if repaired.lost.is_empty() && !is_all(folder, &found)? {
        repaired.lost.push("perhaps the last state of some records, which cannot be told".to_owned());
    }
    // Each record is looked at once more, and copied.
    let copying = meter.part(LOOKED_AT..100, 2 * total);
    let copy = metered(records_of(folder, &log), &copying);
    let unsound = survey(&copy);
    let useless: Vec<&UnsoundRecord> = unsound.iter().filter(|unsound| unsound.is_useless).collect();
    repaired.records = unsound.iter().map(RecordFault::from).collect();
    if !repaired.is_applied {
        return Ok(());
    }
    let new = swap::repaired(folder);
    remove_folder(&new)?;
    let trees = opening::open(&new)?;
    let commits = state.known().map_or(0, |known| known.commits).max(found.own.map_or(0, |own| own.commits));
    copy_all(&copy, &trees)?;
    remove(&trees, &useless)?;
    indexes::distrust(&trees)?;
    let own = identity::follow_on(&trees, commits)?;
    drop(trees);
    swap::replace(folder, &aside, own)?;
    repaired.aside = Some(aside);
    Ok(())
}

/// Whether all that was ever kept is surely among what was found: the tallies say so, and the engine would have
/// passed nothing over.
fn is_all(folder: &Path, found: &CheckResult) -> Result<bool, StoreError> {
    Ok(found.own.is_some() && found.findings.is_empty() && read(folder, Reach::Engine)?.damage.is_empty())
}

pub(super) fn copy_all(copy: &dyn Fn(TreeName, &mut TakeFound<'_>), trees: &Trees) -> Result<(), StoreError> {
    for tree in TreeName::all() {
        let (mut writes, mut count, mut outcome) = (Writes::default(), 0, Ok(()));
        let mut bodies = BodyAssembly::default();
        copy(tree, &mut |key, value| {
            if outcome.is_err() || !tally::counts(tree, key) {
                return;
            }
            outcome = match tree {
                TreeName::Bodies => bodies.take(trees, &mut writes, key, value),
                _ => writes.put_given(trees, tree, key, value),
            };
            count += 1;
            if count % BATCH == 0 && outcome.is_ok() {
                outcome = pieces::keep(&std::mem::take(&mut writes), trees);
            }
        });
        outcome?;
        bodies.finish(trees, &mut writes)?;
        pieces::keep(&writes, trees)?;
    }
    Ok(())
}

fn remove(trees: &Trees, useless: &[&UnsoundRecord]) -> Result<(), StoreError> {
    for batch in useless.chunks(BATCH) {
        let mut writes = Writes::default();
        for unsound in batch {
            writes.remove(unsound.tree, &unsound.key);
        }
        pieces::keep(&writes, trees)?;
    }
    Ok(())
}

/// Closes a database that was put right, and writes its mark.
fn close(folder: &Path, trees: Trees) -> Result<(), StoreError> {
    trees.flush()?;
    let own = identity::mark(&trees)?;
    drop(trees);
    MarkFile::write(folder, own).map(drop).map_err(|error| file_error(&mark::path(folder), &error))
}

/// Where the former database is kept.
pub(super) fn free_name(folder: &Path, ending: &str) -> PathBuf {
    let names = (1..).map(|number: u32| match number {
        1 => beside(folder, ending),
        number => beside(folder, &format!("{ending}-{number}")),
    });
    names
        .take(10_000)
        .find(|path| !path.exists())
        .unwrap_or_else(|| beside(folder, &format!("{ending}-last")))
}

pub(super) fn remove_folder(path: &Path) -> Result<(), StoreError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(file_error(path, &error)),
        _ => Ok(()),
    }
}

/// Files that a crash may leave and that are of no use.
fn left_behind(folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let mut left: Vec<PathBuf> = [".mark.new", ".undo.new", ".swap.new", ".repaired", ".trial"]
        .iter()
        .map(|ending| beside(folder, ending))
        .collect();
    left.retain(|path| path.exists() && !swap::is_pending(folder));
    if File::open(folder).is_ok() {
        left.extend(opening::left_behind(folder)?);
    }
    Ok(left)
}

impl From<&super::check::CountedTree> for TreeCount {
    fn from(counted: &super::check::CountedTree) -> Self {
        Self {
            name: counted.tree.name(),
            what: counted.tree.what(),
            records: counted.records,
            expected: counted.expected,
        }
    }
}

impl From<&UnsoundRecord> for RecordFault {
    fn from(unsound: &UnsoundRecord) -> Self {
        Self {
            tree: unsound.tree.name(),
            what: unsound.tree.what(),
            key: shown_key(&unsound.key),
            reason: unsound.reason.clone(),
        }
    }
}
