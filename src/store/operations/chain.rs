//! The chains of reads, their seals, and evidence that waits to be fetched.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use crate::domain::evidence::ChainLine;
use crate::domain::evidence::seal::Seal;
use crate::domain::id::SourceId;
use crate::store::Store;
use crate::store::boundary::{SealWish, Sealed, Stamp};
use crate::store::error::StoreError;
use crate::store::kept::ask;

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
        ask!(self.chain(source, first, last).await)
    }

    /// Seals the heads of all chains, where that is due or wished; gives the seal, if there was anything new to seal.
    ///
    /// # Errors
    /// The store's.
    pub async fn seal(&self, wish: SealWish, now: DateTime<Utc>) -> Result<Option<Seal>, StoreError> {
        ask!(self.seal(wish, now).await)
    }

    /// The last seal.
    ///
    /// # Errors
    /// The store's.
    pub async fn last_seal(&self) -> Result<Option<Sealed>, StoreError> {
        ask!(self.last_seal().await)
    }

    /// A seal by its number, with its time stamp where it has one.
    ///
    /// # Errors
    /// The store's.
    pub async fn sealed(&self, number: u64) -> Result<Option<(Sealed, Option<Stamp>)>, StoreError> {
        ask!(self.sealed(number).await)
    }

    /// The number of the first seal under which a source's head is at or after a line.
    ///
    /// # Errors
    /// The store's.
    pub async fn first_seal_over(&self, source: &SourceId, seq: u64) -> Result<Option<u64>, StoreError> {
        ask!(self.first_seal_over(source, seq).await)
    }

    /// Where a package of evidence can be written for somebody to fetch. What nobody fetched for an hour is removed.
    #[must_use]
    pub fn place_for_evidence(&self) -> PathBuf {
        ask!(self.place_for_evidence())
    }

    /// Removes a package that was fetched; nothing else.
    pub fn forget_evidence(&self, path: &Path) {
        ask!(self.forget_evidence(path));
    }

    /// Keeps the time that an authority put to a seal.
    ///
    /// # Errors
    /// The store's.
    pub async fn keep_stamp(&self, seal: u64, stamp: Stamp) -> Result<(), StoreError> {
        ask!(self.keep_stamp(seal, stamp).await)
    }
}
