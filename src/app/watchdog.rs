//! Telling systemd how the daemon is (`sd_notify(3)`); nothing where it was not started by systemd.

use std::time::Duration;

use sd_notify::NotifyState;
use tokio_util::sync::CancellationToken;

use crate::status::written_within;
use crate::store::Store;

/// The daemon reads sources and answers commands.
pub(super) fn ready(sources: usize) {
    notify(&[NotifyState::Ready, NotifyState::Status(&format!("watching {sources} sources"))]);
}

/// The daemon finishes what is under way.
pub(super) fn stopping() {
    notify(&[NotifyState::Stopping]);
}

/// Says "alive" twice in each watchdog interval, if the unit has one, until stopped. Alive is a daemon that has
/// forced something to the disk within that time: one whose store takes nothing only seems to be.
pub(super) async fn keep_alive(store: Store, stop: CancellationToken) {
    let Some(interval) = sd_notify::watchdog_enabled() else { return };
    let tick = (interval / 2).max(Duration::from_millis(100));
    let mut ticks = tokio::time::interval(tick);
    while !stop.is_cancelled() {
        tokio::select! {
            _ = ticks.tick() => {}
            () = stop.cancelled() => return,
        }
        match written_within(&store, tick).await {
            Ok(()) => notify(&[NotifyState::Watchdog]),
            Err(reason) => tracing::warn!(reason, "watchdog not notified: {reason}"),
        }
    }
}

fn notify(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!(%error, "failed to notify systemd");
    }
}
