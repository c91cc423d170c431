//! What is kept of sources that says when they are to be read.

use super::bell::SourceWatch;
use super::sled::{pauses, sources};
use super::{Store, StoreError};
use crate::domain::id::SourceId;
use crate::domain::read_state::ReadState;
use crate::domain::source::SourcePause;

/// What decides when a source is read next, as far as it is kept.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct KeptSchedule {
    /// How its reads stand.
    pub state: Option<ReadState>,
    /// Its pause, in force or over.
    pub pause: Option<SourcePause>,
}

/// More sources than these are looked up beside the runtime's threads.
const FEW: usize = 8;

impl Store {
    /// Returns the schedules of sources in the order asked for, in one look-up. One that cannot be read takes no other
    /// with it.
    pub async fn schedules(
        &self,
        ids: Vec<SourceId>,
    ) -> Result<Vec<Result<KeptSchedule, StoreError>>, StoreError> {
        let is_few = ids.len() <= FEW;
        let look = move |trees: &_| {
            let schedule = |id: &SourceId| {
                Ok(KeptSchedule { state: sources::read_state(trees, id)?, pause: pauses::get(trees, id)? })
            };
            Ok(ids.iter().map(schedule).collect())
        };
        if is_few { self.sled.look_up(look).await } else { self.sled.read(look).await }
    }

    /// Hears from now on of each source whose read state or pause is written.
    #[must_use]
    pub fn watch_sources(&self) -> SourceWatch {
        self.sled.bell().watch()
    }
}
