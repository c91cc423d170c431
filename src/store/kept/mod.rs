//! What is kept, and the databases that keep it.
//!
//! Whatever the database, what is kept are records that stand in trees in the order of their keys. `trees` and `tree`
//! show a step what there is, `writes` gathers what it writes; `operations` has what may be asked, as steps and looks
//! of the files named after their subjects. `database` names the databases.
//!
//! sled's default use loses acknowledged data on a power cut; what is done about it is spread over the files here as
//! rules of one kind each: `durability` forces the log to the disk, `opening` mends what a crash leaves behind, `writes`
//! keeps every value small, `writer` flushes once before it acknowledges. `docs/adr/0003-sled.md` has the reasons and
//! the measurements. What belongs to PostgreSQL alone is in its folder, with `docs/adr/0013-postgresql.md`.

mod admission;
mod archive;
mod bodies;
mod breakers;
mod chain;
mod changes;
mod check;
pub(super) mod claims;
mod clock;
mod consent;
pub(super) mod copying;
pub(super) mod database;
mod decoded;
mod durability;
mod erasure;
mod events;
mod filling;
mod followers;
mod found;
pub(super) mod garbage;
mod glances;
mod history;
mod hooks;
pub(super) mod identity;
mod inbox;
mod incidents;
mod indexes;
mod items;
mod keys;
mod left;
mod lines;
mod lock;
mod log;
mod mark;
mod named_on;
pub(super) mod opening;
mod operations;
mod outbox;
mod packs;
#[cfg(test)]
mod passing_over;
mod pauses;
mod pieces;
pub(super) mod postgres;
mod pulse;
mod records;
mod remake;
mod repair;
mod retention;
mod retractions;
mod screenings;
mod size;
mod sources;
mod spellings;
mod subscribers;
mod suppression;
pub(super) mod survey;
mod swap;
mod tally;
mod tokens;
mod tree;
pub(super) mod trees;
mod trial;
mod undo;
mod walk;
mod writer;
pub(super) mod writes;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use self::admission::take_installation;
use self::bodies::first_chunk;
pub(super) use self::database::{Database, ask};
use self::lock::Lock;
pub(super) use self::remake::{check_backup, compact, import, restore};
pub(super) use self::repair::{repair, verify};
use self::trees::{Opening, TreeName, Trees};
use self::writer::{DatabasePlace, OpenDatabase, SharedDatabase, StepWeight, Writer};
use self::writes::Writes;
use super::bell::SourceBell;
use super::boundary::{Archived, BackupNote, KindStats, Opened, StoreSize};
use super::error::StoreError;
use super::keeping::PendingWrite;
use crate::domain::id::InstallationId;
use crate::domain::keyed_link::LinkKey;
use crate::domain::meter::Meter;

/// An open sled database that this process owns.
#[derive(Debug, Clone)]
pub(super) struct Sled {
    shared: SharedDatabase,
    writer: Writer,
    installation: InstallationId,
    opened: Opened,
    folder: PathBuf,
    is_surveyed: Arc<AtomicBool>,
    measured: Arc<size::Measured>,
    /// One clean-up at a time.
    collecting: Arc<tokio::sync::Mutex<()>>,
    opening: Arc<Opening>,
}

impl Sled {
    pub(super) fn open(folder: &Path, is_required: bool) -> Result<Self, StoreError> {
        make_parent(folder)?;
        let lock = Lock::take(folder)?;
        let (trees, mark, opened) = admission::admit(folder, is_required)?;
        let installation = InstallationId::of(&mark.mark().installation);
        let place = DatabasePlace::of(folder).map_err(|error| admission::file_error(folder, &error))?;
        let opening = Arc::clone(&trees.opening);
        let open = OpenDatabase { trees, mark: Mutex::new(mark), folder: folder.to_owned(), place, lock };
        let shared: SharedDatabase = Arc::new(RwLock::new(Some(open)));
        let writer = Writer::start(Arc::clone(&shared)).map_err(|error| StoreError::Open {
            path: folder.display().to_string(),
            reason: error.to_string(),
        })?;
        Ok(Self {
            shared,
            writer,
            installation,
            opened,
            folder: folder.to_owned(),
            is_surveyed: Arc::default(),
            measured: Arc::default(),
            collecting: Arc::default(),
            opening,
        })
    }

    /// Rings for each source of which something is written that says when it is read.
    pub(super) fn bell(&self) -> &SourceBell {
        &self.opening.bell
    }

    /// What is known of this opening.
    pub(super) fn opening(&self) -> &Arc<Opening> {
        &self.opening
    }

    /// Whose database it is.
    pub(super) fn installation(&self) -> &InstallationId {
        &self.installation
    }

    /// Whose database lies there, as the mark beside it says.
    pub(super) fn installation_beside(folder: &Path) -> Option<InstallationId> {
        match mark::Mark::find(folder) {
            Ok(mark::MarkFound::Mark(mark)) => Some(InstallationId::of(&mark.installation)),
            _ => None,
        }
    }

    /// What was found when it was opened.
    pub(super) fn opened(&self) -> Opened {
        self.opened
    }

    /// Where it lies.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// How long its log and its packs are.
    pub(super) fn bytes(&self) -> u64 {
        size::bytes_in(&self.folder)
    }

    /// How large it is; measured unless it was within this time.
    pub(super) async fn size(&self, max_age: Duration) -> Result<StoreSize, StoreError> {
        let (measured, folder) = (Arc::clone(&self.measured), self.folder.clone());
        self.read(move |trees| measured.get(trees, &folder, max_age)).await
    }

    /// See [`OpenDatabase::is_in_place`].
    pub(super) async fn is_in_place(&self) -> Result<(), StoreError> {
        let shared = Arc::clone(&self.shared);
        blocking(move || {
            let open = shared.read().unwrap_or_else(PoisonError::into_inner);
            open.as_ref().ok_or(StoreError::Closed)?.is_in_place()
        })
        .await
    }

    /// Looks at every record and keeps in mind those that cannot be read.
    pub(super) async fn survey(&self) -> Result<(), StoreError> {
        self.read(survey_into).await?;
        self.is_surveyed.store(true, Ordering::SeqCst);
        Ok(())
    }

    /// Whether every record was looked at.
    pub(super) fn is_surveyed(&self) -> bool {
        self.is_surveyed.load(Ordering::SeqCst)
    }

    /// See [`Trees::unreadable`].
    pub(super) fn unreadable(&self) -> Vec<String> {
        let open = self.shared.read().unwrap_or_else(PoisonError::into_inner);
        open.as_ref().map(|open| open.trees.unreadable()).unwrap_or_default()
    }

    /// See [`pulse::Pulse::age`].
    pub(super) fn last_durable(&self) -> Duration {
        self.writer.pulse().age()
    }

    /// Waits until the writer takes nothing more; gives the reason.
    pub(super) async fn failure(&self) -> String {
        self.writer.pulse().failure().await
    }

    /// Looks something up and waits for it.
    pub(super) fn look_at_once<R>(
        &self,
        look: impl FnOnce(&Trees) -> Result<R, StoreError>,
    ) -> Result<R, StoreError> {
        let open = self.shared.read().unwrap_or_else(PoisonError::into_inner);
        look(&open.as_ref().ok_or(StoreError::Closed)?.trees)
    }

    /// Looks something up.
    pub(super) async fn read<R: Send + 'static>(
        &self,
        look: impl FnOnce(&Trees) -> Result<R, StoreError> + Send + 'static,
    ) -> Result<R, StoreError> {
        let shared = Arc::clone(&self.shared);
        blocking(move || {
            let open = shared.read().unwrap_or_else(PoisonError::into_inner);
            look(&open.as_ref().ok_or(StoreError::Closed)?.trees)
        })
        .await
    }

    /// Looks something small up that every read needs: at once, since a thread of its own would cost more than the
    /// look, unless somebody has the database for themselves.
    pub(super) async fn look_up<R: Send + 'static>(
        &self,
        look: impl FnOnce(&Trees) -> Result<R, StoreError> + Send + 'static,
    ) -> Result<R, StoreError> {
        if let Ok(open) = self.shared.try_read() {
            return caught(|| look(&open.as_ref().ok_or(StoreError::Closed)?.trees));
        }
        self.read(look).await
    }

    /// Does a step; it is durable when this returns. See [`Writer::write`].
    pub(super) async fn write<R: Send + 'static>(
        &self,
        step: impl FnOnce(&Trees, &mut Writes) -> Result<R, StoreError> + Send + 'static,
    ) -> Result<R, StoreError> {
        self.writer.write(step).await
    }

    /// Has a step done that its caller need not wait for yet, together with others. See
    /// [`Writer::write_together`].
    pub(super) fn write_together<R: Send + 'static>(
        &self,
        weight: StepWeight,
        step: impl FnOnce(&Trees, &mut Writes) -> Result<R, StoreError> + Send + 'static,
    ) -> PendingWrite<R> {
        self.writer.write_together(weight, step)
    }

    /// See [`Writer::flush_soon`].
    pub(super) fn flush_soon(&self) {
        self.writer.flush_soon();
    }

    /// Writes a backup into a file, or lines of JSON; nobody writes while the database's file is copied.
    pub(super) async fn archive(
        &self,
        path: PathBuf,
        as_lines: bool,
        meter: &Meter,
    ) -> Result<Archived, StoreError> {
        let (shared, pulse) = (Arc::clone(&self.shared), Arc::clone(self.writer.pulse()));
        let (folder, meter) = (self.folder.clone(), meter.clone());
        blocking(move || {
            let copy = {
                let open = shared.write().unwrap_or_else(PoisonError::into_inner);
                let open = open.as_ref().ok_or(StoreError::Closed)?;
                open.trees.flush()?;
                archive::DatabaseCopy::of(&folder)?
            };
            pulse.beat();
            if as_lines { write_lines(&copy, &path, &meter) } else { write_backup(&copy, &path, &meter) }
        })
        .await
    }

    /// Writes out what is left and gives the database free for another process.
    pub(super) async fn close(&self) -> Result<(), StoreError> {
        let shared = Arc::clone(&self.shared);
        blocking(move || {
            let open = shared.write().unwrap_or_else(PoisonError::into_inner).take();
            open.map_or(Ok(()), OpenDatabase::close)
        })
        .await
    }
}

/// Writes a backup of a copy of a database's files.
fn write_backup(copy: &archive::DatabaseCopy, path: &Path, meter: &Meter) -> Result<Archived, StoreError> {
    let (header, log, records) = copy.read()?;
    let writing = meter.part(archive::CHECKED..100, records);
    archive::write(&header, &archive::walk_of(copy.folder(), &log), path, &writing)
}

/// The same as lines of JSON.
fn write_lines(copy: &archive::DatabaseCopy, path: &Path, meter: &Meter) -> Result<Archived, StoreError> {
    let (installation, commits, records) = copy.whose()?;
    let writing = meter.part(archive::CHECKED..100, records);
    let trees = opening::open(copy.folder())?;
    lines::write((&trees, &walk::of_trees(&trees)), (installation, commits), path, &writing)
}

/// Looks at every record and keeps in mind those that cannot be read.
pub(super) fn survey_into(trees: &Trees) -> Result<(), StoreError> {
    let unsound = survey::survey(&|name, take| {
        for (key, value) in trees.pairs(trees.tree(name).iter()).flatten() {
            trees.parts(name, &key, &value, take);
        }
    });
    for survey::UnsoundRecord { tree, key, reason, .. } in unsound {
        trees.pass_over(super::record::undecodable(tree.what(), &key, reason))?;
    }
    Ok(())
}

impl From<::sled::Error> for StoreError {
    fn from(error: ::sled::Error) -> Self {
        let is_unreadable = matches!(error, ::sled::Error::Corruption { .. });
        Self::Engine { reason: error.to_string(), is_unreadable }
    }
}

async fn blocking<R: Send + 'static>(
    work: impl FnOnce() -> Result<R, StoreError> + Send + 'static,
) -> Result<R, StoreError> {
    tokio::task::spawn_blocking(|| caught(work)).await.unwrap_or(Err(StoreError::Closed))
}

/// Does work of the engine, which panics on some damage that it could report.
fn caught<R>(work: impl FnOnce() -> Result<R, StoreError>) -> Result<R, StoreError> {
    let gave_up = |_| Err(StoreError::Unreadable { reason: "the engine gave up".to_owned() });
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(gave_up)
}

fn make_parent(folder: &Path) -> Result<(), StoreError> {
    let Some(parent) = folder.parent() else { return Ok(()) };
    std::fs::create_dir_all(parent)
        .map_err(|error| StoreError::File { path: parent.display().to_string(), reason: error.to_string() })
}

/// The hash of records as they lie in the trees; nothing where none is there. A large one counts by the hash of its body.
fn version(records: &[&Option<trees::Bytes>]) -> Option<[u8; 32]> {
    let mut hasher = Sha256::new();
    for record in records {
        let length = record.as_ref().map_or(u64::MAX, |record| record.len() as u64);
        hasher.update(length.to_be_bytes());
        hasher.update(record.as_deref().unwrap_or_default());
    }
    records.iter().any(|record| record.is_some()).then(|| hasher.finalize().into())
}

/// Whether a setting is of the engine and says nothing of what is kept.
pub(super) fn is_engines_own(key: &[u8]) -> bool {
    !tally::counts(TreeName::Meta, key)
        || [opening::OPENED, indexes::RIGHT_AT, identity::LINEAGE, BEATS].contains(&key)
}

const BEATS: &[u8] = b"beats";

/// Writes next to nothing.
pub(super) fn beat(trees: &Trees, writes: &mut Writes) -> Result<(), StoreError> {
    let beats = writes::number(trees.tree(TreeName::Meta).get(BEATS)?.as_deref()).wrapping_add(1);
    writes.put_raw(TreeName::Meta, BEATS, beats.to_be_bytes().to_vec())
}

/// Records and bytes of every tree, the most bytes first.
pub(super) fn kinds(trees: &Trees) -> Result<Vec<KindStats>, StoreError> {
    let mut kinds = Vec::new();
    for tree in TreeName::all() {
        let (mut records, mut bytes) = (0, 0);
        for pair in trees.pairs(trees.tree(tree).iter()) {
            let (key, value) = pair?;
            records += 1;
            bytes += (key.len() + value.len()) as u64 + size::packed_bytes(tree, &value);
        }
        kinds.push(KindStats { name: tree.name().to_owned(), records, bytes });
    }
    kinds.sort_by_key(|kind| std::cmp::Reverse(kind.bytes));
    Ok(kinds)
}

/// Where a backup lies until it is fetched.
pub(super) const ARCHIVE: &str = ".backup";

/// The last backup that was taken.
const BACKUP: &[u8] = b"backup";

/// The last backup that was taken of this database.
pub(super) fn backup_note(trees: &Trees) -> Result<Option<BackupNote>, StoreError> {
    trees.get(TreeName::Meta, BACKUP)
}

/// Notes that a backup was taken.
pub(super) fn note_backup(trees: &Trees, writes: &mut Writes, note: &BackupNote) -> Result<(), StoreError> {
    writes.put(trees, TreeName::Meta, BACKUP, note)
}

const INSTANCE_KEY: &[u8] = b"instance-key";

/// Stands in the database once every subscriber can be found by their links.
const INDEXED: &[u8] = b"subscribers-indexed";

/// Stands in the database once every address is known by its small letters.
const FOLDED: &[u8] = b"addresses-folded";

/// Stands in the database once what is found in a pause is collected.
const COLLECTED: &[u8] = b"pauses-collected";

/// A key the installation makes up once: the first candidate is kept for ever. With it goes the index
/// that leads from a subscriber's links to them, for those who were there before, and what was found in
/// pauses that began before that was collected. A database without a key was made just now, which is noted.
pub(super) fn instance_key(
    trees: &Trees,
    writes: &mut Writes,
    candidate: [u8; 32],
) -> Result<[u8; 32], StoreError> {
    let kept = kept_key(trees)?;
    let key = kept.unwrap_or(candidate);
    if kept.is_none() {
        writes.put_raw(TreeName::Meta, INSTANCE_KEY, key.to_vec())?;
        clock::begin(trees, writes)?;
    }
    if !trees.tree(TreeName::Meta).contains_key(INDEXED)? {
        subscribers::index_all(trees, writes, &LinkKey::new(key))?;
        writes.put_raw(TreeName::Meta, INDEXED, Vec::new())?;
    }
    if !trees.tree(TreeName::Meta).contains_key(FOLDED)? {
        spellings::fold(trees, writes, &LinkKey::new(key))?;
        writes.put_raw(TreeName::Meta, FOLDED, Vec::new())?;
    }
    if !trees.tree(TreeName::Meta).contains_key(COLLECTED)? {
        items::collect_paused(trees, writes)?;
        writes.put_raw(TreeName::Meta, COLLECTED, Vec::new())?;
    }
    Ok(key)
}

/// The installation's key, once it has one.
fn kept_key(trees: &Trees) -> Result<Option<[u8; 32]>, StoreError> {
    let Some(kept) = trees.tree(TreeName::Meta).get(INSTANCE_KEY)? else { return Ok(None) };
    kept[..].try_into().map(Some).map_err(|_| {
        let reason = format!("{} bytes, expected 32", kept.len());
        super::record::undecodable("setting", INSTANCE_KEY, reason)
    })
}
