//! Every host's pace: one request at a time, a bucket of requests that fills again, and a pause when
//! the host asks for one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::OwnedMutexGuard;
use tokio::time::{Instant, sleep_until};
use url::Url;

use super::error::FetchError;
use crate::domain::token_bucket::{BucketRate, TokenBucket};

/// The gates of all hosts.
#[derive(Debug)]
pub(super) struct Gates {
    rate: BucketRate,
    begun: Instant,
    hosts: Mutex<HashMap<String, Gate>>,
}

#[derive(Debug, Default)]
struct Gate {
    /// Held while the host is being asked.
    bucket: Arc<tokio::sync::Mutex<TokenBucket>>,
    /// Until when the host asked to be left alone.
    paused_until: Option<Instant>,
}

/// The right to ask a host now. Nobody else has it until it is given back.
#[derive(Debug)]
pub(super) struct HostPermit {
    _bucket: OwnedMutexGuard<TokenBucket>,
}

impl Gates {
    /// The gates of hosts each of which may be asked at a rate.
    pub(super) fn new(rate: BucketRate) -> Self {
        Self { rate, begun: Instant::now(), hosts: Mutex::default() }
    }

    /// Waits until the host may be asked; `heeds_pause` is false where a person wishes it whatever the host asked for.
    ///
    /// # Errors
    /// [`FetchError::Paused`] at once where the host asked for a pause that is not over.
    pub(super) async fn turn(&self, url: &Url, heeds_pause: bool) -> Result<HostPermit, FetchError> {
        if heeds_pause {
            self.check_pause(url)?;
        }
        let mut bucket = self.with(url, |gate| Arc::clone(&gate.bucket)).lock_owned().await;
        // The pause may have been asked for while this request stood in line.
        if heeds_pause {
            self.check_pause(url)?;
        }
        sleep_until(self.begun + bucket.free_at(self.rate, self.begun.elapsed())).await;
        bucket.take(self.rate, 1, self.begun.elapsed());
        Ok(HostPermit { _bucket: bucket })
    }

    /// Leaves a host alone for a while.
    pub(super) fn pause(&self, url: &Url, pause: Duration) {
        self.with(url, |gate| gate.paused_until = Some(Instant::now() + pause));
    }

    /// Asks a host again that had asked to be left alone: it answered all the same.
    pub(super) fn end_pause(&self, url: &Url) {
        self.with(url, |gate| gate.paused_until = None);
    }

    fn check_pause(&self, url: &Url) -> Result<(), FetchError> {
        let left = self
            .with(url, |gate| gate.paused_until)
            .map(|until| until.saturating_duration_since(Instant::now()))
            .filter(|left| !left.is_zero());
        match left {
            Some(left) => Err(FetchError::Paused { host: host_of(url), seconds: whole_seconds(left) }),
            None => Ok(()),
        }
    }

    fn with<T>(&self, url: &Url, look: impl FnOnce(&mut Gate) -> T) -> T {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        look(hosts.entry(host_of(url)).or_default())
    }
}

pub(super) fn whole_seconds(length: Duration) -> u64 {
    length.as_secs() + u64::from(length.subsec_nanos() > 0)
}

pub(super) fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url() -> Url {
        Url::parse("http://agency.test/list").unwrap()
    }

    fn gates(seconds: u64, burst: u32) -> Gates {
        Gates::new(BucketRate { interval: Duration::from_secs(seconds), burst })
    }

    /// When each of so many requests in a row is let through.
    async fn let_through(gates: &Gates, count: usize) -> Vec<u64> {
        let start = Instant::now();
        let mut moments = Vec::new();
        for _ in 0..count {
            drop(gates.turn(&url(), true).await.unwrap());
            moments.push(start.elapsed().as_secs());
        }
        moments
    }

    #[tokio::test(start_paused = true)]
    async fn two_requests_to_one_host_are_an_interval_apart() {
        let gates = gates(2, 1);
        assert_eq!(let_through(&gates, 3).await, [0, 2, 4]);
        let before = Instant::now();
        drop(gates.turn(&Url::parse("http://other.test/").unwrap(), true).await.unwrap());
        assert_eq!(before.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_let_through_and_comes_back_with_time() {
        let gates = gates(10, 3);
        assert_eq!(let_through(&gates, 5).await, [0, 0, 0, 10, 20]);
        tokio::time::advance(Duration::from_secs(20)).await;
        assert_eq!(let_through(&gates, 3).await, [0, 0, 10], "two tokens came back");
        tokio::time::advance(Duration::from_secs(86_400)).await;
        assert_eq!(let_through(&gates, 4).await, [0, 0, 0, 10], "never more than the burst");
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_request_keeps_the_others_waiting_and_no_longer() {
        let gates = gates(2, 1);
        let turn = gates.turn(&url(), true).await.unwrap();
        tokio::time::advance(Duration::from_secs(60)).await;
        drop(turn);
        assert_eq!(let_through(&gates, 2).await, [0, 2]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_that_asked_for_a_pause_is_left_alone() {
        let gates = gates(0, 1);
        gates.pause(&url(), Duration::from_secs(90));
        assert!(matches!(gates.turn(&url(), true).await, Err(FetchError::Paused { seconds: 90, .. })));
        tokio::time::advance(Duration::from_secs(90)).await;
        assert!(gates.turn(&url(), true).await.is_ok());
    }
}
