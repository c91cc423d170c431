//! What an operator asks of the store as a whole.

use serde::{Deserialize, Serialize};

use crate::control::ask::{Ask, ProgressReporter};
use crate::control::reply::{SourceEntries, Tidied};
use crate::control::service::{CommandError, CommandService};
use crate::domain::id::SourceId;
use crate::settings::Retention;
use crate::store::{Archived, BackupNote, StoreStats};

/// What the store holds, and what retention would let go of.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ShowStats {}

impl Ask for ShowStats {
    type Reply = StoreStats;

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
        let retention: Retention = service.0.retention.clone();
        Ok(service.0.store.stats(retention, service.0.clock.now()).await?)
    }
}

/// Let go of what is old enough and of what nothing refers to, now and not once a day.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Tidy {}

impl Ask for Tidy {
    type Reply = Tidied;

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
        let (store, now) = (&service.0.store, service.0.clock.now());
        let released = store.retire(service.0.retention.clone(), now).await?;
        let report = store.collect_garbage().await?;
        Ok(Tidied { released, bodies_kept: report.kept, bodies_removed: report.removed })
    }
}

/// Write a backup beside the store, for whoever asks to fetch.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TakeBackup {}

impl Ask for TakeBackup {
    type Reply = Archived;

    async fn answer(
        self,
        service: &CommandService,
        progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
        Ok(service.0.store.archive(&progress.meter).await?)
    }
}

/// A backup was fetched: note it, and remove the one beside the store.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NoteBackup {
    /// What lies beside the store.
    pub fetched: Archived,
    /// Where it was put.
    pub path: std::path::PathBuf,
}

impl Ask for NoteBackup {
    type Reply = BackupNote;

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
        let Archived { bytes, sha256, .. } = self.fetched;
        let note = BackupNote { at: service.0.clock.now(), path: self.path, bytes, sha256 };
        service.0.store.note_backup(note.clone()).await?;
        service.0.store.forget_archive();
        Ok(note)
    }
}

/// The last backup that was taken.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LastBackup {}

impl Ask for LastBackup {
    type Reply = Option<BackupNote>;

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
        Ok(service.0.store.last_backup().await?)
    }
}

/// Write all of the store as lines of JSON beside it, for whoever asks to fetch.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Export {}

impl Ask for Export {
    type Reply = Archived;

    async fn answer(
        self,
        service: &CommandService,
        progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
        Ok(service.0.store.export(&progress.meter).await?)
    }
}

/// What sources say now, in the order asked for; all that are watched where none is named. Those that were never read
/// well are left out.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListEntries {
    /// The sources.
    pub sources: Vec<SourceId>,
}

impl Ask for ListEntries {
    type Reply = Vec<SourceEntries>;

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
        let mut said = Vec::new();
        for source in service.named(&self.sources)? {
            let Some(baseline) = service.0.store.baseline(&source.id).await? else { continue };
            let standing = service.0.store.standing(&source.id).await?;
            said.push(SourceEntries {
                title: source.title.clone(),
                evidence: baseline.snapshot.evidence(),
                entries: baseline.document.entries,
                named: standing.map(|standing| standing.named).unwrap_or_default(),
                source: source.id.clone(),
            });
        }
        Ok(said)
    }
}

/// An export was fetched: remove the one beside the store.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ForgetExport {}

impl Ask for ForgetExport {
    type Reply = ();

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
        service.0.store.forget_archive();
        Ok(())
    }
}
