//! The bytes between us and a relay: TCP without delay, plain or in TLS.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{AsyncTokioStream, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use rustls::pki_types::ServerName;
use secrecy::ExposeSecret;
use tokio::io::{AsyncRead, AsyncWrite, BufWriter, ReadBuf};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::reply::{Fault, Phase};
use crate::config::{SmtpSecurity, SmtpSettings};
use crate::mail::MailError;
use crate::mail::tls::Tls;

/// Where the relay is, how it is spoken to, and as whom.
pub(super) struct Relay {
    /// Host and port, for errors.
    pub name: String,
    host: String,
    port: u16,
    pub protection: Protection,
    pub credentials: Option<Credentials>,
    pub hello: ClientId,
    was_plain: AtomicBool,
}

/// How a connection is protected, with what that needs.
pub(super) enum Protection {
    /// TLS from the first byte.
    Tls { connector: TlsConnector, server: ServerName<'static> },
    /// TLS after STARTTLS.
    StartTls { parameters: TlsParameters, need: Need },
    /// None.
    None,
}

/// What becomes of a session without STARTTLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// There is none. The certificate is verified.
    Required,
    /// It goes on in the clear where the relay does not offer STARTTLS.
    ///
    /// The certificate is not looked at: whoever stands on the way and could show a wrong one could as
    /// well take the offer away, and a relay refused for its certificate would only be sent the same
    /// mail in the clear or none (RFC 7435, 3). What is offered and then fails ends the session, and
    /// the mail waits: a relay is one machine that somebody looks after, a handshake fails for
    /// reasons that pass, and one that never succeeds is to be known and not to be hidden by mail that
    /// leaves unprotected.
    Opportunistic,
}

impl Relay {
    pub(super) fn new(settings: &SmtpSettings) -> Result<Self, MailError> {
        let credentials = settings
            .credentials
            .as_ref()
            .map(|login| Credentials::new(login.user.clone(), login.password.expose_secret().to_owned()));
        if settings.security == SmtpSecurity::Opportunistic && credentials.is_some() {
            return Err(MailError::UnprotectedLogIn { host: settings.host.clone() });
        }
        let protection =
            protection(settings).map_err(|source| MailError::Tls { host: settings.host.clone(), source })?;
        Ok(Self {
            name: format!("{}:{}", settings.host, settings.port),
            host: settings.host.clone(),
            port: settings.port,
            protection,
            credentials,
            hello: ClientId::default(),
            was_plain: AtomicBool::new(false),
        })
    }

    /// Says once that the relay offers no TLS and is spoken to all the same.
    pub(super) fn note_plain(&self) {
        if !self.was_plain.swap(true, Ordering::Relaxed) {
            tracing::warn!(relay = self.name, "the relay offers no TLS, mail goes to it in the clear");
        }
    }

    /// Connects, each step within `timeout`.
    pub(super) async fn connect(&self, timeout: Duration) -> Result<Wire, Fault> {
        let addresses: Vec<SocketAddr> =
            within(timeout, lookup_host((self.host.as_str(), self.port))).await?.collect();
        let tcp = reach(&addresses, timeout).await?;
        // A long message and its final dot are several writes: with Nagle's algorithm and delayed
        // acknowledgement each would wait 40 ms.
        tcp.set_nodelay(true).map_err(|error| Fault::broken(Phase::Connect, error))?;
        Ok(Wire::over(match &self.protection {
            Protection::Tls { connector, server } => {
                let tls = within(timeout, connector.connect(server.clone(), tcp)).await?;
                Stream::Tls(Box::new(tls))
            }
            Protection::StartTls { .. } => Stream::BeforeTls(tcp),
            Protection::None => Stream::Plain(tcp),
        }))
    }
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

fn protection(settings: &SmtpSettings) -> Result<Protection, BoxError> {
    Ok(match settings.security {
        SmtpSecurity::None => Protection::None,
        SmtpSecurity::StartTls => {
            let parameters = TlsParameters::new_rustls(settings.host.clone())?;
            Protection::StartTls { parameters, need: Need::Required }
        }
        SmtpSecurity::Opportunistic => {
            let any = TlsParameters::builder(settings.host.clone())
                .dangerous_accept_invalid_certs(true)
                .dangerous_accept_invalid_hostnames(true);
            Protection::StartTls { parameters: any.build_rustls()?, need: Need::Opportunistic }
        }
        SmtpSecurity::Tls => {
            let Tls { connector, server } = Tls::to(&settings.host)?;
            Protection::Tls { connector, server }
        }
    })
}

async fn within<T>(timeout: Duration, step: impl Future<Output = io::Result<T>>) -> Result<T, Fault> {
    match tokio::time::timeout(timeout, step).await {
        Ok(result) => result.map_err(|error| Fault::broken(Phase::Connect, error)),
        Err(_) => Err(Fault::timed_out(Phase::Connect)),
    }
}

/// The first address that answers, all within one timeout.
async fn reach(addresses: &[SocketAddr], timeout: Duration) -> Result<TcpStream, Fault> {
    let attempts = async {
        let mut last = Fault::broken(Phase::Connect, "the name has no address");
        for address in addresses {
            match TcpStream::connect(address).await {
                Ok(tcp) => return Ok(tcp),
                Err(error) => last = Fault::broken(Phase::Connect, error),
            }
        }
        Err(last)
    };
    tokio::time::timeout(timeout, attempts).await.unwrap_or_else(|_| Err(Fault::timed_out(Phase::Connect)))
}

/// A connection to a relay.
///
/// The SMTP layer flushes after every piece that it writes. Where more follows soon, that waits for the
/// last: the final dot then leaves with the message, and the relay wakes once for both.
pub(super) struct Wire {
    stream: BufWriter<Stream>,
    more_follows: MoreFollows,
}

/// Whether more is to leave with what is being written. Shared with whoever writes.
#[derive(Debug, Clone, Default)]
pub(super) struct MoreFollows(Arc<AtomicBool>);

impl MoreFollows {
    pub(super) fn set(&self, more_follows: bool) {
        self.0.store(more_follows, Ordering::Relaxed);
    }

    pub(super) fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Longer messages leave in pieces.
const HELD_BACK_BYTES: usize = 64 * 1024;

impl Wire {
    fn over(stream: Stream) -> Self {
        Self {
            stream: BufWriter::with_capacity(HELD_BACK_BYTES, stream),
            more_follows: MoreFollows::default(),
        }
    }

    /// What whoever writes tells it.
    pub(super) fn more_follows(&self) -> MoreFollows {
        self.more_follows.clone()
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire").field("stream", self.stream.get_ref()).finish_non_exhaustive()
    }
}

impl AsyncTokioStream for Wire {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        match self.stream.get_ref() {
            Stream::Plain(tcp) | Stream::BeforeTls(tcp) => tcp.peer_addr(),
            Stream::Tls(tls) => tls.get_ref().0.peer_addr(),
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.more_follows.get() {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

/// The bytes as they come and go.
enum Stream {
    Plain(TcpStream),
    /// In the clear until the answer to STARTTLS: read line by line.
    BeforeTls(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain(_) => "Plain",
            Self::BeforeTls(_) => "BeforeTls",
            Self::Tls(_) => "Tls",
        })
    }
}

/// The most that one look ahead sees; answers are shorter.
const LOOK_AHEAD_BYTES: usize = 1024;

/// Reads at most one line.
///
/// The SMTP layer buffers what it reads, and would take plain text that somebody on the way
/// slipped in behind the answer to STARTTLS for answers that came through TLS (the fault of
/// CVE-2021-38371). Read by lines, whatever stands behind that answer meets the TLS handshake and ends it.
fn poll_read_line(tcp: &mut TcpStream, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
    let mut space = [0; LOOK_AHEAD_BYTES];
    let room = space.len().min(buf.remaining());
    let mut ahead = ReadBuf::new(&mut space[..room]);
    let seen = ready!(tcp.poll_peek(cx, &mut ahead))?;
    let line = ahead.filled().iter().position(|&byte| byte == b'\n').map_or(seen, |index| index + 1);
    let mut part = ReadBuf::new(&mut space[..line]);
    ready!(Pin::new(tcp).poll_read(cx, &mut part))?;
    buf.put_slice(part.filled());
    Poll::Ready(Ok(()))
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_read(cx, buf),
            Self::BeforeTls(tcp) => poll_read_line(tcp, cx, buf),
            Self::Tls(tls) => Pin::new(tls).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(tcp) | Self::BeforeTls(tcp) => Pin::new(tcp).poll_write(cx, bytes),
            Self::Tls(tls) => Pin::new(tls).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) | Self::BeforeTls(tcp) => Pin::new(tcp).poll_flush(cx),
            Self::Tls(tls) => Pin::new(tls).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) | Self::BeforeTls(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Self::Tls(tls) => Pin::new(tls).poll_shutdown(cx),
        }
    }
}
