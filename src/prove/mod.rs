//! Showing what was read, and when, to whoever asks: sealing the chains of reads, and putting evidence into a file.
//!
//! Seals are made by the day, and soon after a change was found; an authority puts its time to them where one is
//! configured. What goes into a package is gathered here ([`gather`](self)), what it is like and how it is checked is
//! said by [`crate::evidence`].
//!
//! Deliberately absent: who may ask for what.

mod gather;
mod write;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::clock::Clock;
use crate::domain::id::{CompanyId, SourceId};
use crate::domain::source::Source;
use crate::domain::text::error_chain;
use crate::evidence::Authority;
use crate::registry::Registry;
use crate::store::{SealWish, Stamp, Store, StoreError};

/// What evidence is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EvidenceRequest {
    /// That of a change, by its id or the beginning of it.
    Change(String),
    /// All reads of a source over a time.
    Source {
        /// The source.
        id: SourceId,
        /// Since when; from the first read where nothing is said.
        from: Option<DateTime<Utc>>,
        /// Until when; until now where nothing is said.
        to: Option<DateTime<Utc>>,
    },
    /// All reads of all sources over a time, with what they said of a company.
    Company {
        /// The company.
        id: CompanyId,
        /// Since when.
        from: Option<DateTime<Utc>>,
        /// Until when.
        to: Option<DateTime<Utc>>,
    },
}

/// A package that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exported {
    /// The file.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// How many reads are in it.
    pub lines: usize,
    /// How many changes.
    pub changes: usize,
    /// The time that an authority put to its seal, where one did.
    pub is_stamped: bool,
    /// What whoever asked must know.
    pub notes: Vec<String>,
}

/// Why there is no evidence.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each says it in its message")]
pub enum ProveError {
    #[error("no read in the chain of {source_id} shows change {change}: {why}")]
    Unproven { source_id: SourceId, change: String, why: String },
    #[error(
        "the chain of {source_id} is broken before read {seq}: a repair of the store lost the lines before it"
    )]
    Lost { source_id: SourceId, seq: u64 },
    #[error("{id} is not watched and was never read{hint}; `regwatch source list` shows the sources")]
    UnknownSource { id: SourceId, hint: String },
    #[error("company {id} is not tracked{hint}; `regwatch company list` shows the tracked ones")]
    UnknownCompany { id: CompanyId, hint: String },
    #[error("the requested period ends before it begins")]
    EndsBefore,
    #[error("the end of the chain is not sealed yet; the daemon seals it within the hour")]
    Unsealed,
    #[error("cannot write the evidence to {path}")]
    File {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a prover works with.
#[derive(Debug, Clone)]
pub struct ProverParts {
    /// Keeps the chains.
    pub store: Store,
    /// What is watched.
    pub sources: Arc<[Arc<Source>]>,
    /// The companies in force.
    pub registry: Registry,
    /// Puts its time to seals.
    pub authority: Option<Authority>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

/// Seals chains and exports evidence. Clones are the same.
#[derive(Debug, Clone)]
pub struct Prover(ProverParts);

/// Whether whoever asks for evidence may have the chains sealed for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sealing {
    /// Now, where the end is not sealed yet.
    Allowed,
    /// Looking changes nothing.
    Never,
}

impl Prover {
    /// A prover over the given parts.
    #[must_use]
    pub fn new(parts: ProverParts) -> Self {
        Self(parts)
    }

    /// Seals the chains where that is due, and has the authority put its time to the last seal where it has none.
    ///
    /// # Errors
    /// The store's. An authority that does not answer is asked again the next time.
    pub async fn seal_if_due(&self) -> Result<(), StoreError> {
        self.seal(SealWish::IfDue).await
    }

    async fn seal(&self, wish: SealWish) -> Result<(), StoreError> {
        let Self(parts) = self;
        if let Some(seal) = parts.store.seal(wish, parts.clock.now()).await? {
            tracing::info!(seal = seal.seal, heads = seal.heads, "sealed the chains of reads");
        }
        let Some(authority) = &parts.authority else { return Ok(()) };
        let Some(last) = parts.store.last_seal().await? else { return Ok(()) };
        let number = last.seal.seal;
        if parts.store.sealed(number).await?.is_some_and(|(_, stamp)| stamp.is_some()) {
            return Ok(());
        }
        match authority.stamp(last.seal.text().as_bytes(), rand::random()).await {
            Ok((answer, stamped)) => {
                let (at, authority) = (parts.clock.now(), authority.url().to_string());
                let stamp = Stamp { at, authority, answer: STANDARD.encode(answer) };
                parts.store.keep_stamp(number, stamp).await?;
                tracing::info!(seal = number, stamped.at = %stamped.at, stamped.by = stamped.signer, "seal {number} was time-stamped");
            }
            Err(error) => {
                tracing::warn!(
                    seal = number,
                    error = error_chain(&error),
                    "failed to time-stamp seal {number}; trying again later"
                );
            }
        }
        Ok(())
    }

    /// Writes evidence into a file, which must not be there yet. Under its name there is all of it or nothing.
    ///
    /// # Errors
    /// [`ProveError`].
    pub async fn export(
        &self,
        wanted: &EvidenceRequest,
        path: &Path,
        sealing: Sealing,
    ) -> Result<Exported, ProveError> {
        let gathered = self.gather(wanted, sealing).await?;
        let (prover, place) = (self.clone(), path.to_owned());
        let runtime = tokio::runtime::Handle::current();
        // Packing takes time, and bodies are asked for in between.
        let written = tokio::task::spawn_blocking(move || {
            let written = runtime.block_on(prover.write(&gathered, &place));
            if written.is_err() {
                let _ = std::fs::remove_file(&place);
            }
            written
        });
        written.await.unwrap_or(Err(ProveError::Store(StoreError::Closed)))
    }
}
