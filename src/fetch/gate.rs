//! Every host's pace: one request at a time, a pause between two, and a longer one when it asks.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::OwnedMutexGuard;
use tokio::time::{Instant, sleep_until};
use url::Url;

use super::error::FetchError;

/// The gates of all hosts.
#[derive(Debug)]
pub(super) struct Gates {
    interval: Duration,
    hosts: Mutex<HashMap<String, Gate>>,
}

#[derive(Debug, Default)]
struct Gate {
    /// When the host may be asked next; held while it is being asked.
    next: Arc<tokio::sync::Mutex<Option<Instant>>>,
    /// Until when the host asked to be left alone.
    paused_until: Option<Instant>,
}

/// The right to ask a host now. When it is given back, the interval begins.
#[derive(Debug)]
pub(super) struct Turn {
    next: OwnedMutexGuard<Option<Instant>>,
    interval: Duration,
}

impl Drop for Turn {
    fn drop(&mut self) {
        *self.next = Some(Instant::now() + self.interval);
    }
}

impl Gates {
    pub(super) fn new(interval: Duration) -> Self {
        Self { interval, hosts: Mutex::default() }
    }

    /// Waits until the host may be asked.
    ///
    /// # Errors
    /// [`FetchError::Paused`] at once where the host asked for a pause that is not over.
    pub(super) async fn turn(&self, url: &Url) -> Result<Turn, FetchError> {
        self.check_pause(url)?;
        let next = self.with(url, |gate| Arc::clone(&gate.next)).lock_owned().await;
        // The pause may have been asked for while this request stood in line.
        self.check_pause(url)?;
        if let Some(next) = *next {
            sleep_until(next).await;
        }
        Ok(Turn { next, interval: self.interval })
    }

    /// Leaves a host alone for a while.
    pub(super) fn pause(&self, url: &Url, pause: Duration) {
        self.with(url, |gate| gate.paused_until = Some(Instant::now() + pause));
    }

    fn check_pause(&self, url: &Url) -> Result<(), FetchError> {
        let left = self
            .with(url, |gate| gate.paused_until)
            .map(|until| until.saturating_duration_since(Instant::now()))
            .filter(|left| !left.is_zero());
        match left {
            Some(left) => {
                let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
                Err(FetchError::Paused { host: host_of(url), seconds })
            }
            None => Ok(()),
        }
    }

    fn with<T>(&self, url: &Url, look: impl FnOnce(&mut Gate) -> T) -> T {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        look(hosts.entry(host_of(url)).or_default())
    }
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

    #[tokio::test(start_paused = true)]
    async fn two_requests_to_one_host_are_an_interval_apart() {
        let gates = Gates::new(Duration::from_secs(2));
        let start = Instant::now();
        drop(gates.turn(&url()).await.unwrap());
        drop(gates.turn(&url()).await.unwrap());
        assert_eq!(start.elapsed().as_secs(), 2);
        drop(gates.turn(&Url::parse("http://other.test/").unwrap()).await.unwrap());
        assert_eq!(start.elapsed().as_secs(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_that_asked_for_a_pause_is_left_alone() {
        let gates = Gates::new(Duration::ZERO);
        gates.pause(&url(), Duration::from_secs(90));
        assert!(matches!(gates.turn(&url()).await, Err(FetchError::Paused { seconds: 90, .. })));
        tokio::time::advance(Duration::from_secs(90)).await;
        assert!(gates.turn(&url()).await.is_ok());
    }
}
