//! The whole database in one file: a backup, and its records as lines of JSON.
//!
//! The file of a database that is open is copied while nobody writes, which takes as long as copying it; the copy is
//! looked at as at a start, and what it holds is then written out at leisure. So a backup is one moment's state,
//! and one that was taken is known to be sound.
//!
//! A backup is a zstd stream of: a line of JSON that says what it is; then sections, a byte each: 1 begins a tree
//! (length and name), 2 is a record (length and key, length and value); then 0, the number of records, and the
//! SHA-256 of all before that. One that was cut short or changed anywhere does not end so.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::admission::{damaged, file_error};
use super::check::check;
use super::log::{Log, Reach};
use super::packs;
use super::repair::records_of;
use super::tally;
use super::trees::TreeName;
use super::walk::{Take, Walk};
use crate::domain::id::hex;
use crate::domain::meter::{Meter, WorkPart};
use crate::store::boundary::Archived;
use crate::store::error::StoreError;

/// What a backup's first line says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct BackupHeader {
    /// That it is one.
    format: String,
    /// In which form.
    form: u32,
    /// Which program wrote it.
    program: String,
    /// Whose state it is.
    pub(super) installation: String,
    /// After how many commits.
    pub(super) commits: u64,
}

const FORMAT: &str = "regwatch-backup";
const FORM: u32 = 1;

/// Pages shrink to a fifth at 200 MB/s.
const LEVEL: i32 = 3;

/// No name, key or value is longer.
const MAX_PART_BYTES: u32 = 1 << 20;

/// A longer first line is none of ours.
const MAX_HEADER_BYTES: usize = 4096;

const TREE: u8 = 1;
const RECORD: u8 = 2;
const END: u8 = 0;

impl BackupHeader {
    /// What is said of a backup of this installation's state after so many commits; a server counts none.
    pub(super) fn new(installation: &[u8], commits: u64) -> Self {
        Self {
            format: FORMAT.to_owned(),
            form: FORM,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            installation: hex(installation),
            commits,
        }
    }
}

/// A copy of a database's files, removed when it is dropped.
#[derive(Debug)]
pub(super) struct DatabaseCopy {
    folder: tempfile::TempDir,
}

impl DatabaseCopy {
    /// Copies the files of a database to a folder beside it. Nobody may write meanwhile.
    ///
    /// # Errors
    /// The system's: too little room above all.
    pub(super) fn of(folder: &Path) -> Result<Self, StoreError> {
        let parent = folder.parent().unwrap_or(Path::new("."));
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let copy = tempfile::Builder::new().prefix(&format!("{name}.copy-")).tempdir_in(parent);
        let copy = copy.map_err(|error| file_error(parent, &error))?;
        for entry in fs::read_dir(folder).map_err(|error| file_error(folder, &error))? {
            let entry = entry.map_err(|error| file_error(folder, &error))?;
            let (from, to) = (entry.path(), copy.path().join(entry.file_name()));
            if from.is_file() {
                packs::copy_file(&from, &to).map_err(|error| file_error(&to, &error))?;
            }
        }
        Ok(Self { folder: copy })
    }

    /// Where it lies.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Whose state it is, after how many commits, and how many records it holds; it is whole.
    ///
    /// # Errors
    /// [`StoreError::Damaged`]; the system's.
    pub(super) fn whose(&self) -> Result<(String, u64, u64), StoreError> {
        let (header, _, records) = self.read()?;
        Ok((header.installation, header.commits, records))
    }

    /// Reads it, if it is whole; also tells how many records it holds.
    ///
    /// # Errors
    /// [`StoreError::Damaged`]; the system's.
    pub(super) fn read(&self) -> Result<(BackupHeader, Log, u64), StoreError> {
        let folder = self.folder.path();
        let checked = check(folder)?;
        if let Some(finding) = checked.findings.first() {
            return Err(damaged(folder, finding));
        }
        let own = checked.own.ok_or_else(|| damaged(folder, "it does not say whose it is"))?;
        let log = Log::read(folder, Reach::Engine).map_err(|error| file_error(&folder.join("db"), &error))?;
        let header = BackupHeader::new(&own.installation, own.commits);
        let records = checked.trees.iter().map(|tree| tree.records).sum();
        Ok((header, log, records))
    }
}

/// How much of the work is done, in percent, once the copy was looked at.
pub(super) const CHECKED: u8 = 30;

/// A file that is read, of which each byte is a piece of the work.
pub(super) struct Metered<R> {
    pub(super) inner: R,
    pub(super) part: WorkPart,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(bytes)?;
        self.part.advance(read as u64);
        Ok(read)
    }
}

/// Hashes what is written on its way.
struct Hashing<W> {
    inner: W,
    hasher: Sha256,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

fn put(out: &mut impl Write, kind: u8, parts: &[&[u8]]) -> io::Result<()> {
    out.write_all(&[kind])?;
    for part in parts {
        let length = u32::try_from(part.len()).map_err(io::Error::other)?;
        out.write_all(&length.to_be_bytes())?;
        out.write_all(part)?;
    }
    Ok(())
}

/// The records of a log that is whole, bodies in parts wherever they lie.
pub(super) fn walk_of<'a>(
    folder: &Path,
    log: &'a Log,
) -> impl Fn(TreeName, &mut Take<'_>) -> Result<(), StoreError> + 'a {
    let records = records_of(folder, log);
    move |tree, take| {
        let mut outcome = Ok(());
        records(tree, &mut |key, value| {
            if outcome.is_ok() {
                outcome = take(key, value);
            }
        });
        outcome
    }
}

/// Writes a backup into a file, which must not be there yet. It is on the disk when this returns.
///
/// # Errors
/// The walk's, the system's.
pub(super) fn write(
    header: &BackupHeader,
    walk: &Walk<'_>,
    path: &Path,
    writing: &WorkPart,
) -> Result<Archived, StoreError> {
    let of_file = |error: io::Error| file_error(path, &error);
    let file = File::create_new(path).map_err(of_file)?;
    let zstd = zstd::Encoder::new(BufWriter::new(file), LEVEL).map_err(of_file)?;
    let mut out = Hashing { inner: zstd, hasher: Sha256::new() };
    let line = serde_json::to_vec(&header).map_err(|error| of_file(error.into()))?;
    out.write_all(&line).and_then(|()| out.write_all(b"\n")).map_err(of_file)?;
    let mut count: u64 = 0;
    for tree in TreeName::all() {
        put(&mut out, TREE, &[tree.name().as_bytes()]).map_err(of_file)?;
        walk(tree, &mut |key, value| {
            writing.advance(1);
            if !tally::counts(tree, key) {
                return Ok(());
            }
            count += 1;
            put(&mut out, RECORD, &[key, value]).map_err(of_file)
        })?;
    }
    out.write_all(&[END]).and_then(|()| out.write_all(&count.to_be_bytes())).map_err(of_file)?;
    let Hashing { inner: mut zstd, hasher } = out;
    let sha256 = hasher.finalize();
    zstd.write_all(&sha256).map_err(of_file)?;
    let file = zstd.finish().and_then(|buffer| buffer.into_inner().map_err(io::IntoInnerError::into_error));
    let file = file.map_err(of_file)?;
    file.sync_all().map_err(of_file)?;
    let bytes = file.metadata().map_err(of_file)?.len();
    Ok(Archived {
        path: path.to_owned(),
        bytes,
        records: count,
        commits: header.commits,
        sha256: hex(&sha256),
    })
}

/// Is handed each record of a backup.
pub(super) type TakeRecord<'a> = dyn FnMut(TreeName, &[u8], &[u8]) -> Result<(), StoreError> + 'a;

/// A backup that is read.
struct BackupReader<R> {
    inner: R,
    hasher: Sha256,
}

impl<R: Read> BackupReader<R> {
    fn fixed<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.inner.read_exact(&mut bytes)?;
        self.hasher.update(bytes);
        Ok(bytes)
    }

    fn part(&mut self) -> io::Result<Vec<u8>> {
        let length = u32::from_be_bytes(self.fixed()?);
        if length > MAX_PART_BYTES {
            return Err(io::Error::other(format!("a part of {length} bytes")));
        }
        let mut bytes = vec![0; length as usize];
        self.inner.read_exact(&mut bytes)?;
        self.hasher.update(&bytes);
        Ok(bytes)
    }

    fn line(&mut self) -> io::Result<Vec<u8>> {
        let mut line = Vec::new();
        while line.len() < MAX_HEADER_BYTES {
            let [byte] = self.fixed()?;
            if byte == b'\n' {
                return Ok(line);
            }
            line.push(byte);
        }
        Err(io::Error::other("no backup of regwatch"))
    }
}

/// Reads a backup to its end, and hands each record to `take`. What was taken counts for nothing unless this returns
/// well: a backup that was cut short or changed is known by its end.
///
/// # Errors
/// [`StoreError::BadBackup`]; what `take` returns.
pub(super) fn read(
    path: &Path,
    (meter, part): (&Meter, Range<u8>),
    take: &mut TakeRecord<'_>,
) -> Result<(BackupHeader, Archived), StoreError> {
    let bad = |reason: String| StoreError::BadBackup { path: path.display().to_string(), reason };
    let of_read = |error: io::Error| match error.kind() {
        io::ErrorKind::UnexpectedEof => bad("it was cut short".to_owned()),
        _ => bad(error.to_string()),
    };
    let file = File::open(path).map_err(|error| file_error(path, &error))?;
    let bytes = file.metadata().map_err(of_read)?.len();
    let file = Metered { inner: file, part: meter.part(part, bytes) };
    let zstd = zstd::Decoder::new(file).map_err(of_read)?;
    let mut reading = BackupReader { inner: BufReader::new(zstd), hasher: Sha256::new() };
    let header: BackupHeader = serde_json::from_slice(&reading.line().map_err(of_read)?)
        .map_err(|_| bad("it is no backup of regwatch".to_owned()))?;
    if header.format != FORMAT || header.form > FORM {
        return Err(bad(format!(
            "it is {} {}, expected {FORMAT} {FORM}; use a newer regwatch",
            header.format, header.form
        )));
    }
    let (mut tree, mut count) = (None, 0_u64);
    loop {
        match reading.fixed::<1>().map_err(of_read)? {
            [TREE] => {
                let name = reading.part().map_err(of_read)?;
                let known = TreeName::all().find(|tree| tree.name().as_bytes() == name);
                let unknown = || {
                    bad(format!(
                        "it holds {}, which this program does not know; use a newer regwatch",
                        name.escape_ascii()
                    ))
                };
                tree = Some(known.ok_or_else(unknown)?);
            }
            [RECORD] => {
                let key = reading.part().map_err(of_read)?;
                let value = reading.part().map_err(of_read)?;
                let tree = tree.ok_or_else(|| bad("a record stands in no tree".to_owned()))?;
                count += 1;
                take(tree, &key, &value)?;
            }
            [END] => break,
            [other] => return Err(bad(format!("found {other}, expected a record"))),
        }
    }
    let said = u64::from_be_bytes(reading.fixed().map_err(of_read)?);
    let expected = reading.hasher.clone().finalize();
    let mut sha256 = [0; 32];
    reading.inner.read_exact(&mut sha256).map_err(of_read)?;
    if said != count || sha256[..] != expected[..] {
        return Err(bad("it is not what was written".to_owned()));
    }
    let mut behind = [0];
    if reading.inner.read(&mut behind).map_err(of_read)? != 0 {
        return Err(bad("something stands behind its end".to_owned()));
    }
    let (path, commits) = (PathBuf::from(path), header.commits);
    Ok((header, Archived { path, bytes, records: count, commits, sha256: hex(&sha256) }))
}
