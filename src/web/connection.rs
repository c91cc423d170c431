//! Connections: how many, and for how long. A client that is slow on purpose holds one place for half a
//! minute, and never more places than its share.

use std::collections::HashMap;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// From the first byte to the end of the header.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

/// From the connection to its end, the answer taken in by the client.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(30);

/// A request's header is at most as long.
const MAX_HEADER_BYTES: usize = 16 * 1024;

/// Serves one request over a connection. Asked to stop, it finishes what is under way.
pub(super) async fn serve(stream: TcpStream, router: Router, stop: CancellationToken) {
    // An answer is one write: nothing is gained by waiting for more.
    let _ = stream.set_nodelay(true);
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(MAX_HEADER_BYTES)
        .keep_alive(false);
    let service = TowerToHyperService::new(router);
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service));
    let served = timeout(CONNECTION_TIMEOUT, async {
        tokio::select! {
            served = connection.as_mut() => return served,
            () = stop.cancelled() => connection.as_mut().graceful_shutdown(),
        }
        connection.await
    });
    match served.await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "a web connection broke"),
        Err(_) => tracing::debug!("closed a web connection that was too slow"),
    }
}

/// How many connections each client has.
#[derive(Debug, Clone)]
pub(super) struct Places {
    taken: Arc<Mutex<HashMap<IpAddr, usize>>>,
    each: usize,
    /// These speak for many.
    unlimited: Arc<[IpAddr]>,
}

/// One of them. Given back when it is dropped.
#[derive(Debug)]
pub(super) struct ConnectionSlot {
    places: Places,
    client: IpAddr,
}

impl Places {
    /// At most `each` for one client that is none of `unlimited`.
    pub(super) fn new(each: usize, unlimited: &[IpAddr]) -> Self {
        Self { taken: Arc::default(), each: each.max(1), unlimited: unlimited.into() }
    }

    /// One more for a client, unless it has its share.
    pub(super) fn take(&self, client: IpAddr) -> Option<ConnectionSlot> {
        let client = client.to_canonical();
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(client).or_default();
        if *count >= self.each && !self.unlimited.contains(&client) {
            return None;
        }
        *count += 1;
        Some(ConnectionSlot { places: self.clone(), client })
    }
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.client) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_has_its_share_of_places_and_gives_them_back() {
        let (proxy, client) = ("127.0.0.1".parse().unwrap(), "192.0.2.1".parse().unwrap());
        let places = Places::new(2, &[proxy]);
        let held: Vec<ConnectionSlot> = (0..2).filter_map(|_| places.take(client)).collect();
        assert_eq!(held.len(), 2);
        assert!(places.take(client).is_none());
        assert_eq!((0..9).filter_map(|_| places.take(proxy)).collect::<Vec<_>>().len(), 9);
        drop(held);
        assert!(places.take(client).is_some());
        assert!(places.taken.lock().unwrap().is_empty());
    }
}
