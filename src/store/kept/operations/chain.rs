//! The chains of reads, their seals, and evidence that waits to be fetched.

use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::domain::evidence::ChainLine;
use crate::domain::evidence::seal::Seal;
use crate::domain::id::SourceId;
use crate::store::boundary::{SealWish, Sealed, Stamp};
use crate::store::error::StoreError;
use crate::store::kept::chain;
use crate::store::kept::database::Database;

/// Beside the store, before a random number: evidence that waits to be fetched.
const EVIDENCE: &str = ".evidence-";

/// So long it waits.
const LEFT_FOR: Duration = Duration::from_secs(60 * 60);

impl Database {
    pub(in crate::store) async fn chain(
        &self,
        source: &SourceId,
        first: u64,
        last: u64,
    ) -> Result<Vec<ChainLine>, StoreError> {
        let source = source.clone();
        self.read(move |trees| chain::lines(trees, &source, (first, last))).await
    }

    pub(in crate::store) async fn seal(
        &self,
        wish: SealWish,
        now: DateTime<Utc>,
    ) -> Result<Option<Seal>, StoreError> {
        if !self.read(move |trees| chain::is_due(trees, wish, now)).await? {
            return Ok(None);
        }
        let installation = self.installation().clone();
        self.write(move |trees, writes| chain::seal(trees, writes, installation.clone(), now)).await
    }

    pub(in crate::store) async fn last_seal(&self) -> Result<Option<Sealed>, StoreError> {
        self.read(chain::last_seal).await
    }

    pub(in crate::store) async fn sealed(
        &self,
        number: u64,
    ) -> Result<Option<(Sealed, Option<Stamp>)>, StoreError> {
        self.read(move |trees| chain::seal_of(trees, number)).await
    }

    pub(in crate::store) async fn first_seal_over(
        &self,
        source: &SourceId,
        seq: u64,
    ) -> Result<Option<u64>, StoreError> {
        let source = source.clone();
        self.read(move |trees| chain::first_seal_over(trees, &source, seq)).await
    }

    #[must_use]
    pub(in crate::store) fn place_for_evidence(&self) -> PathBuf {
        let beside = self.beside(EVIDENCE);
        let (folder, prefix) = (beside.parent(), beside.file_name().unwrap_or_default());
        let left = folder.and_then(|folder| std::fs::read_dir(folder).ok()).into_iter().flatten().flatten();
        for entry in left {
            let is_ours = entry.file_name().as_bytes().starts_with(prefix.as_bytes());
            let age = entry.metadata().ok().and_then(|file| file.modified().ok()?.elapsed().ok());
            if is_ours && age.is_some_and(|age| age > LEFT_FOR) {
                let _ = std::fs::remove_file(entry.path());
            }
        }
        self.beside(&format!("{EVIDENCE}{:016x}", rand::random::<u64>()))
    }

    pub(in crate::store) fn forget_evidence(&self, path: &Path) {
        let prefix = self.beside(EVIDENCE);
        let is_ours = path.parent() == prefix.parent()
            && path.as_os_str().as_bytes().starts_with(prefix.as_os_str().as_bytes());
        if is_ours && let Err(error) = std::fs::remove_file(path) {
            tracing::warn!(%error, path = %path.display(), "failed to remove the copy of evidence {}", path.display());
        }
    }

    pub(in crate::store) async fn keep_stamp(&self, seal: u64, stamp: Stamp) -> Result<(), StoreError> {
        self.write(move |trees, writes| chain::put_stamp(trees, writes, seal, &stamp)).await
    }
}
