//! Bodies: content by its SHA-256, compressed, each once.
//!
//! In a database of sled's they lie in packs beside its log ([`super::packs`]), and the tree of bodies says where.
//! Elsewhere, and where an older program kept them, they lie in that tree in parts, small enough to survive power
//! cuts.

use std::collections::HashSet;
use std::fmt::Display;
use std::io::BufReader;

use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};

use super::packs::{BodyLocation, Packs};
use super::trees::{TreeName, Trees};
use super::writes::{MAX_VALUE_BYTES, Writes};
use crate::domain::id::{BodyHash, hex};
use crate::store::boundary::KeptBody;
use crate::store::compression::{PackedBody, Unpacker, compress, decompress};
use crate::store::error::StoreError;
use crate::store::frame::Frame;
use crate::store::record::{Digest, RecordForm, plain};

impl Writes {
    /// Writes a body unless it is there; gives its name.
    pub(super) fn put_body(&mut self, trees: &Trees, content: &[u8]) -> Result<Digest, StoreError> {
        self.put_named(trees, Sha256::digest(content).into(), content)
    }

    fn put_named(&mut self, trees: &Trees, name: Digest, content: &[u8]) -> Result<Digest, StoreError> {
        if !self.has_body(trees, &name)? {
            let compressed = compress(content).map_err(|error| damaged(&name, &error))?;
            self.put_frame(trees, &name, &compressed.into())?;
        }
        Ok(name)
    }

    /// Writes a body that was compressed already, unless it is there; gives its name.
    pub(super) fn put_packed(&mut self, trees: &Trees, packed: &PackedBody) -> Result<Digest, StoreError> {
        if !self.has_body(trees, &packed.name)? {
            self.put_frame(trees, &packed.name, &packed.frame)?;
        }
        Ok(packed.name)
    }

    /// Writes a body as it is handed over, unless it is there.
    pub(super) fn put_kept(&mut self, trees: &Trees, body: &KeptBody) -> Result<Digest, StoreError> {
        match body {
            KeptBody::Received(content) => self.put_body(trees, content),
            KeptBody::Hashed(content, hash) => self.put_named(trees, name_of(hash)?, content),
            KeptBody::Packed(packed) => self.put_packed(trees, packed),
        }
    }

    /// Whether a body is there, or is by this step. It is wanted.
    fn has_body(&mut self, trees: &Trees, digest: &Digest) -> Result<bool, StoreError> {
        trees.opening.wanted.note(digest);
        let first = chunk_key(digest, 0);
        if self.has(TreeName::Bodies, &first) {
            return Ok(true);
        }
        if trees.view().is_none() {
            return trees.tree(TreeName::Bodies).contains_key(first);
        }
        let kept = trees.tree(TreeName::Bodies).get(first)?;
        if let Some(kept) = &kept {
            // A clean-up of another process sees by this that it is wanted.
            self.put_raw(TreeName::Bodies, &first, kept.to_vec())?;
        }
        Ok(kept.is_some())
    }

    /// Writes a body's frame.
    pub(super) fn put_frame(
        &mut self,
        trees: &Trees,
        digest: &Digest,
        frame: &Frame,
    ) -> Result<(), StoreError> {
        if trees.tree(TreeName::Released).contains_key(digest)? {
            // It is there again.
            self.remove(TreeName::Released, digest);
        }
        if let Some(files) = trees.files() {
            // What is left of one that lay there in parts and was removed in part.
            for key in trees.tree(TreeName::Bodies).scan_prefix(digest).keys() {
                self.remove(TreeName::Bodies, &key?);
            }
            return self.pack_frame(&files.packs, digest, frame);
        }
        let frame = frame.whole().map_err(|error| damaged(digest, &error))?;
        for (number, chunk) in frame.chunks(MAX_VALUE_BYTES).enumerate() {
            let number = u16::try_from(number).map_err(|_| damaged(digest, &TOO_LARGE))?;
            self.put_raw(TreeName::Bodies, &chunk_key(digest, number), chunk.to_vec())?;
        }
        Ok(())
    }

    /// Appends a body's frame to a pack, from where it is read from now on.
    pub(super) fn pack_frame(
        &mut self,
        packs: &Packs,
        digest: &Digest,
        frame: &Frame,
    ) -> Result<(), StoreError> {
        if frame.len() > MAX_FRAME_BYTES {
            return Err(damaged(digest, &TOO_LARGE));
        }
        let appended = packs.append(digest, frame);
        let location = appended.map_err(|error| StoreError::DiskFailed { reason: error.to_string() })?;
        self.put_raw(TreeName::Bodies, &chunk_key(digest, 0), location.encode())
    }

    /// Removes a record that no other is like, with what it says where that lies among the bodies.
    pub(super) fn remove_own(&mut self, trees: &Trees, tree: TreeName, key: &[u8]) -> Result<(), StoreError> {
        if let Some(bytes) = trees.tree(tree).get(key)?
            && let Ok(RecordForm::AsBody(name)) = RecordForm::decode(tree.what(), key, &bytes)
        {
            trees.remove_body(&name, self)?;
        }
        self.remove(tree, key);
        Ok(())
    }
}

impl Trees {
    /// Returns a body by its name, as it was stored; `None` if it is not there.
    ///
    /// # Errors
    /// [`StoreError::DamagedBody`] where a part is missing or it is not what its name says.
    pub(super) fn body(&self, digest: &Digest) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(compressed) = self.frame(digest)? else { return Ok(None) };
        let content = decompress(&compressed).map_err(|error| damaged(digest, &error))?;
        if Sha256::digest(&content)[..] != digest[..] {
            return Err(damaged(digest, &NOT_ITS_NAME));
        }
        Ok(Some(content))
    }

    /// Returns a record that lies among the bodies; `None` if it is not there. Of a large one the written form is
    /// nowhere whole in memory.
    ///
    /// # Errors
    /// As of [`Self::body`]; why it is no such record, in words.
    pub(super) fn record_body<T: DeserializeOwned>(
        &self,
        digest: &Digest,
    ) -> Result<Option<Result<T, String>>, StoreError> {
        let Some(compressed) = self.frame(digest)? else { return Ok(None) };
        let of_zstd = |error: std::io::Error| damaged(digest, &error);
        let mut unpacker = Unpacker::new(&compressed).map_err(of_zstd)?;
        let read = serde_json::from_reader(BufReader::with_capacity(READ_AT_ONCE_BYTES, &mut unpacker));
        // What it says counts only if all of it is what was written.
        if unpacker.name().map_err(of_zstd)? != *digest {
            return Err(damaged(digest, &NOT_ITS_NAME));
        }
        Ok(Some(read.map_err(|error| error.to_string())))
    }

    /// A body as it lies there.
    pub(super) fn frame(&self, digest: &Digest) -> Result<Option<Vec<u8>>, StoreError> {
        let tree = self.tree(TreeName::Bodies);
        let mut compressed = Vec::new();
        if self.view().is_some() {
            // All parts in one go.
            for (number, pair) in (0_u16..=u16::MAX).zip(tree.scan_prefix(digest)) {
                let (key, part) = pair?;
                if key[..] != chunk_key(digest, number) {
                    break;
                }
                compressed.extend_from_slice(&part);
            }
            return Ok((!compressed.is_empty()).then_some(compressed));
        }
        if let Some(location) = self.location(digest)? {
            return self.frame_at(digest, location).map(Some);
        }
        // The last one is shorter or has none behind it.
        for number in 0..=u16::MAX {
            let Some(part) = tree.get(chunk_key(digest, number))? else { break };
            compressed.extend_from_slice(&part);
            if part.len() < MAX_VALUE_BYTES {
                break;
            }
        }
        Ok((!compressed.is_empty()).then_some(compressed))
    }

    /// Where a body lies in a pack, if it does.
    pub(super) fn location(&self, digest: &Digest) -> Result<Option<BodyLocation>, StoreError> {
        if self.files().is_none() {
            return Ok(None);
        }
        let first = self.tree(TreeName::Bodies).get(chunk_key(digest, 0))?;
        Ok(first.and_then(|first| BodyLocation::decode(&first)))
    }

    fn frame_at(&self, digest: &Digest, location: BodyLocation) -> Result<Vec<u8>, StoreError> {
        let Some(files) = self.files() else { return Err(damaged(digest, &NOWHERE)) };
        match files.packs.read(digest, location) {
            Ok(frame) => Ok(frame),
            // A clean-up may have moved it meanwhile.
            Err(error) => match self.location(digest)?.filter(|now| *now != location) {
                Some(now) => files.packs.read(digest, now).map_err(|error| damaged(digest, &error)),
                None => Err(damaged(digest, &error)),
            },
        }
    }

    /// Hands out what stands under a key as every database and program has it: of a body its parts under their keys,
    /// wherever it lies, and a record as JSON. What cannot be read is handed out as it is.
    pub(super) fn parts(&self, tree: TreeName, key: &[u8], value: &[u8], take: &mut dyn FnMut(&[u8], &[u8])) {
        let packs = self.files().map(|files| &files.packs);
        parts(tree, key, value, |name, location| packs?.read(name, location).ok(), take);
    }

    /// Whether a body is large as it lies there.
    pub(super) fn is_large(&self, digest: &Digest) -> Result<bool, StoreError> {
        if let Some(location) = self.location(digest)? {
            return Ok(location.length as usize >= usize::from(LARGE_CHUNKS) * MAX_VALUE_BYTES);
        }
        self.tree(TreeName::Bodies).contains_key(chunk_key(digest, LARGE_CHUNKS))
    }

    /// The names of all bodies.
    pub(super) fn body_names(&self) -> Result<HashSet<Digest>, StoreError> {
        let mut names = HashSet::new();
        for key in self.tree(TreeName::Bodies).iter().keys() {
            if let Some(name) = key?.get(..32).and_then(|name| name.try_into().ok()) {
                names.insert(name);
            }
        }
        Ok(names)
    }

    /// Removes a body, whatever refers to it.
    pub(super) fn remove_body(&self, digest: &Digest, writes: &mut Writes) -> Result<(), StoreError> {
        for key in self.tree(TreeName::Bodies).scan_prefix(digest).keys() {
            writes.remove(TreeName::Bodies, &key?);
        }
        Ok(())
    }
}

/// A record of more parts is read part by part, which takes longer and less memory.
const LARGE_CHUNKS: u16 = 8;

/// So much of a record is decompressed at once.
const READ_AT_ONCE_BYTES: usize = 64 << 10;

/// So much fits the parts of a body, as every database has them.
const MAX_FRAME_BYTES: u64 = MAX_VALUE_BYTES as u64 * u16::MAX as u64;

const TOO_LARGE: &str = "more than 128 MiB after compression";

const NOWHERE: &str = "it lies in a pack, and there are none";

/// As [`Trees::parts`], of packs that `frame` reads.
pub(super) fn parts(
    tree: TreeName,
    key: &[u8],
    value: &[u8],
    frame: impl FnOnce(&Digest, BodyLocation) -> Option<Vec<u8>>,
    take: &mut dyn FnMut(&[u8], &[u8]),
) {
    let location = BodyLocation::decode(value).filter(|_| tree == TreeName::Bodies);
    let name: Option<Digest> = key.get(..32).and_then(|name| name.try_into().ok());
    let Some((name, frame)) =
        location.zip(name).and_then(|(location, name)| Some((name, frame(&name, location)?)))
    else {
        return if tree.holds_records(value) { take(key, &plain(value)) } else { take(key, value) };
    };
    for (number, part) in (0..=u16::MAX).zip(frame.chunks(MAX_VALUE_BYTES)) {
        take(&chunk_key(&name, number), part);
    }
}

/// Puts the parts of bodies together that are handed out one behind the other, and writes each body whole.
#[derive(Debug, Default)]
pub(super) struct BodyAssembly {
    body: Option<(Digest, Vec<u8>)>,
}

impl BodyAssembly {
    /// Takes a body's part; writes the body before it if that is a different one.
    pub(super) fn take(
        &mut self,
        trees: &Trees,
        writes: &mut Writes,
        key: &[u8],
        part: &[u8],
    ) -> Result<(), StoreError> {
        let Some(name) = key.get(..32).and_then(|name| Digest::try_from(name).ok()) else {
            return writes.put_raw(TreeName::Bodies, key, part.to_vec());
        };
        // A location that is handed out itself leads to what could not be read.
        match &mut self.body {
            Some((digest, frame)) if *digest == name => frame.extend_from_slice(part),
            _ => {
                self.finish(trees, writes)?;
                self.body = BodyLocation::decode(part).is_none().then(|| (name, part.to_vec()));
            }
        }
        Ok(())
    }

    /// Writes the last one.
    pub(super) fn finish(&mut self, trees: &Trees, writes: &mut Writes) -> Result<(), StoreError> {
        match self.body.take() {
            Some((digest, frame)) => writes.put_frame(trees, &digest, &frame.into()),
            None => Ok(()),
        }
    }
}

const NOT_ITS_NAME: &str = "it is not what its name says";

fn damaged(digest: &Digest, reason: &dyn Display) -> StoreError {
    StoreError::DamagedBody { hash: hex(digest), reason: reason.to_string() }
}

/// Under which key a body begins.
pub(in crate::store) fn first_chunk(digest: &Digest) -> [u8; 34] {
    chunk_key(digest, 0)
}

fn chunk_key(digest: &Digest, number: u16) -> [u8; 34] {
    let mut key = [0; 34];
    key[..32].copy_from_slice(digest);
    key[32..].copy_from_slice(&number.to_be_bytes());
    key
}

/// The name under which a body with this hash is kept.
///
/// # Errors
/// [`StoreError::DamagedBody`] for a text that is no SHA-256.
pub(super) fn name_of(hash: &BodyHash) -> Result<Digest, StoreError> {
    hash.digest().ok_or_else(|| StoreError::DamagedBody {
        hash: hash.to_string(),
        reason: "expected 64 hexadecimal digits".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_names_its_body() {
        let digest: Digest = Sha256::digest(b"x").into();
        assert_eq!(name_of(&BodyHash::of(b"x")).unwrap(), digest);
        for bad in ["", "ab", "zz", "ü"] {
            let hash: BodyHash = serde_json::from_value(bad.into()).unwrap();
            assert!(name_of(&hash).is_err(), "{bad:?} was taken");
        }
    }
}
