//! What other sources announce of a source: it is read at once, and where it cannot be read by any route, its followers
//! are told of the announcement itself.
//!
//! Nothing is kept for this but up to when followers were told: the announcements are changes of those sources, and what
//! is known of the source says which of them it answers already.

use chrono::{DateTime, Utc};

use super::Checker;
use super::source_context::SourceContext;
use crate::domain::alert::alerts_of_announcement;
use crate::domain::change::Change;
use crate::domain::read_state::ReadState;
use crate::domain::report::SourceCheck;
use crate::domain::source::Source;
use crate::domain::text::{counted, error_chain};
use crate::store::{ChangeQuery, ReadCommit, Store, StoreError};

/// No more changes of one announcer are looked at, the newest: it is a feed of notices, not a list.
const LOOKED_AT: usize = 1000;

/// Returns what other sources announced of a source after a moment.
async fn announced(store: &Store, source: &Source, after: DateTime<Utc>) -> Result<Vec<Change>, StoreError> {
    let mut announced = Vec::new();
    for announcer in &source.request.announcers {
        let of = Some(announcer.source.clone());
        let query =
            ChangeQuery { source: of, since: Some(after), limit: LOOKED_AT, ..ChangeQuery::default() };
        let changes = store.changes(query).await?;
        announced.extend(
            changes.into_iter().filter(|change| change.found_at > after && announcer.announces(change)),
        );
    }
    Ok(announced)
}

/// Returns when the newest was announced of a source since it was read last; `None` if nothing was, or it was never read.
///
/// # Errors
/// The store's error.
pub async fn announced_at(
    store: &Store,
    source: &Source,
    state: Option<&ReadState>,
) -> Result<Option<DateTime<Utc>>, StoreError> {
    match state.filter(|_| !source.request.announcers.is_empty()) {
        Some(state) => {
            let announced = announced(store, source, state.last_read_at).await?;
            Ok(announced.iter().map(|change| change.found_at).max())
        }
        None => Ok(None),
    }
}

impl Checker {
    /// Tells the followers of a source that cannot be read what was announced of it elsewhere; `found` is what the read
    /// found, and is returned with what was told.
    pub(super) async fn with_announcements(&self, source: &Source, found: SourceCheck) -> SourceCheck {
        match self.tell_announcements(source).await {
            Ok(0) => found,
            Ok(told) => {
                let reason = found.reason.unwrap_or_default();
                let words = counted(told, "announcement of other sources", "announcements of other sources");
                SourceCheck { reason: Some(format!("{reason}; its followers are told of {words}")), ..found }
            }
            Err(error) => {
                tracing::error!(source.id = %source.id, error = error_chain(&error), "failed to store what was announced of {}", source.id);
                found
            }
        }
    }

    async fn tell_announcements(&self, source: &Source) -> Result<usize, StoreError> {
        let now = self.clock.now();
        let known = SourceContext::load(&self.store, source).await?;
        let Some(state) = known.state.clone() else { return Ok(0) };
        let newest = state.newest_known(known.accepted.as_ref());
        let Some(after) = state.announced_after(newest, now) else { return Ok(0) };
        let told = announced(&self.store, source, after).await?;
        let Some(until) = told.iter().map(|change| change.found_at).max() else { return Ok(0) };
        let listed: Vec<_> = known.standing.iter().flat_map(|standing| standing.named.keys()).collect();
        let alerts = told
            .iter()
            .flat_map(|change| alerts_of_announcement(change, &source.id, listed.iter().copied(), now));
        let alerts = alerts.collect();
        let state = ReadState { announced_until: Some(until), ..state };
        let commit = ReadCommit { alerts, ..ReadCommit::of(state).computed_from(known.version) };
        self.store.commit(commit).await?;
        Ok(told.len())
    }
}
