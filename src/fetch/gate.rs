//! Every host's pace: one request at a time, a bucket of requests that fills again, and a pause when
//! the host asks for one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::OwnedMutexGuard;
use tokio::time::{Instant, sleep_until};
use url::Url;

use super::error::FetchError;
use super::shared::{SharedManners, SharedTurn};
use crate::domain::token_bucket::{BucketRate, TokenBucket};

/// The gates of all hosts.
#[derive(Debug)]
pub(super) struct Gates {
    rate: BucketRate,
    begun: Instant,
    hosts: Arc<Mutex<HashMap<String, Gate>>>,
    /// The turns among all workers, where there are others.
    pub(super) shared: Option<SharedManners>,
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
    among_workers: Option<AmongWorkers>,
}

/// The host's turn among all workers, with what is said of the host when it is given back.
#[derive(Debug)]
struct AmongWorkers {
    turn: SharedTurn,
    rate: BucketRate,
    host: String,
    hosts: Arc<Mutex<HashMap<String, Gate>>>,
}

impl Drop for HostPermit {
    fn drop(&mut self) {
        let Some(AmongWorkers { turn, rate, host, hosts }) = self.among_workers.take() else { return };
        let hosts = hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let pause = hosts.get(&host).and_then(|gate| gate.paused_until);
        drop(hosts);
        let pause = pause.map(|until| until.saturating_duration_since(Instant::now()));
        let now = turn.now();
        let pace = turn.pace.asked(rate, pause.filter(|left| !left.is_zero()), now);
        let rest = pace.free_in(rate, false, now);
        turn.give_back(pace, rest);
    }
}

impl Gates {
    /// The gates of hosts each of which may be asked at a rate.
    pub(super) fn new(rate: BucketRate) -> Self {
        Self { rate, begun: Instant::now(), hosts: Arc::default(), shared: None }
    }

    /// The same in turn with other workers.
    pub(super) fn sharing(self, shared: Option<SharedManners>) -> Self {
        Self { shared, ..self }
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
        if let Some(shared) = &self.shared {
            let turn = Box::pin(self.turn_among_workers(shared, url, heeds_pause)).await?;
            return Ok(HostPermit { _bucket: bucket, among_workers: Some(turn) });
        }
        sleep_until(self.begun + bucket.free_at(self.rate, self.begun.elapsed())).await;
        bucket.take(self.rate, 1, self.begun.elapsed());
        Ok(HostPermit { _bucket: bucket, among_workers: None })
    }

    /// Waits until no other worker asks the host, and the last one that did was long enough ago.
    async fn turn_among_workers(
        &self,
        shared: &SharedManners,
        url: &Url,
        heeds_pause: bool,
    ) -> Result<AmongWorkers, FetchError> {
        let host = host_of(url);
        let refused = |reason| FetchError::NoTurn { host: host.clone(), reason };
        loop {
            let turn = shared.turn(host.clone()).await.map_err(refused)?;
            self.heed_others(&turn, url, heeds_pause)?;
            tokio::time::sleep(turn.pace.free_in(self.rate, turn.was_left, turn.now())).await;
            if turn.is_held() {
                let (rate, hosts) = (self.rate, Arc::clone(&self.hosts));
                return Ok(AmongWorkers { turn, rate, host, hosts });
            }
        }
    }

    /// Leaves a host alone that asked another worker for it.
    ///
    /// # Errors
    /// [`FetchError::Paused`].
    fn heed_others(&self, turn: &SharedTurn, url: &Url, heeds_pause: bool) -> Result<(), FetchError> {
        let Some(left) = turn.pace.pause_left(turn.now()) else { return Ok(()) };
        self.pause(url, left);
        if heeds_pause {
            return Err(FetchError::Paused { host: host_of(url), seconds: whole_seconds(left) });
        }
        Ok(())
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

impl HostPermit {
    /// Fails if another worker may have the turn by now.
    ///
    /// # Errors
    /// [`FetchError::NoTurn`].
    pub(super) fn require(&self) -> Result<(), FetchError> {
        match &self.among_workers {
            Some(AmongWorkers { turn, host, .. }) if !turn.is_held() => Err(FetchError::NoTurn {
                host: host.clone(),
                reason: "another worker has it by now".to_owned(),
            }),
            _ => Ok(()),
        }
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
    use std::sync::atomic::{AtomicBool, Ordering};

    use chrono::DateTime;
    use futures_util::future::BoxFuture;

    use super::*;
    use crate::domain::host_pace::HostPace;

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

    /// Turns as a store hands them out to several workers; of a host that is lost the first turn is another's by the time
    /// that it may be used.
    fn among_workers(is_first_lost: bool) -> SharedManners {
        let home = Arc::new(tokio::sync::Mutex::new(HostPace::default()));
        let (begun, is_lost) = (Instant::now(), Arc::new(AtomicBool::new(is_first_lost)));
        let turn = move |_| -> BoxFuture<'static, Result<SharedTurn, String>> {
            let (home, is_lost) = (Arc::clone(&home), Arc::clone(&is_lost));
            Box::pin(async move {
                let held = home.lock_owned().await;
                let now = DateTime::UNIX_EPOCH + begun.elapsed();
                let is_held = move || !is_lost.swap(false, Ordering::SeqCst);
                let pace = *held;
                let give_back = move |pace, _| {
                    let mut held = held;
                    *held = pace;
                };
                Ok(SharedTurn::new(pace, false, now, Box::new(is_held), Box::new(give_back)))
            })
        };
        SharedManners::new(Box::new(turn), Box::new(|_| Box::pin(async { Err(String::new()) })))
    }

    #[tokio::test(start_paused = true)]
    async fn what_one_worker_learns_of_a_host_the_others_go_by() {
        let shared = among_workers(false);
        let [one, other] = [0, 1].map(|_| gates(2, 1).sharing(Some(shared.clone())));
        let began = Instant::now();
        let turn = one.turn(&url(), true).await.unwrap();
        tokio::time::advance(Duration::from_secs(10)).await;
        drop(turn);
        let turn = other.turn(&url(), true).await.unwrap();
        assert_eq!(began.elapsed().as_secs(), 12, "an interval after the turn was given back");
        other.pause(&url(), Duration::from_secs(90));
        drop(turn);
        assert!(matches!(one.turn(&url(), true).await, Err(FetchError::Paused { seconds: 90, .. })));
        let forced = one.turn(&url(), false).await.unwrap();
        one.end_pause(&url());
        drop(forced);
        other.end_pause(&url());
        assert!(other.turn(&url(), true).await.is_ok(), "it answered all the same");
    }

    #[tokio::test(start_paused = true)]
    async fn a_turn_that_was_lost_before_it_was_used_is_taken_again() {
        let one = gates(2, 1).sharing(Some(among_workers(true)));
        let turn = one.turn(&url(), true).await.unwrap();
        assert!(turn.require().is_ok());
    }
}
