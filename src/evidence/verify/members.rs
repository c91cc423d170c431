//! The members of a package, of which each must be accounted for.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};
use zip::ZipArchive;

use super::{UnsoundPackage, wrong};
use crate::domain::id::BodyHash;
use crate::evidence::derived::manifest;
use crate::evidence::package::{Layout, pretty};

/// A member that is looked into is no larger; bodies and the WARC file are only hashed.
const MAX_BYTES: u64 = 1 << 30;

/// Nor is any other: of a few kilobytes petabytes can be unpacked.
const MAX_HASHED_BYTES: u64 = 1 << 36;

pub(super) struct Hasher(pub(super) Sha256);

impl Write for Hasher {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The members of a file, of which each must be accounted for.
pub(super) struct AccountedMembers {
    zip: ZipArchive<BufReader<File>>,
    names: BTreeSet<String>,
    hashes: BTreeMap<String, BodyHash>,
}

impl AccountedMembers {
    pub(super) fn open(path: &Path) -> Result<Self, UnsoundPackage> {
        let unreadable = |error: zip::result::ZipError| UnsoundPackage::Unreadable(error.to_string());
        let mut file = BufReader::new(File::open(path)?);
        let listed = entries(&mut file)?;
        let mut zip = ZipArchive::new(file).map_err(unreadable)?;
        // A name that stands in the file twice would be read by one program here and by another there.
        if listed.is_some_and(|listed| listed != zip.len()) {
            return Err(UnsoundPackage::Unreadable("a name stands in it twice".to_owned()));
        }
        let mut names = BTreeSet::new();
        for index in 0..zip.len() {
            let member = zip.by_index_raw(index).map_err(unreadable)?;
            let name = member.name().map_err(unreadable)?.into_owned();
            // Whoever zips a folder anew has an entry for each folder in it.
            if member.is_dir() && member.size() == 0 {
                continue;
            }
            names.insert(name);
        }
        Ok(Self { zip, names, hashes: BTreeMap::new() })
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    fn read(&mut self, name: &str, out: &mut dyn Write, limit: u64) -> Result<(), UnsoundPackage> {
        let member = self.zip.by_name(name).map_err(|_| wrong(name, "it is missing"))?;
        let read = io::copy(&mut member.take(limit + 1), out).map_err(|error| wrong(name, error))?;
        if read > limit {
            return Err(wrong(name, format!("it has more than {limit} bytes")));
        }
        Ok(())
    }

    /// The content of a member, which is accounted for by this or otherwise.
    pub(super) fn content(&mut self, name: &str) -> Result<Vec<u8>, UnsoundPackage> {
        let mut content = Vec::new();
        self.read(name, &mut content, MAX_BYTES)?;
        Ok(content)
    }

    /// The content of a member, which is accounted for.
    pub(super) fn take(&mut self, name: &str) -> Result<Vec<u8>, UnsoundPackage> {
        let content = self.content(name)?;
        self.hashes.insert(name.to_owned(), BodyHash::of(&content));
        Ok(content)
    }

    /// The hash of a member, which is accounted for.
    pub(super) fn hash(&mut self, name: &str) -> Result<BodyHash, UnsoundPackage> {
        let mut hasher = Hasher(Sha256::new());
        self.read(name, &mut hasher, MAX_HASHED_BYTES)?;
        let hash = BodyHash::from_digest(&hasher.0.finalize());
        self.hashes.insert(name.to_owned(), hash.clone());
        Ok(hash)
    }

    /// A member that can say nothing else.
    pub(super) fn is(&mut self, name: &str, expected: &[u8]) -> Result<(), UnsoundPackage> {
        if self.take(name)? == expected {
            return Ok(());
        }
        Err(wrong(name, "it does not follow from the other members"))
    }

    /// A member of JSON, written as it is always written.
    pub(super) fn json<T: DeserializeOwned + Serialize>(&mut self, name: &str) -> Result<T, UnsoundPackage> {
        let text = self.take(name)?;
        let value: T = serde_json::from_slice(&text).map_err(|error| wrong(name, error))?;
        if pretty(&value) != text {
            return Err(wrong(name, "it is not written as it always is"));
        }
        Ok(value)
    }

    /// Nothing may be left, and the manifest must list what there is.
    pub(super) fn finish(mut self) -> Result<usize, UnsoundPackage> {
        let manifest = manifest(&self.hashes);
        let found = self.content(Layout::MANIFEST)?;
        if found != manifest.as_bytes() {
            let listed = String::from_utf8_lossy(&found);
            let other = manifest.lines().find(|line| !listed.lines().any(|listed| listed == *line));
            let about = other.map_or("its lines", |line| line.split("  ").nth(1).unwrap_or(line));
            return Err(wrong(
                Layout::MANIFEST,
                format!("it is not the list of the members: look at {about}"),
            ));
        }
        let known = |name: &&String| *name != Layout::MANIFEST && !self.hashes.contains_key(*name);
        match self.names.iter().find(known) {
            Some(name) => Err(wrong(name, "nothing names it")),
            None => Ok(self.names.len()),
        }
    }
}

/// How many entries the end of a ZIP says that it has; `None` where it says so elsewhere (ZIP64).
fn entries(file: &mut (impl Read + Seek)) -> Result<Option<usize>, UnsoundPackage> {
    const MARK: &[u8] = b"PK\x05\x06";
    const LONGEST: u64 = 22 + 65_535;
    let length = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(length.saturating_sub(LONGEST)))?;
    let mut end = Vec::new();
    file.read_to_end(&mut end)?;
    file.seek(SeekFrom::Start(0))?;
    let at = end.windows(4).rposition(|bytes| bytes == MARK);
    let at = at.ok_or_else(|| UnsoundPackage::Unreadable("it is no ZIP".to_owned()))?;
    let count = end.get(at + 10..at + 12).map(|bytes| u16::from_le_bytes([bytes[0], bytes[1]]));
    Ok(count.filter(|count| *count != u16::MAX).map(usize::from))
}
