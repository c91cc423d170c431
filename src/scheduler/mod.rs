//! What happens by itself: reading sources on time, and telling what was found.
//!
//! One task a source, so that a slow or broken one holds up nobody else, and one
//! task that makes mails. Every step looks at the store anew and takes no
//! other input: it is woken by a signal or by its timer, and may be killed and
//! started again anywhere.
//!
//! Missed ticks collapse into one: what counts is when a source was last read.

mod reading;
mod screening;
mod telling;

pub use reading::SourceLoop;
pub use screening::ScreeningLoop;
pub use telling::TellingLoop;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;

/// The longest sleep: a wall clock that was set, in either direction, or a machine that was suspended,
/// is noticed within it.
const LONGEST_NAP: Duration = Duration::from_secs(30);

/// Sleeps towards the moment at which the clock shows `due`, and no longer than until it is worth looking again;
/// tells whether nobody stopped it.
async fn nap(clock: &Arc<dyn Clock>, due: DateTime<Utc>, stop: &CancellationToken) -> bool {
    let left = (due - clock.now()).to_std().unwrap_or_default();
    tokio::select! {
        () = tokio::time::sleep(left.min(LONGEST_NAP)) => !stop.is_cancelled(),
        () = stop.cancelled() => false,
    }
}
