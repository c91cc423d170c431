//! The rounds of the loop that delivers, for those who wait for one.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, watch};

/// How the loop stands.
#[derive(Debug)]
pub(super) struct Loops {
    /// Whether it delivers, and not whoever calls.
    pub(super) is_running: AtomicBool,
    /// Wakes it.
    pub(super) woken: Notify,
    is_asked: AtomicBool,
    begun: AtomicU64,
    ended: watch::Sender<u64>,
}

impl Default for Loops {
    fn default() -> Self {
        Self {
            is_running: AtomicBool::new(false),
            woken: Notify::new(),
            is_asked: AtomicBool::new(false),
            begun: AtomicU64::new(0),
            ended: watch::Sender::new(0),
        }
    }
}

impl Loops {
    /// Notes that a round begins; gives its number.
    pub(super) fn begin(&self) -> u64 {
        self.begun.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// Notes that it ended.
    pub(super) fn end(&self, round: u64) {
        self.ended.send_replace(round);
    }

    /// Has the next round try a transport whose time has not come.
    pub(super) fn ask(&self) {
        self.is_asked.store(true, Ordering::SeqCst);
    }

    pub(super) fn take_asked(&self) -> bool {
        self.is_asked.swap(false, Ordering::SeqCst)
    }

    /// Wakes the loop and waits until a round that began after this has ended, for so long at most.
    pub(super) async fn wait_for_round(&self, at_most: Duration) {
        let next = self.begun.load(Ordering::SeqCst) + 1;
        let mut ended = self.ended.subscribe();
        self.woken.notify_one();
        // Whether it came in time or not: who waited looks at what became of theirs.
        let _ = tokio::time::timeout(at_most, ended.wait_for(|round| *round >= next)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_waits_for_a_round_waits_for_one_that_began_later_and_not_for_ever() {
        let loops = Loops::default();
        let running = loops.begin();
        let began = tokio::time::Instant::now();
        loops.wait_for_round(Duration::from_secs(5)).await;
        assert!(began.elapsed() >= Duration::from_secs(5), "the one under way does not count");
        loops.end(running);
        let waiting = loops.wait_for_round(Duration::from_secs(5));
        let round = async {
            loops.woken.notified().await;
            let next = loops.begin();
            loops.end(next);
        };
        let began = tokio::time::Instant::now();
        tokio::join!(waiting, round);
        assert!(began.elapsed() < Duration::from_secs(1));
    }
}
