//! What is known of a source before it is read.

use crate::domain::read_state::ReadState;
use crate::domain::snapshot::{Baseline, Validators};
use crate::domain::source::Source;
use crate::store::{Store, StoreError};

/// The state a read starts from.
#[derive(Debug)]
pub(super) struct Known {
    /// The accepted entries, as the current settings read them.
    pub baseline: Option<Baseline>,
    /// How the last reads went.
    pub state: Option<ReadState>,
    /// Since when a suspect body is held.
    pub held_since: Option<chrono::DateTime<chrono::Utc>>,
    /// Why there is no baseline although the source was read before.
    pub note: Option<String>,
}

impl Known {
    /// Loads the state. Where the extraction settings are new, the stored body is read anew under
    /// them, so that the difference between the settings is never told as a change of the source.
    pub(super) async fn load(store: &Store, source: &Source) -> Result<Self, StoreError> {
        let state = store.read_state(&source.id).await?;
        let held_since = store.held(&source.id).await?.map(|held| held.held_since);
        let mut known = Self { baseline: store.baseline(&source.id).await?, state, held_since, note: None };
        if let Some(baseline) = known.baseline.take() {
            if baseline.snapshot.fingerprint == source.fingerprint() {
                known.baseline = Some(baseline);
            } else {
                match read_anew(store, source, baseline).await? {
                    Ok(baseline) => known.baseline = Some(baseline),
                    Err(reason) => {
                        known.note = Some(format!(
                            "begun anew: the extraction settings changed and the stored body does not fit them: {reason}"
                        ));
                    }
                }
            }
        }
        Ok(known)
    }

    /// What makes the request conditional; nothing unless an accepted body stands behind it.
    pub(super) fn validators(&self, source: &Source, full_read_every: u32) -> Option<&Validators> {
        self.baseline.as_ref()?;
        self.state.as_ref()?.validators_for(&source.fingerprint(), full_read_every)
    }
}

async fn read_anew(
    store: &Store,
    source: &Source,
    baseline: Baseline,
) -> Result<Result<Baseline, String>, StoreError> {
    let snapshot = baseline.snapshot;
    let Some(body) = store.body(&snapshot.sha256).await? else {
        return Ok(Err(format!("body {} is not in the store", snapshot.sha256)));
    };
    let content_type = snapshot.header("content-type").map(str::to_owned);
    let url = snapshot.url.parse().unwrap_or_else(|_| source.url.clone());
    let document = super::extract_whole(source, body.into(), content_type, url).await;
    Ok(match document {
        Ok(Ok(document)) => Ok(Baseline { snapshot, document }),
        Ok(Err(unreadable)) => Err(unreadable.to_string()),
        Err(reason) => Err(reason),
    })
}
