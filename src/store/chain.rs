//! The chains of reads and their seals, as they cross the store's boundary.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::sled::chain;
use super::{Store, StoreError};
use crate::domain::evidence::ChainLine;
use crate::domain::evidence::seal::{Head, Seal};
use crate::domain::id::SourceId;

/// Beside the store, before a random number: evidence that waits to be fetched.
const EVIDENCE: &str = ".evidence-";

/// So long it waits.
const LEFT_FOR: Duration = Duration::from_secs(60 * 60);

/// When chains are to be sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SealWish {
    /// Where the last seal is a day old, or a change was found after it.
    IfDue,
    /// At once.
    Now,
}

/// A seal with the heads that are under it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// The seal.
    pub seal: Seal,
    /// The heads, in the order of their sources.
    pub heads: Vec<Head>,
}

impl Sealed {
    /// The head of a source.
    #[must_use]
    pub fn head_of(&self, source: &SourceId) -> Option<&Head> {
        let at = self.heads.binary_search_by(|head| head.source.cmp(source)).ok()?;
        self.heads.get(at)
    }
}

/// The time that an authority put to a seal (RFC 3161).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// When it was asked for.
    pub at: DateTime<Utc>,
    /// The authority's address.
    pub authority: String,
    /// Its answer, DER in Base64.
    pub answer: String,
}

impl Store {
    /// The lines of a source's chain from one number to another, the oldest first.
    ///
    /// # Errors
    /// The store's.
    pub async fn chain(
        &self,
        source: &SourceId,
        first: u64,
        last: u64,
    ) -> Result<Vec<ChainLine>, StoreError> {
        let source = source.clone();
        self.sled.read(move |trees| chain::lines(trees, &source, (first, last))).await
    }

    /// Seals the heads of all chains, where that is due or wished; gives the seal, if there was anything new to seal.
    ///
    /// # Errors
    /// The store's.
    pub async fn seal(&self, wish: SealWish, now: DateTime<Utc>) -> Result<Option<Seal>, StoreError> {
        if !self.sled.read(move |trees| chain::is_due(trees, wish, now)).await? {
            return Ok(None);
        }
        let installation = self.installation();
        self.sled.write(move |trees, writes| chain::seal(trees, writes, installation, now)).await
    }

    /// The last seal.
    ///
    /// # Errors
    /// The store's.
    pub async fn last_seal(&self) -> Result<Option<Sealed>, StoreError> {
        self.sled.read(chain::last_seal).await
    }

    /// A seal by its number, with its time stamp where it has one.
    ///
    /// # Errors
    /// The store's.
    pub async fn sealed(&self, number: u64) -> Result<Option<(Sealed, Option<Stamp>)>, StoreError> {
        self.sled.read(move |trees| chain::seal_of(trees, number)).await
    }

    /// The number of the first seal under which a source's head is at or after a line.
    ///
    /// # Errors
    /// The store's.
    pub async fn first_seal_over(&self, source: &SourceId, seq: u64) -> Result<Option<u64>, StoreError> {
        let source = source.clone();
        self.sled.read(move |trees| chain::first_seal_over(trees, &source, seq)).await
    }

    /// Where a package of evidence can be written for somebody to fetch. What nobody fetched for an hour is removed.
    #[must_use]
    pub fn place_for_evidence(&self) -> PathBuf {
        let beside = self.sled.beside(EVIDENCE);
        let (folder, prefix) = (beside.parent(), beside.file_name().unwrap_or_default());
        let left = folder.and_then(|folder| std::fs::read_dir(folder).ok()).into_iter().flatten().flatten();
        for entry in left {
            let is_ours = entry.file_name().as_bytes().starts_with(prefix.as_bytes());
            let age = entry.metadata().ok().and_then(|file| file.modified().ok()?.elapsed().ok());
            if is_ours && age.is_some_and(|age| age > LEFT_FOR) {
                let _ = std::fs::remove_file(entry.path());
            }
        }
        self.sled.beside(&format!("{EVIDENCE}{:016x}", rand::random::<u64>()))
    }

    /// Removes a package that was fetched; nothing else.
    pub fn forget_evidence(&self, path: &Path) {
        let prefix = self.sled.beside(EVIDENCE);
        let is_ours = path.parent() == prefix.parent()
            && path.as_os_str().as_bytes().starts_with(prefix.as_os_str().as_bytes());
        if is_ours && let Err(error) = std::fs::remove_file(path) {
            tracing::warn!(%error, path = %path.display(), "evidence that was fetched is left behind");
        }
    }

    /// Keeps the time that an authority put to a seal.
    ///
    /// # Errors
    /// The store's.
    pub async fn keep_stamp(&self, seal: u64, stamp: Stamp) -> Result<(), StoreError> {
        self.sled.write(move |trees, writes| chain::put_stamp(trees, writes, seal, &stamp)).await
    }
}
