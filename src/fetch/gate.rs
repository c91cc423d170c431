//! Every host's pace: one request at a time, a bucket of requests that fills again, and a pause when
//! the host asks for one.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::OwnedMutexGuard;
use tokio::time::{Instant, sleep_until};
use url::Url;

use super::error::FetchError;
use crate::domain::source::{Quota, QuotaUse};
use crate::domain::token_bucket::{BucketRate, TokenBucket};

/// The gates of all hosts.
#[derive(Debug)]
pub(super) struct Gates {
    rate: BucketRate,
    begun: Instant,
    hosts: Mutex<HashMap<String, Gate>>,
    /// Whether a request was counted against a quota that nobody was told of yet.
    has_counted: Arc<AtomicBool>,
}

#[derive(Debug, Default)]
struct Gate {
    /// Held while the host is being asked.
    bucket: Arc<tokio::sync::Mutex<Bucket>>,
    /// Until when the host asked to be left alone.
    paused_until: Option<Instant>,
}

#[derive(Debug, Default)]
struct Bucket {
    tokens: TokenBucket,
    /// When those requests were made that count against a quota.
    counted: VecDeque<Instant>,
    /// For how long they count at most: sources at one host may have quotas of different lengths.
    counts_for: Duration,
    /// Whether there are some that nobody was told of yet.
    has_new: bool,
}

impl Bucket {
    /// Counts a request against a quota.
    ///
    /// # Errors
    /// How long it takes until one more is allowed, where all of them were made.
    fn count(&mut self, quota: Quota, now: Instant) -> Result<(), Duration> {
        self.counts_for = self.counts_for.max(quota.within);
        self.counted.retain(|at| now.saturating_duration_since(*at) < self.counts_for);
        let requests = usize::try_from(quota.requests).unwrap_or(usize::MAX);
        // The one that must be over before another one may be made.
        let first = self.counted.len().checked_sub(requests).and_then(|at| self.counted.get(at));
        let left = first.map(|&first| (first + quota.within).saturating_duration_since(now));
        if let Some(left) = left.filter(|left| !left.is_zero()) {
            return Err(left);
        }
        self.counted.push_back(now);
        self.has_new = true;
        Ok(())
    }
}

/// The right to ask a host now. Nobody else has it until it is given back.
#[derive(Debug)]
pub(super) struct HostPermit {
    bucket: OwnedMutexGuard<Bucket>,
    has_counted: Arc<AtomicBool>,
}

impl Gates {
    /// The gates of hosts each of which may be asked at a rate.
    pub(super) fn new(rate: BucketRate) -> Self {
        Self { rate, begun: Instant::now(), hosts: Mutex::default(), has_counted: Arc::default() }
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
        sleep_until(self.begun + bucket.tokens.free_at(self.rate, self.begun.elapsed())).await;
        bucket.tokens.take(self.rate, 1, self.begun.elapsed());
        Ok(HostPermit { bucket, has_counted: Arc::clone(&self.has_counted) })
    }

    /// Leaves a host alone for a while.
    pub(super) fn pause(&self, url: &Url, pause: Duration) {
        self.with(url, |gate| gate.paused_until = Some(Instant::now() + pause));
    }

    /// Asks a host again that had asked to be left alone: it answered all the same.
    pub(super) fn end_pause(&self, url: &Url) {
        self.with(url, |gate| gate.paused_until = None);
    }

    /// Counts what an earlier process asked hosts, as long as it may count against a quota.
    pub(super) fn recall(&self, uses: &[QuotaUse], counts_for: Duration, now: DateTime<Utc>) {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        for used in uses {
            let bucket = Arc::clone(&hosts.entry(used.host.clone()).or_default().bucket);
            // Nobody asks anybody yet.
            let Ok(mut bucket) = bucket.try_lock() else { continue };
            bucket.counts_for = counts_for;
            // A moment before this machine was started cannot be told; one that counts for longer does no harm.
            let at = |age| Instant::now().checked_sub(age).unwrap_or_else(Instant::now);
            bucket.counted = used.ages(now).filter(|age| *age < counts_for).map(at).collect();
            bucket.counted.make_contiguous().sort();
        }
    }

    /// When hosts with a quota were asked, those of which a request was counted since this was asked last.
    pub(super) fn new_uses(&self, now: DateTime<Utc>) -> Vec<QuotaUse> {
        if !self.has_counted.swap(false, Ordering::AcqRel) {
            return Vec::new();
        }
        let hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let used = |(host, gate): (&String, &Gate)| {
            let Ok(mut bucket) = gate.bucket.try_lock() else {
                // It is being asked, and is told of next time.
                self.has_counted.store(true, Ordering::Release);
                return None;
            };
            let ages = || bucket.counted.iter().map(Instant::elapsed).collect::<Vec<_>>();
            let used = bucket.has_new.then(|| QuotaUse::of(host.clone(), ages(), now));
            bucket.has_new = false;
            used
        };
        hosts.iter().filter_map(used).collect()
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

impl HostPermit {
    /// Counts the request for which the turn is held against the host's quota.
    ///
    /// # Errors
    /// [`FetchError::Quota`] where no more may be made now.
    pub(super) fn count(&mut self, url: &Url, quota: Quota) -> Result<(), FetchError> {
        self.bucket.count(quota, Instant::now()).map_err(|left| FetchError::Quota {
            host: host_of(url),
            requests: quota.requests,
            seconds: whole_seconds(left),
        })?;
        self.has_counted.store(true, Ordering::Release);
        Ok(())
    }
}

fn whole_seconds(length: Duration) -> u64 {
    length.as_secs() + u64::from(length.subsec_nanos() > 0)
}

fn host_of(url: &Url) -> String {
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

    #[tokio::test(start_paused = true)]
    async fn a_quota_is_kept_in_any_stretch_of_its_length() {
        let (gates, quota) = (gates(0, 1), Quota { requests: 2, within: Duration::from_secs(3600) });
        let ask = async || gates.turn(&url(), true).await.unwrap().count(&url(), quota);
        assert!(ask().await.is_ok());
        tokio::time::advance(Duration::from_secs(600)).await;
        assert!(ask().await.is_ok());
        assert!(matches!(ask().await, Err(FetchError::Quota { seconds: 3000, requests: 2, .. })));
        tokio::time::advance(Duration::from_secs(3000)).await;
        assert!(ask().await.is_ok(), "the first is an hour old");
        assert!(matches!(ask().await, Err(FetchError::Quota { seconds: 600, .. })));
    }

    #[tokio::test(start_paused = true)]
    async fn a_quota_of_an_hour_does_not_forget_what_counts_for_a_day() {
        let gates = gates(0, 1);
        let quota = |requests, hours: u64| Quota { requests, within: Duration::from_secs(hours * 3600) };
        let ask = async |quota| gates.turn(&url(), true).await.unwrap().count(&url(), quota);
        assert!(ask(quota(2, 24)).await.is_ok());
        assert!(ask(quota(2, 24)).await.is_ok());
        tokio::time::advance(Duration::from_secs(2 * 3600)).await;
        assert!(ask(quota(1, 1)).await.is_ok(), "nobody asked within the hour");
        assert!(matches!(ask(quota(3, 24)).await, Err(FetchError::Quota { seconds: 79_200, .. })));
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_asked_counts_for_the_process_after_this_one() {
        let (first, quota) = (gates(0, 1), Quota { requests: 2, within: Duration::from_secs(3600) });
        let now: DateTime<Utc> = "2031-02-03T04:05:06Z".parse().unwrap();
        assert_eq!(first.new_uses(now), []);
        // The machine runs for a while already.
        tokio::time::advance(Duration::from_secs(86_400)).await;
        first.turn(&url(), true).await.unwrap().count(&url(), quota).unwrap();
        tokio::time::advance(Duration::from_secs(600)).await;
        let held = first.turn(&url(), true).await.unwrap();
        assert_eq!(first.new_uses(now), [], "it is being asked");
        drop(held);
        first.turn(&url(), true).await.unwrap().count(&url(), quota).unwrap();
        let uses = first.new_uses(now);
        assert_eq!(uses[0].asked_at, [now.timestamp() - 600, now.timestamp()]);
        assert_eq!(first.new_uses(now), [], "it was told");

        let second = gates(0, 1);
        let later = now + chrono::TimeDelta::seconds(1200);
        second.recall(&uses, quota.within, later);
        let ask = async || second.turn(&url(), true).await.unwrap().count(&url(), quota);
        assert!(matches!(ask().await, Err(FetchError::Quota { seconds: 1800, .. })));
        tokio::time::advance(Duration::from_secs(1800)).await;
        assert!(ask().await.is_ok());
        assert!(matches!(ask().await, Err(FetchError::Quota { seconds: 600, .. })));
    }
}
