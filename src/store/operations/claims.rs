//! Claims: what one worker at a time does.

use std::time::Duration;

use crate::domain::id::SourceId;
use crate::store::Store;
use crate::store::boundary::ClaimName;
use crate::store::error::StoreError;
use crate::store::kept::ask;
use crate::store::kept::claims::{Claim, ClaimAttempt};

/// A claim of a worker that is not heard of for so long is free for others. Of one that is known to have ended it is free as
/// soon as another has cleared up after it ([`Store::forget_departed`]).
const LASTING: Duration = Duration::from_secs(30);

/// The same of a host, which nobody else asks meanwhile.
const LASTING_OF_HOST: Duration = Duration::from_secs(15);

impl Store {
    /// Claims sources to be read, those that nobody reads just now; in the order asked for. Until its claim is given back
    /// nobody else reads a source, and a worker that lost the claim writes nothing of it.
    ///
    /// # Errors
    /// [`StoreError::NotAdopted`] of a worker whose configuration is not the one in force.
    pub async fn claim_sources(&self, sources: &[SourceId]) -> Result<Vec<ClaimAttempt>, StoreError> {
        ask!(self.claim(sources.iter().map(ClaimName::read).collect(), LASTING).await)
    }

    /// Claims one source as soon as nobody else reads it.
    ///
    /// # Errors
    /// As [`Self::claim_sources`].
    pub async fn claim_source(&self, source: &SourceId) -> Result<Claim, StoreError> {
        ask!(self.claim_when_free(&ClaimName::read(source), LASTING).await)
    }

    /// Claims a job that one worker at a time does for all; `None` if another is at it, or this worker's configuration is
    /// not the one in force.
    ///
    /// # Errors
    /// The store's.
    pub async fn claim_job(&self, name: &str) -> Result<Option<Claim>, StoreError> {
        match ask!(self.claim(vec![ClaimName::job(name)], LASTING).await) {
            Ok(mut attempts) => Ok(match attempts.pop() {
                Some(ClaimAttempt::Held(claim)) => Some(claim),
                Some(ClaimAttempt::Taken(_)) | None => None,
            }),
            Err(StoreError::NotAdopted { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Forgets what nobody has claimed for long: a host that is read no longer.
    pub async fn forget_claims(&self) -> Result<(), StoreError> {
        ask!(self.forget_claims().await)
    }

    /// Claims something as soon as nobody has it and it does not rest: a host to be asked, or its robots.txt.
    ///
    /// # Errors
    /// As [`Self::claim_sources`].
    pub async fn claim_when_free(&self, name: &ClaimName) -> Result<Claim, StoreError> {
        ask!(self.claim_when_free(name, LASTING_OF_HOST).await)
    }
}
