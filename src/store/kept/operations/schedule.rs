//! When sources are to be read, as far as it is kept.

use std::collections::BTreeMap;

use crate::domain::id::SourceId;
use crate::domain::source::SourcePause;
use crate::store::boundary::KeptSchedule;
use crate::store::error::StoreError;
use crate::store::kept::database::Database;
use crate::store::kept::{pauses, sources};

/// More sources than these are looked up beside the runtime's threads.
const FEW: usize = 8;

impl Database {
    pub(in crate::store) async fn schedules(
        &self,
        ids: Vec<SourceId>,
    ) -> Result<Vec<Result<KeptSchedule, StoreError>>, StoreError> {
        let is_few = ids.len() <= FEW;
        let look = move |trees: &_| {
            let schedule = |id: &SourceId| {
                Ok(KeptSchedule {
                    state: sources::read_state(trees, id)?,
                    pause: pauses::get(trees, id)?,
                    announced_at: None,
                })
            };
            Ok(ids.iter().map(schedule).collect())
        };
        if is_few { self.look_up(look).await } else { self.read(look).await }
    }

    pub(in crate::store) async fn pause_of(
        &self,
        source: &SourceId,
    ) -> Result<Option<SourcePause>, StoreError> {
        let source = source.clone();
        self.read(move |trees| pauses::get(trees, &source)).await
    }

    pub(in crate::store) async fn pauses(&self) -> Result<BTreeMap<SourceId, SourcePause>, StoreError> {
        self.read(pauses::all).await
    }

    pub(in crate::store) async fn pause_source(
        &self,
        source: &SourceId,
        pause: Option<SourcePause>,
    ) -> Result<Option<SourcePause>, StoreError> {
        let source = source.clone();
        self.write(move |trees, writes| pauses::put(trees, writes, &source, pause.as_ref())).await
    }
}
