//! Telling systemd how the daemon is (`sd_notify(3)`); nothing where it was not started by systemd.

use std::time::Duration;

use sd_notify::NotifyState;
use tokio_util::sync::CancellationToken;

/// The daemon reads sources and answers commands.
pub(super) fn ready(sources: usize) {
    notify(&[NotifyState::Ready, NotifyState::Status(&format!("watching {sources} sources"))]);
}

/// The daemon finishes what is under way.
pub(super) fn stopping() {
    notify(&[NotifyState::Stopping]);
}

/// Says "alive" twice in each watchdog interval, if the unit has one, until stopped.
pub(super) async fn keep_alive(stop: CancellationToken) {
    let Some(interval) = sd_notify::watchdog_enabled() else { return };
    let mut ticks = tokio::time::interval((interval / 2).max(Duration::from_millis(100)));
    while !stop.is_cancelled() {
        tokio::select! {
            _ = ticks.tick() => notify(&[NotifyState::Watchdog]),
            () = stop.cancelled() => {}
        }
    }
}

fn notify(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!(%error, "systemd was not told");
    }
}
