//! What happens by itself: reading sources on time, and telling what was found.
//!
//! One task a source, so that a slow or broken one holds up nobody else, and one
//! task that empties the outbox. Every step looks at the store anew and takes no
//! other input: it is woken by a signal or by its timer, and may be killed and
//! started again anywhere.
//!
//! Missed ticks collapse into one: what counts is when a source was last read.

mod reading;
mod telling;

pub use reading::SourceLoop;
pub use telling::TellingLoop;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;

/// The longest sleep in one piece: a wall clock that was set, or a machine that was suspended,
/// is noticed within it.
const LONGEST_NAP: Duration = Duration::from_secs(30);

/// Sleeps until the clock shows `due`; tells whether it did, and was not stopped before.
async fn sleep_until(clock: &Arc<dyn Clock>, due: DateTime<Utc>, stop: &CancellationToken) -> bool {
    loop {
        if stop.is_cancelled() {
            return false;
        }
        let Ok(left) = (due - clock.now()).to_std() else { return true };
        if left.is_zero() {
            return true;
        }
        tokio::select! {
            () = tokio::time::sleep(left.min(LONGEST_NAP)) => {}
            () = stop.cancelled() => return false,
        }
    }
}
