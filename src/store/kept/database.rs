//! The databases that can stand behind the store: a closed set.
//!
//! The operations are the same for all of them (`operations`): steps and looks over records in the order of their
//! keys. What differs is how a step comes to be kept, and what only one of them has.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::Sled;
use super::filling::is_unfinished;
use super::postgres::Postgres;
use super::trees::{FirstLooks, Opening, TreeName, Trees};
use super::writer::StepWeight;
use super::writes::Writes;
use super::{ARCHIVE, garbage, kinds};
use crate::domain::id::InstallationId;
use crate::domain::meter::Meter;
use crate::settings::{StoreRules, StoreSettings};
use crate::store::bell::SourceBell;
use crate::store::boundary::{Archived, GarbageReport, KindStats, Opened, StoreSize};
use crate::store::error::StoreError;
use crate::store::keeping::PendingWrite;

/// Whichever database stands behind the store.
#[derive(Debug, Clone)]
pub(in crate::store) enum Database {
    /// A sled database that this process owns.
    Sled(Sled),
    /// A PostgreSQL database that others may have open as well.
    Postgres {
        /// It.
        server: Postgres,
        /// What the store's files on this machine are named after.
        local: PathBuf,
    },
}

impl Database {
    pub(in crate::store) fn open(settings: &StoreSettings, rules: &StoreRules) -> Result<Self, StoreError> {
        let database = Self::open_for_copy(settings, rules)?;
        let is_unfinished = match &database {
            Self::Sled(sled) => sled.look_at_once(is_unfinished)?,
            Self::Postgres { server, .. } => server.look_at_once(is_unfinished)?,
        };
        if is_unfinished {
            return Err(StoreError::UnfinishedCopy { path: database.place() });
        }
        Ok(database)
    }

    /// The same, of one that may be a copy that was not finished.
    pub(in crate::store) fn open_for_copy(
        settings: &StoreSettings,
        rules: &StoreRules,
    ) -> Result<Self, StoreError> {
        match settings {
            StoreSettings::Sled { path } => Ok(Self::Sled(Sled::open(path, rules.required)?)),
            StoreSettings::Postgres { url, local } => {
                // For the daemon's socket, and what is to be fetched.
                if let Some(folder) = local.parent() {
                    let cannot = |error: std::io::Error| StoreError::File {
                        path: folder.display().to_string(),
                        reason: error.to_string(),
                    };
                    std::fs::create_dir_all(folder).map_err(cannot)?;
                }
                Ok(Self::Postgres { server: Postgres::open(url, rules)?, local: local.clone() })
            }
        }
    }

    pub(in crate::store) fn installation_beside(settings: &StoreSettings) -> Option<InstallationId> {
        match settings {
            StoreSettings::Sled { path } => Sled::installation_beside(path),
            StoreSettings::Postgres { .. } => None,
        }
    }

    /// Rings for each source of which this process writes something that says when it is read.
    pub(in crate::store) fn bell(&self) -> &SourceBell {
        match self {
            Self::Sled(sled) => sled.bell(),
            Self::Postgres { server, .. } => server.bell(),
        }
    }

    pub(in crate::store) fn installation(&self) -> &InstallationId {
        match self {
            Self::Sled(sled) => sled.installation(),
            Self::Postgres { server, .. } => server.installation(),
        }
    }

    pub(in crate::store) fn opened(&self) -> Opened {
        match self {
            Self::Sled(sled) => sled.opened(),
            Self::Postgres { server, .. } => server.opened(),
        }
    }

    pub(in crate::store) fn is_of_server(&self) -> bool {
        matches!(self, Self::Postgres { .. })
    }

    /// What its files on this machine are named after; of sled, the folder itself.
    pub(in crate::store) fn folder(&self) -> &Path {
        match self {
            Self::Sled(sled) => sled.folder(),
            Self::Postgres { local, .. } => local,
        }
    }

    /// What lies beside it under an ending.
    pub(in crate::store) fn beside(&self, ending: &str) -> PathBuf {
        let mut beside = self.folder().as_os_str().to_owned();
        beside.push(ending);
        beside.into()
    }

    pub(in crate::store) fn place(&self) -> String {
        match self {
            Self::Sled(sled) => sled.folder().display().to_string(),
            Self::Postgres { server, .. } => server.place(),
        }
    }

    /// How much room its files take; of a server, how large the database was when it was opened.
    pub(in crate::store) fn bytes(&self) -> u64 {
        match self {
            Self::Sled(sled) => sled.bytes(),
            Self::Postgres { server, .. } => server.bytes(),
        }
    }

    pub(in crate::store) async fn kinds(&self) -> Result<Vec<KindStats>, StoreError> {
        match self {
            Self::Sled(sled) => sled.read(kinds).await,
            Self::Postgres { server, .. } => server.kinds().await,
        }
    }

    pub(in crate::store) async fn size(&self, max_age: Duration) -> Result<StoreSize, StoreError> {
        match self {
            Self::Sled(sled) => sled.size(max_age).await,
            Self::Postgres { server, .. } => server.size().await,
        }
    }

    /// Whether what was opened still lies there; of a server, whether it answers and goes by the same time.
    pub(in crate::store) async fn is_in_place(&self) -> Result<(), StoreError> {
        match self {
            Self::Sled(sled) => sled.is_in_place().await,
            Self::Postgres { server, .. } => server.compare_clocks().await,
        }
    }

    pub(in crate::store) async fn survey(&self) -> Result<(), StoreError> {
        match self {
            Self::Sled(sled) => sled.survey().await,
            Self::Postgres { server, .. } => server.survey().await,
        }
    }

    pub(in crate::store) fn is_surveyed(&self) -> bool {
        match self {
            Self::Sled(sled) => sled.is_surveyed(),
            Self::Postgres { server, .. } => server.is_surveyed(),
        }
    }

    pub(in crate::store) fn unreadable(&self) -> Vec<String> {
        match self {
            Self::Sled(sled) => sled.unreadable(),
            Self::Postgres { server, .. } => server.unreadable(),
        }
    }

    pub(in crate::store) fn last_durable(&self) -> Duration {
        match self {
            Self::Sled(sled) => sled.last_durable(),
            Self::Postgres { server, .. } => server.last_durable(),
        }
    }

    /// What is known of this opening.
    pub(in crate::store) fn opening(&self) -> &Arc<Opening> {
        match self {
            Self::Sled(sled) => sled.opening(),
            Self::Postgres { server, .. } => server.opening(),
        }
    }

    /// Waits until nothing more is taken. A server that fails may be back a moment later.
    pub(in crate::store) async fn failure(&self) -> String {
        match self {
            Self::Sled(sled) => sled.failure().await,
            Self::Postgres { .. } => std::future::pending().await,
        }
    }

    /// Looks something up.
    pub(in crate::store) async fn read<R: Send + 'static>(
        &self,
        look: impl FnOnce(&Trees) -> Result<R, StoreError> + Send + 'static,
    ) -> Result<R, StoreError> {
        match self {
            Self::Sled(sled) => sled.read(look).await,
            Self::Postgres { server, .. } => server.read(look).await,
        }
    }

    /// Looks something small up that every read needs.
    pub(in crate::store) async fn look_up<R: Send + 'static>(
        &self,
        look: impl FnOnce(&Trees) -> Result<R, StoreError> + Send + 'static,
    ) -> Result<R, StoreError> {
        match self {
            Self::Sled(sled) => sled.look_up(look).await,
            Self::Postgres { server, .. } => server.read(look).await,
        }
    }

    /// Does a step; it is durable when this returns. Where others write as well, the step is done anew until it is kept.
    pub(in crate::store) async fn write<R: Send + 'static>(
        &self,
        step: impl FnMut(&Trees, &mut Writes) -> Result<R, StoreError> + Send + 'static,
    ) -> Result<R, StoreError> {
        match self {
            Self::Sled(sled) => sled.write(step).await,
            Self::Postgres { server, .. } => server.write(step).await,
        }
    }

    /// Has a step done that its caller need not wait for yet, in one transaction with others where that saves work. It
    /// must look at nothing that another such step writes. What it looks up first is fetched for all of them at once.
    pub(in crate::store) fn write_together<R: Send + 'static>(
        &self,
        (looks, weight): (FirstLooks, StepWeight),
        step: impl FnMut(&Trees, &mut Writes) -> Result<R, StoreError> + Send + 'static,
    ) -> PendingWrite<R> {
        match self {
            Self::Sled(sled) => sled.write_together(weight, step),
            Self::Postgres { server, .. } => server.write_together(looks, step),
        }
    }

    /// Has the steps that are to be done together done now.
    pub(in crate::store) fn flush_soon(&self) {
        match self {
            Self::Sled(sled) => sled.flush_soon(),
            // Each is on its way already.
            Self::Postgres { .. } => {}
        }
    }

    /// Writes a backup beside the store, or lines of JSON.
    pub(in crate::store) async fn archive(
        &self,
        as_lines: bool,
        meter: &Meter,
    ) -> Result<Archived, StoreError> {
        let path = self.beside(ARCHIVE);
        // What was left there nobody has fetched.
        let _ = std::fs::remove_file(&path);
        match self {
            Self::Sled(sled) => sled.archive(path, as_lines, meter).await,
            Self::Postgres { server, .. } => server.archive(path, as_lines, meter).await,
        }
    }

    /// Removes the backup beside the store.
    pub(in crate::store) fn forget_archive(&self) {
        let path = self.beside(ARCHIVE);
        if let Err(error) = std::fs::remove_file(&path) {
            tracing::warn!(%error, path = %path.display(), "failed to remove the copy of backup {}", path.display());
        }
    }

    /// Removes the bodies that nothing refers to, slice by slice; others read and write between any two.
    pub(in crate::store) async fn collect_garbage(&self) -> Result<GarbageReport, StoreError> {
        let Self::Sled(sled) = self else { return self.collect().await };
        let _alone = sled.collecting.lock().await;
        let _collecting = sled.write(|trees, _| Ok(garbage::begin(trees))).await?;
        let report = self.collect().await?;
        let moving = sled.read(garbage::in_sparse_packs).await?;
        for batch in moving.chunks(garbage::BATCH).map(<[_]>::to_vec) {
            sled.write(move |trees, writes| garbage::move_bodies(trees, writes, &batch)).await?;
        }
        sled.read(garbage::remove_empty_packs).await?;
        sled.measured.forget();
        Ok(report)
    }

    /// The same, once steps of this process note what they want. What a step of another process wanted that had not
    /// ended when this began is left.
    async fn collect(&self) -> Result<GarbageReport, StoreError> {
        let horizon = self.read(Trees::horizon).await?;
        let mut marking = self.read(garbage::Marking::new).await?;
        loop {
            let looked_on =
                self.read(move |trees| marking.look_on(trees).map(|has_more| (marking, has_more)));
            let has_more;
            (marking, has_more) = looked_on.await?;
            if !has_more {
                break;
            }
        }
        let total = marking.total();
        let (bodies, watchlists) = marking.unused();
        for batch in watchlists.chunks(garbage::BATCH).map(<[_]>::to_vec) {
            let horizon = horizon.clone();
            self.write(move |trees, writes| {
                let wanted = trees.wanted_since(TreeName::WatchlistVersions, &batch, &horizon)?;
                let unwanted: Vec<_> = batch.iter().filter(|name| !wanted.contains(*name)).cloned().collect();
                garbage::forget_watchlists(trees, writes, &unwanted);
                Ok(())
            })
            .await?;
        }
        let mut removed = 0;
        for batch in bodies.chunks(garbage::BATCH).map(<[_]>::to_vec) {
            let horizon = horizon.clone();
            let step = move |trees: &Trees, writes: &mut Writes| {
                let firsts: Vec<_> = batch.iter().map(|name| super::first_chunk(name).to_vec()).collect();
                let wanted = trees.wanted_since(TreeName::Bodies, &firsts, &horizon)?;
                let is_unwanted =
                    |name: &&crate::store::record::Digest| !wanted.contains(&super::first_chunk(name)[..]);
                let unwanted: Vec<_> = batch.iter().filter(is_unwanted).copied().collect();
                garbage::sweep(trees, writes, &unwanted)
            };
            removed += self.write(step).await?;
        }
        Ok(GarbageReport { kept: total.saturating_sub(removed), removed })
    }

    pub(in crate::store) async fn close(&self) -> Result<(), StoreError> {
        match self {
            Self::Sled(sled) => sled.close().await,
            Self::Postgres { server, .. } => {
                let server = server.clone();
                let closed = tokio::task::spawn_blocking(move || server.close()).await;
                closed.map_err(|_| StoreError::Closed)
            }
        }
    }
}

/// Has the database behind a store do an operation. One that is waited for is boxed: the futures of all callers would
/// otherwise hold its arguments once more.
macro_rules! ask {
    ($store:ident.$operation:ident($($argument:expr),*).await) => {
        Box::pin($store.database.$operation($($argument),*)).await
    };
    ($store:ident.$operation:ident($($argument:expr),*)) => {
        $store.database.$operation($($argument),*)
    };
}

pub(in crate::store) use ask;
