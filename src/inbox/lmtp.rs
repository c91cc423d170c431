//! Taking in what a mail server on this machine hands over.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::domain::email::EmailAddress;
use crate::domain::text::error_chain;
use crate::mail::InboundEnvelope;
use crate::mail::lmtp::{DeliveryStatus, HandedMessage, LmtpSession};
use crate::settings::LmtpListen;
use crate::subscribe::{Inbox, Ingested};

/// Connections at once; a mail server uses a few.
const MAX_CONNECTIONS: usize = 20;

/// Who has handed over nothing for so long makes room where others wait for it.
const PATIENCE: Duration = Duration::from_secs(15);

/// Between two looks at who might make room.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// After a connection could not be taken, for want of file descriptors for one.
const PAUSE: Duration = Duration::from_millis(100);

/// It cannot be listened.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen for LMTP on {place}")]
pub struct LmtpListenError {
    place: String,
    source: io::Error,
}

/// The LMTP server: what all its connections share.
#[derive(Debug, Clone)]
pub struct LmtpServer {
    /// Takes messages in.
    pub inbox: Arc<Inbox>,
    /// The mailboxes for which there is mail.
    pub mailboxes: Vec<EmailAddress>,
    /// Wakes who sends the answers.
    pub found: Arc<Notify>,
    /// Connections.
    pub tasks: TaskTracker,
}

/// Where it listens.
#[derive(Debug)]
pub enum Listener {
    /// On a loopback address.
    Tcp(TcpListener),
    /// On a socket, whose file goes when it is dropped.
    Unix(UnixListener, LmtpSocketFile),
}

/// The file of a socket.
#[derive(Debug)]
pub struct LmtpSocketFile(PathBuf);

impl Drop for LmtpSocketFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

impl Listener {
    /// Listens.
    ///
    /// # Errors
    /// What the system says.
    pub async fn bind(listen: &LmtpListen) -> Result<Self, LmtpListenError> {
        match listen {
            LmtpListen::Tcp(address) => TcpListener::bind(address)
                .await
                .map(Self::Tcp)
                .map_err(|source| LmtpListenError { place: address.to_string(), source }),
            LmtpListen::Unix(path) => bind_socket(path)
                .map(|listener| Self::Unix(listener, LmtpSocketFile(path.clone())))
                .map_err(|source| LmtpListenError { place: path.display().to_string(), source }),
        }
    }
}

/// A socket that any user of this machine may write to, as they may to a loopback address: mail servers
/// run as users of their own. Its folder says who gets that far.
fn bind_socket(path: &Path) -> io::Result<UnixListener> {
    // What a run that was ended left behind; the store's owner is the only one who listens.
    if path.symlink_metadata().is_ok_and(|about| about.file_type().is_socket()) {
        std::fs::remove_file(path)?;
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o666))?;
    Ok(listener)
}

impl LmtpServer {
    /// Takes connections until stopped.
    pub async fn run(self, listener: Listener, stop: CancellationToken) {
        let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        let peers = Peers::default();
        while !stop.is_cancelled() {
            // Who finds no room waits to be greeted, in the system's queue.
            let permit = tokio::select! {
                permit = peers.room(&room) => permit,
                () = stop.cancelled() => return,
            };
            let Some(permit) = permit else { return };
            let accepted = tokio::select! {
                accepted = self.accept(&listener, peers.join(&stop)) => accepted,
                () = stop.cancelled() => return,
            };
            match accepted {
                Ok(serving) => {
                    self.tasks.spawn(async move {
                        serving.await;
                        drop(permit);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "failed to accept an LMTP connection");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    async fn accept(
        &self,
        listener: &Listener,
        peer: ConnectedPeer,
    ) -> io::Result<std::pin::Pin<Box<dyn Future<Output = ()> + Send>>> {
        let server = self.clone();
        Ok(match listener {
            Listener::Tcp(listener) => {
                let (stream, _) = listener.accept().await?;
                stream.set_nodelay(true)?;
                Box::pin(server.serve(stream, peer))
            }
            Listener::Unix(listener, _) => {
                let (stream, _) = listener.accept().await?;
                Box::pin(server.serve(stream, peer))
            }
        })
    }

    /// One connection. A message that was handed over is taken and answered before it stops.
    async fn serve(self, stream: impl AsyncRead + AsyncWrite + Unpin, peer: ConnectedPeer) {
        peer.note_progress();
        let mut session = LmtpSession::new(stream, self.mailboxes.clone());
        let ended = loop {
            let next = tokio::select! {
                next = session.next() => next,
                () = peer.stop.cancelled() => break session.stop().await,
            };
            let handed = match next {
                Ok(Some(handed)) => handed,
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            };
            let verdicts = self.take(handed).await;
            peer.note_progress();
            if let Err(error) = session.settle(&verdicts).await {
                break Err(error);
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "an LMTP connection broke");
        }
    }

    async fn take(&self, handed: HandedMessage) -> Vec<DeliveryStatus> {
        let mut verdicts = Vec::new();
        for recipient in handed.recipients {
            let envelope =
                InboundEnvelope { sender: Some(handed.sender.clone()), recipient: Some(recipient) };
            let ingested = self.inbox.ingest(handed.raw.clone(), &envelope).await;
            verdicts.push(match ingested {
                Ok(Ingested::GivenUp { .. }) => DeliveryStatus::Refused,
                Ok(ingested) => {
                    if matches!(ingested, Ingested::Answered { .. }) {
                        self.found.notify_one();
                    }
                    DeliveryStatus::Taken
                }
                Err(error) => {
                    let error = error_chain(&error);
                    tracing::error!(error, "failed to take in a message by LMTP; its server keeps it");
                    DeliveryStatus::TryAgain
                }
            });
        }
        verdicts
    }
}

/// The peers that are connected, each with when it last handed something over.
#[derive(Debug, Clone, Default)]
struct Peers(Arc<Mutex<BTreeMap<u64, (Instant, CancellationToken)>>>);

/// One of them; it leaves when it is dropped.
#[derive(Debug)]
struct ConnectedPeer {
    peers: Peers,
    number: u64,
    /// Asked to end: the service stops, or others need the room.
    stop: CancellationToken,
}

impl Peers {
    /// One more, which ends with the service.
    fn join(&self, service: &CancellationToken) -> ConnectedPeer {
        let stop = service.child_token();
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let number = all.last_key_value().map_or(0, |(last, _)| last + 1);
        all.insert(number, (Instant::now(), stop.clone()));
        ConnectedPeer { peers: self.clone(), number, stop }
    }

    /// Room for one more. Where there is none, whoever handed nothing over for the longest time makes it: a
    /// peer that stalls holds up nobody else.
    async fn room(&self, room: &Arc<Semaphore>) -> Option<OwnedSemaphorePermit> {
        let mut permit = std::pin::pin!(Arc::clone(room).acquire_owned());
        loop {
            tokio::select! {
                permit = permit.as_mut() => return permit.ok(),
                () = tokio::time::sleep(LOOK_AGAIN) => self.end_the_slowest(),
            }
        }
    }

    fn end_the_slowest(&self) {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = all.values().filter(|(_, stop)| !stop.is_cancelled());
        let slowest = waiting.min_by_key(|(since, _)| *since);
        if let Some((_, stop)) = slowest.filter(|(since, _)| since.elapsed() >= PATIENCE) {
            tracing::warn!("closed an idle LMTP connection to make room for others");
            stop.cancel();
        }
    }
}

impl ConnectedPeer {
    fn note_progress(&self) {
        let mut all = self.peers.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((since, _)) = all.get_mut(&self.number) {
            *since = Instant::now();
        }
    }
}

impl Drop for ConnectedPeer {
    fn drop(&mut self) {
        self.peers.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_stalls_makes_room_for_others_and_who_hands_over_does_not() {
        let (peers, service) = (Peers::default(), CancellationToken::new());
        let room = Arc::new(Semaphore::new(2));
        let (first, second) = (peers.join(&service), peers.join(&service));
        let permits = [peers.room(&room).await, peers.room(&room).await];
        tokio::time::advance(Duration::from_secs(10)).await;
        first.note_progress();
        let began = Instant::now();
        let third = async {
            second.stop.cancelled().await;
            drop(permits);
        };
        let (given, ()) = tokio::join!(peers.room(&room), third);
        assert!(given.is_some() && began.elapsed() < Duration::from_secs(6), "{:?}", began.elapsed());
        assert!(!first.stop.is_cancelled() && !service.is_cancelled());
        service.cancel();
        assert!(first.stop.is_cancelled());
        drop((first, second));
        assert!(peers.0.lock().unwrap().is_empty());
    }
}
