//! Packs: the files beside the engine's log in which bodies lie, one behind the other.
//!
//! The engine writes a page of records anew after a few changes to it, and keeps in memory what it reads. Bodies are
//! large and never change, so they lie outside it, in files to which is only ever appended. Under a body's name the
//! tree of bodies says where it lies ([`BodyLocation`]). What was appended is forced to the disk before the transaction
//! that refers to it ([`super::writes::Writes::apply`]); a step that came to nothing leaves bytes that nobody refers to.
//!
//! ```text
//! rwp1 <32 bytes: name> <u32: length of the frame> <u32: CRC-32 of the frame> <the frame>
//! ```
//!
//! A pack of which little is still referred to is emptied by the clean-up ([`super::garbage`]) and then removed.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::domain::id::hex;
use crate::store::frame::Frame;
use crate::store::record::Digest;

/// Begins each body.
const MAGIC: &[u8; 4] = b"rwp1";

/// What stands before a frame.
const HEADER_BYTES: usize = 44;

/// The first byte of a location; a frame of zstd begins with another.
const LOCATION: u8 = b'P';

/// A pack that is longer is not appended to.
const MAX_PACK_BYTES: u64 = 64 << 20;

/// Stands before the number in a pack's file name.
const PREFIX: &str = "pack.";

/// So many packs are kept open.
const MAX_OPEN: usize = 64;

/// Bodies that cannot be read are told up to so many.
const MAX_TOLD: usize = 5;

/// Where a body lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct BodyLocation {
    /// The number of the pack.
    pub(super) pack: u32,
    /// Where in it the body's header begins.
    offset: u64,
    /// How long the frame is.
    pub(super) length: u32,
}

impl BodyLocation {
    /// As it stands in the tree of bodies.
    pub(super) fn encode(self) -> Vec<u8> {
        let (pack, offset, length) =
            (self.pack.to_be_bytes(), self.offset.to_be_bytes(), self.length.to_be_bytes());
        [&[LOCATION][..], &pack, &offset, &length].concat()
    }

    /// From what stands there; `None` if that is a body's part itself.
    pub(super) fn decode(value: &[u8]) -> Option<Self> {
        let [LOCATION, rest @ ..] = value else { return None };
        let (pack, rest) = rest.split_first_chunk()?;
        let (offset, rest) = rest.split_first_chunk()?;
        Some(Self {
            pack: u32::from_be_bytes(*pack),
            offset: u64::from_be_bytes(*offset),
            length: u32::from_be_bytes(rest.try_into().ok()?),
        })
    }

    /// How many bytes of its pack the body takes.
    pub(super) fn bytes(self) -> u64 {
        HEADER_BYTES as u64 + u64::from(self.length)
    }
}

/// The packs of a database.
#[derive(Debug)]
pub(super) struct Packs {
    folder: PathBuf,
    /// Those that were opened.
    files: Mutex<HashMap<u32, Arc<File>>>,
    end: Mutex<PackEnd>,
}

/// Where the next body goes.
#[derive(Debug, Default)]
struct PackEnd {
    /// The last pack; 0 before there is one.
    pack: u32,
    length: u64,
    /// Whether something was appended that may not be on the disk yet.
    is_unforced: bool,
    /// Why nothing more is taken: nobody knows what the system dropped.
    failure: Option<String>,
}

impl Packs {
    /// The packs in a database's folder. Nothing is written.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        let (pack, length) = sizes(folder)?.into_iter().next_back().unwrap_or_default();
        let end = Mutex::new(PackEnd { pack, length, ..PackEnd::default() });
        Ok(Self { folder: folder.to_owned(), files: Mutex::default(), end })
    }

    /// Appends a body; it is on the disk after the next [`Self::force`].
    ///
    /// # Errors
    /// The system's.
    pub(super) fn append(&self, name: &Digest, frame: &Frame) -> io::Result<BodyLocation> {
        let mut end = self.end();
        let appended = self.appended(&mut end, name, frame);
        if let Err(error) = &appended {
            end.failure = Some(error.to_string());
        }
        appended
    }

    fn appended(&self, end: &mut PackEnd, name: &Digest, frame: &Frame) -> io::Result<BodyLocation> {
        let length = u32::try_from(frame.len()).map_err(io::Error::other)?;
        if end.pack == 0 || end.length >= MAX_PACK_BYTES {
            let pack = end.pack;
            Self::forced(end, || self.file(pack))?;
            *end = PackEnd { pack: end.pack + 1, length: 0, ..PackEnd::default() };
            self.create(end.pack)?;
        }
        let location = BodyLocation { pack: end.pack, offset: end.length, length };
        let file = self.file(end.pack)?;
        end.is_unforced = true;
        let (mut checksum, mut at) = (crc32fast::Hasher::new(), end.length + HEADER_BYTES as u64);
        frame.parts(|part| {
            checksum.update(part);
            file.write_all_at(part, at)?;
            at += part.len() as u64;
            Ok(())
        })?;
        let header = [&MAGIC[..], name, &length.to_be_bytes(), &checksum.finalize().to_be_bytes()].concat();
        file.write_all_at(&header, end.length)?;
        end.length += location.bytes();
        Ok(location)
    }

    /// Forces to the disk what was appended.
    ///
    /// # Errors
    /// The system's, of this and of every later call; and of each call after a body could not be appended.
    pub(super) fn force(&self) -> io::Result<()> {
        let mut end = self.end();
        if let Some(reason) = &end.failure {
            return Err(io::Error::other(reason.clone()));
        }
        let pack = end.pack;
        let forced = Self::forced(&mut end, || self.file(pack));
        if let Err(error) = &forced {
            end.failure = Some(error.to_string());
        }
        forced
    }

    fn forced(end: &mut PackEnd, file: impl FnOnce() -> io::Result<Arc<File>>) -> io::Result<()> {
        if end.is_unforced {
            file()?.sync_data()?;
            end.is_unforced = false;
        }
        Ok(())
    }

    /// Returns a body's frame.
    ///
    /// # Errors
    /// The system's; [`io::ErrorKind::InvalidData`] if something else lies there.
    pub(super) fn read(&self, name: &Digest, location: BodyLocation) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; HEADER_BYTES + location.length as usize];
        self.file(location.pack)?.read_exact_at(&mut bytes, location.offset)?;
        let frame = bytes.split_off(HEADER_BYTES);
        let expected =
            [&MAGIC[..], name, &location.length.to_be_bytes(), &crc32fast::hash(&frame).to_be_bytes()];
        if bytes != expected.concat() {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "it is not what was written"));
        }
        Ok(frame)
    }

    /// Why bodies cannot be read from where they should lie; empty if all can. A few are named.
    pub(super) fn findings(&self, mut bodies: Vec<(BodyLocation, Digest)>) -> Vec<String> {
        bodies.sort_unstable();
        let mut faults = bodies.iter().filter_map(|(location, name)| {
            let error = self.read(name, *location).err()?;
            Some(format!("body {} in {PREFIX}{:08}: {error}", hex(name), location.pack))
        });
        let mut findings: Vec<String> = faults.by_ref().take(MAX_TOLD).collect();
        let more = faults.count();
        if more > 0 {
            findings.push(format!("and {more} more bodies"));
        }
        findings
    }

    /// The packs that are not appended to any more, with their lengths.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn finished(&self) -> io::Result<BTreeMap<u32, u64>> {
        let last = self.end().pack;
        let mut finished = sizes(&self.folder)?;
        finished.retain(|pack, _| *pack < last);
        Ok(finished)
    }

    /// Removes a pack in which nothing lies that is referred to.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn remove(&self, pack: u32) -> io::Result<()> {
        self.files().remove(&pack);
        fs::remove_file(path(&self.folder, pack))
    }

    fn create(&self, pack: u32) -> io::Result<()> {
        let mut options = OpenOptions::new();
        let file =
            options.read(true).write(true).create_new(true).mode(0o600).open(path(&self.folder, pack))?;
        File::open(&self.folder)?.sync_all()?;
        self.files().insert(pack, Arc::new(file));
        Ok(())
    }

    fn file(&self, pack: u32) -> io::Result<Arc<File>> {
        let mut files = self.files();
        if let Some(file) = files.get(&pack) {
            return Ok(Arc::clone(file));
        }
        let path = path(&self.folder, pack);
        // Of a copy that is only looked at, nothing may be writable.
        let file = OpenOptions::new().read(true).write(true).open(&path).or_else(|_| File::open(&path))?;
        let file = Arc::new(file);
        if files.len() >= MAX_OPEN {
            files.clear();
        }
        files.insert(pack, Arc::clone(&file));
        Ok(file)
    }

    fn files(&self) -> MutexGuard<'_, HashMap<u32, Arc<File>>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self) -> MutexGuard<'_, PackEnd> {
        self.end.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn path(folder: &Path, pack: u32) -> PathBuf {
    folder.join(format!("{PREFIX}{pack:08}"))
}

/// Has a copy of a database's file, which nobody writes meanwhile, lie elsewhere. A pack to which nothing is appended
/// any more is the same file under another name, where the file system allows that.
///
/// # Errors
/// The system's.
pub(super) fn copy_file(from: &Path, to: &Path) -> io::Result<()> {
    let folder = from.parent().unwrap_or(Path::new("."));
    let last = sizes(folder)?.into_keys().next_back();
    let is_finished = |number: u32| last.is_some_and(|last| number < last);
    if from.file_name().and_then(number).is_some_and(is_finished) && fs::hard_link(from, to).is_ok() {
        return Ok(());
    }
    fs::copy(from, to).map(drop)
}

/// Whether a file is called as a pack is.
pub(super) fn is_pack(name: &OsStr) -> bool {
    number(name).is_some()
}

/// The number of the pack that a file is called after.
fn number(name: &OsStr) -> Option<u32> {
    name.to_str()?.strip_prefix(PREFIX)?.parse().ok()
}

/// The packs in a folder with their lengths.
fn sizes(folder: &Path) -> io::Result<BTreeMap<u32, u64>> {
    let mut sizes = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if let Some(number) = number(&entry.file_name()) {
            sizes.insert(number, entry.metadata()?.len());
        }
    }
    Ok(sizes)
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    use super::*;
    use crate::store::kept::check::check;
    use crate::store::kept::trees::TreeName;
    use crate::store::kept::writes::Writes;
    use crate::store::kept::{admission, garbage, opening, pieces};

    fn noise(seed: u64, bytes: usize) -> Vec<u8> {
        let blocks =
            (0_u64..).map(|block| Sha256::digest([seed.to_be_bytes(), block.to_be_bytes()].concat()));
        blocks.flatten().take(bytes).collect()
    }

    /// A database with these bodies, and their names.
    fn with_bodies(folder: &Path, contents: &[Vec<u8>]) -> Vec<Digest> {
        let (trees, _, _) = admission::admit(folder, false).unwrap();
        let put = |content: &Vec<u8>| {
            let mut writes = Writes::default();
            let name = writes.put_body(&trees, content).unwrap();
            pieces::keep(&writes, &trees).unwrap();
            name
        };
        contents.iter().map(put).collect()
    }

    #[test]
    fn a_location_is_told_from_a_part() {
        let location = BodyLocation { pack: 7, offset: u64::MAX, length: 9 };
        assert_eq!(BodyLocation::decode(&location.encode()), Some(location));
        let frame = crate::store::compression::compress(b"P").unwrap();
        for part in
            [&frame[..], b"", b"P", &location.encode()[..16], &[&location.encode()[..], b"x"].concat()]
        {
            assert_eq!(BodyLocation::decode(part), None, "{part:?}");
        }
    }

    #[test]
    fn bodies_lie_beside_the_log_and_come_back_after_any_number_of_openings() {
        let state = tempfile::tempdir().unwrap();
        let folder = state.path().join("db");
        let contents: Vec<_> = (0..6).map(|seed| noise(seed, 5_000)).collect();
        let (first, second) = contents.split_at(3);
        let names = [with_bodies(&folder, first), with_bodies(&folder, second)].concat();
        let trees = opening::open(&folder).unwrap();
        for (name, content) in names.iter().zip(&contents) {
            assert_eq!(trees.body(name).unwrap().as_ref(), Some(content));
        }
        assert_eq!(sizes(&folder).unwrap().len(), 1, "one pack");
        assert_eq!(trees.tree(TreeName::Bodies).len().unwrap(), contents.len());
    }

    #[test]
    fn a_pack_that_is_hurt_anywhere_in_a_body_is_refused_and_what_is_behind_the_last_is_not_missed() {
        let state = tempfile::tempdir().unwrap();
        let folder = state.path().join("db");
        with_bodies(&folder, &[noise(1, 3_000), noise(2, 3_000)]);
        let file = path(&folder, 1);
        let whole = fs::read(&file).unwrap();
        let mut hurts: Vec<Vec<u8>> = vec![Vec::new(), whole[..whole.len() - 1].to_vec()];
        for place in (0..whole.len()).step_by(97) {
            let mut hurt = whole.clone();
            hurt[place] ^= 1;
            hurts.push(hurt);
        }
        for hurt in hurts {
            // Of an empty pack both bodies are missing.
            let missed = if hurt.is_empty() { 2 } else { 1 };
            fs::write(&file, hurt).unwrap();
            assert_eq!(check(&folder).unwrap().findings.len(), missed);
            admission::admit(&folder, true).unwrap_err();
        }
        fs::remove_file(&file).unwrap();
        assert_eq!(check(&folder).unwrap().findings.len(), 2);
        fs::write(&file, [&whole[..], b"what a killed process left"].concat()).unwrap();
        let name = with_bodies(&folder, &[noise(3, 3_000)])[0];
        let trees = opening::open(&folder).unwrap();
        assert_eq!(trees.body(&name).unwrap(), Some(noise(3, 3_000)));
    }

    #[test]
    fn what_an_older_program_kept_in_parts_is_read_and_goes_like_any_other() {
        let state = tempfile::tempdir().unwrap();
        let trees = opening::open(state.path()).unwrap();
        let content = noise(1, 30_000);
        let frame = crate::store::compression::compress(&content).unwrap();
        let name: Digest = Sha256::digest(&content).into();
        let mut writes = Writes::default();
        for (number, part) in (0_u16..).zip(frame.chunks(2048)) {
            let key = [&name[..], &number.to_be_bytes()].concat();
            writes.put_raw(TreeName::Bodies, &key, part.to_vec()).unwrap();
        }
        pieces::keep(&writes, &trees).unwrap();
        assert_eq!(trees.body(&name).unwrap().as_ref(), Some(&content));
        let mut again = Writes::default();
        assert_eq!(again.put_body(&trees, &content).unwrap(), name);
        assert!(again.is_empty(), "it is there");
        trees.remove_body(&name, &mut again).unwrap();
        pieces::keep(&again, &trees).unwrap();
        assert!(trees.tree(TreeName::Bodies).is_empty().unwrap());
    }

    #[test]
    fn a_pack_of_which_little_is_left_is_emptied_and_removed() {
        let state = tempfile::tempdir().unwrap();
        let contents: Vec<_> = (0..5).map(|seed| noise(seed, 4_000)).collect();
        let names = with_bodies(state.path(), &contents);
        let trees = opening::open(state.path()).unwrap();
        let packs = &trees.files().unwrap().packs;
        packs.end().length = MAX_PACK_BYTES;
        let mut writes = Writes::default();
        for name in &names[1..] {
            trees.remove_body(name, &mut writes).unwrap();
        }
        pieces::keep(&writes, &trees).unwrap();
        let mut writes = Writes::default();
        let other = writes.put_body(&trees, b"in the next pack").unwrap();
        pieces::keep(&writes, &trees).unwrap();
        garbage::remove_empty_packs(&trees).unwrap();
        let moving = garbage::in_sparse_packs(&trees).unwrap();
        assert_eq!(moving, names[..1]);
        let mut writes = Writes::default();
        garbage::move_bodies(&trees, &mut writes, &moving).unwrap();
        pieces::keep(&writes, &trees).unwrap();
        garbage::remove_empty_packs(&trees).unwrap();
        assert_eq!(sizes(state.path()).unwrap().into_keys().collect::<Vec<_>>(), [2]);
        assert_eq!(trees.body(&names[0]).unwrap().as_ref(), Some(&contents[0]));
        assert_eq!(trees.body(&other).unwrap().as_deref(), Some(&b"in the next pack"[..]));
    }

    #[test]
    fn once_a_body_could_not_be_appended_nothing_is_taken() {
        let state = tempfile::tempdir().unwrap();
        let trees = opening::open(state.path()).unwrap();
        let mut writes = Writes::default();
        writes.put_body(&trees, b"one").unwrap();
        trees.files().unwrap().packs.end().failure = Some("the disk is full".to_owned());
        assert!(writes.apply(&trees).is_err());
        assert!(trees.tree(TreeName::Bodies).is_empty().unwrap());
    }
}
