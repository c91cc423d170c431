//! Reading one source, again and again, for as long as the service runs.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::nap;
use crate::check::{Checker, ReadOptions, Reading};
use crate::clock::Clock;
use crate::domain::due::due_at;
use crate::domain::read_state::backoff;
use crate::domain::source::Source;
use crate::domain::text::error_chain;
use crate::store::Store;

/// Before another attempt where the store cannot say how a source stands, or a read ended abruptly.
const AFTER_A_FAULT: Duration = Duration::from_secs(60);

/// A paused source is looked at as often as any that is not due.
const WHILE_PAUSED: TimeDelta = TimeDelta::hours(1);

/// The life of one source in the daemon.
#[derive(Debug)]
pub struct SourceLoop {
    /// The source.
    pub source: Source,
    /// Reads it.
    pub checker: Arc<Checker>,
    /// Knows when it was read.
    pub store: Store,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Each read is put off by a random part of this.
    pub jitter: Duration,
    /// Reads at once, over all sources.
    pub slots: Arc<Semaphore>,
    /// Woken after every read that found something.
    pub found: Arc<Notify>,
    /// Whether its first read is not put off: somebody who added it waits for it.
    pub is_awaited: bool,
}

impl SourceLoop {
    /// Runs until stopped; a read under way is finished first. Nothing a source does ends it.
    pub async fn run(self, stop: CancellationToken) {
        let mut delay = Delay::default();
        let mut unkept = Unkept::default();
        let mut started_at = self.clock.now();
        loop {
            // A clock that was set back would have it start in the future.
            started_at = started_at.min(self.clock.now());
            let Some(due) = self.next(&mut delay, started_at).await else {
                tracing::warn!(source.id = %self.source.id, "the schedule of {} never fires again", self.source.id);
                return;
            };
            let due = unkept.put_off(due, self.clock.now());
            if due > self.clock.now() {
                // Somebody may read the source by hand meanwhile, and that may put off the next read or,
                // where something waits to be confirmed, bring it forward: look again now and then.
                if !nap(&self.clock, due, &stop).await {
                    return;
                }
                continue;
            }
            let slot = tokio::select! {
                slot = Arc::clone(&self.slots).acquire_owned() => slot,
                () = stop.cancelled() => return,
            };
            unkept.note(self.read_and_look().await, self.clock.now());
            drop(slot);
            if stop.is_cancelled() {
                return;
            }
        }
    }

    /// When the source is to be read, its delay included.
    async fn next(&self, delay: &mut Delay, started_at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let now = self.clock.now();
        if let Ok(Some(pause)) = self.store.source_pause(&self.source.id, now).await {
            // It may be resumed before.
            return Some(pause.until.unwrap_or(now + WHILE_PAUSED));
        }
        match self.store.read_state(&self.source.id).await {
            Ok(state) => {
                let due = due_at(&self.source, state.as_ref(), started_at, now)?;
                if self.is_awaited && state.is_none() {
                    return Some(due);
                }
                Some(delay.put_off(due, self.jitter))
            }
            Err(error) => {
                tracing::error!(source.id = %self.source.id, error = error_chain(&error), "failed to load the state of {}", self.source.id);
                Some(now + AFTER_A_FAULT)
            }
        }
    }

    /// Reads, and tells whether how that went was kept.
    async fn read_and_look(&self) -> bool {
        let last_read = async || {
            let state = self.store.read_state(&self.source.id).await;
            state.map(|state| state.map(|state| (state.last_read_at, state.failures)))
        };
        let before = last_read().await;
        self.read().await;
        matches!((before, last_read().await), (Ok(before), Ok(after)) if before != after)
    }

    /// One read in a task of its own, so that a panic ends the read and not the loop.
    async fn read(&self) {
        let (checker, source) = (Arc::clone(&self.checker), self.source.clone());
        let mut attempt = JoinSet::new();
        attempt.spawn(async move { checker.read(&source, ReadOptions::default()).await });
        match attempt.join_next().await {
            Some(Ok(reading)) if is_to_be_told(&reading) => self.found.notify_one(),
            Some(Err(panic)) => {
                tracing::error!(source.id = %self.source.id, error = error_chain(&panic), "the read of {} panicked", self.source.id);
                tokio::time::sleep(AFTER_A_FAULT).await;
            }
            Some(Ok(_)) | None => {}
        }
    }
}

/// Whether a read found something for its readers, or may be trouble for the operator.
fn is_to_be_told(reading: &Reading) -> bool {
    !reading.changes.is_empty() || !reading.notices.is_empty() || !reading.report.verdict.is_read()
}

/// Reads of a source in a row of which nothing could be kept: the next one waits as after a failed one.
#[derive(Debug, Default)]
struct Unkept {
    times: u32,
    until: Option<DateTime<Utc>>,
}

impl Unkept {
    fn note(&mut self, is_kept: bool, now: DateTime<Utc>) {
        self.times = if is_kept { 0 } else { self.times.saturating_add(1) };
        self.until = (!is_kept).then(|| now + backoff(self.times));
    }

    /// When to read what is due; a clock that was set back makes nobody wait longer than the backoff.
    fn put_off(&mut self, due: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
        self.until = self.until.map(|until| until.min(now + backoff(self.times)));
        self.until.map_or(due, |until| due.max(until))
    }
}

/// A source's random delay: drawn once for each time it falls due.
#[derive(Debug, Default)]
struct Delay {
    drawn: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

impl Delay {
    fn put_off(&mut self, due: DateTime<Utc>, jitter: Duration) -> DateTime<Utc> {
        match self.drawn {
            Some((known, put_off)) if known == due => put_off,
            _ => {
                let put_off = due + jitter.mul_f64(rand::random_range(0.0..1.0));
                self.drawn = Some((due, put_off));
                put_off
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_that_was_not_kept_waits_as_a_failed_one() {
        let (now, mut unkept) = (DateTime::UNIX_EPOCH, Unkept::default());
        for minutes in [1, 5, 15, 60, 240, 240] {
            unkept.note(false, now);
            assert_eq!(unkept.put_off(now, now), now + TimeDelta::minutes(minutes));
            let early = now - TimeDelta::days(400);
            assert_eq!(
                unkept.put_off(early, early),
                early + TimeDelta::minutes(minutes),
                "the clock was wrong"
            );
            unkept.until = Some(now);
        }
        unkept.note(true, now);
        assert_eq!(unkept.put_off(now, now), now);
    }

    #[test]
    fn a_delay_is_drawn_once_for_each_due_time() {
        let mut delay = Delay::default();
        let due = DateTime::UNIX_EPOCH;
        let first = delay.put_off(due, Duration::from_secs(3600));
        assert_eq!(delay.put_off(due, Duration::from_secs(3600)), first);
        assert!(first >= due && first < due + Duration::from_secs(3600));
        assert_eq!(delay.put_off(due, Duration::ZERO), first);
    }
}
