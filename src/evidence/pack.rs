//! Writing a package.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};

use sha2::{Digest as _, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime as ZipTime, ZipWriter};

use super::derived::manifest;
use super::package::Layout;
use crate::domain::id::BodyHash;

/// A package on its way into a file. The same members give the same file.
#[derive(Debug)]
pub struct PackageWriter {
    zip: ZipWriter<File>,
    members: BTreeMap<String, BodyHash>,
}

/// A member that is being written.
#[derive(Debug)]
pub struct PackageMember<'a> {
    packer: &'a mut PackageWriter,
    name: String,
    hasher: Sha256,
}

impl PackageWriter {
    /// Begins a package.
    #[must_use]
    pub fn new(file: File) -> Self {
        Self { zip: ZipWriter::new(file), members: BTreeMap::new() }
    }

    /// Whether a member is there.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.members.contains_key(name)
    }

    /// Adds a member; one that is there stays as it is.
    ///
    /// # Errors
    /// The system's.
    pub fn add(&mut self, name: &str, content: &[u8]) -> io::Result<()> {
        if self.has(name) {
            return Ok(());
        }
        let mut member = self.begin(name)?;
        member.write_all(content)?;
        member.end();
        Ok(())
    }

    /// Begins a member that is written piece by piece.
    ///
    /// # Errors
    /// The system's.
    pub fn begin(&mut self, name: &str) -> io::Result<PackageMember<'_>> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .last_modified_time(ZipTime::default())
            .unix_permissions(0o644)
            .large_file(true);
        self.zip.start_file(name, options).map_err(io::Error::other)?;
        Ok(PackageMember { name: name.to_owned(), hasher: Sha256::new(), packer: self })
    }

    /// Adds the manifest; all of it is on the disk when this returns.
    ///
    /// # Errors
    /// The system's.
    pub fn finish(mut self) -> io::Result<File> {
        let manifest = manifest(&self.members);
        self.add(Layout::MANIFEST, manifest.as_bytes())?;
        let file = self.zip.finish().map_err(io::Error::other)?;
        file.sync_all()?;
        Ok(file)
    }
}

impl PackageMember<'_> {
    /// Ends the member.
    pub fn end(self) {
        self.packer.members.insert(self.name, BodyHash::from_digest(&self.hasher.finalize()));
    }
}

impl Write for PackageMember<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.packer.zip.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.packer.zip.flush()
    }
}
