//! The bytes between us and a relay: TCP, plain or in TLS, and when they leave.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, BufWriter, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// A connection to a relay.
///
/// The SMTP layer flushes after every piece that it writes. Where more follows soon, that waits for the
/// last: the final dot then leaves with the message, and the relay wakes once for both.
pub(super) struct SmtpWire {
    stream: BufWriter<SmtpStream>,
    more_follows: MoreFollows,
    heard: Heard,
}

/// What the relay said so far, its greeting and what it offers. Shared with whoever asked: the SMTP layer keeps of
/// what is offered only what it knows itself, and a relay is not asked twice.
#[derive(Debug, Clone)]
pub(super) struct Heard(Arc<Mutex<Option<Vec<u8>>>>);

/// No greeting and no offer is longer.
const MAX_HEARD_BYTES: usize = 16 * 1024;

impl Heard {
    /// The lines so far; from now on nothing is kept.
    pub(super) fn take(&self) -> String {
        let heard = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        String::from_utf8_lossy(&heard.unwrap_or_default()).into_owned()
    }

    fn note(&self, bytes: &[u8]) {
        if let Some(heard) = self.0.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            let room = MAX_HEARD_BYTES.saturating_sub(heard.len());
            heard.extend_from_slice(&bytes[..bytes.len().min(room)]);
        }
    }
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

impl SmtpWire {
    pub(super) fn over(stream: SmtpStream) -> Self {
        Self {
            stream: BufWriter::with_capacity(HELD_BACK_BYTES, stream),
            more_follows: MoreFollows::default(),
            heard: Heard(Arc::new(Mutex::new(Some(Vec::new())))),
        }
    }

    /// What the relay says from now on.
    pub(super) fn heard(&self) -> Heard {
        self.heard.clone()
    }

    /// What whoever writes tells it.
    pub(super) fn more_follows(&self) -> MoreFollows {
        self.more_follows.clone()
    }
}

impl fmt::Debug for SmtpWire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire").field("stream", self.stream.get_ref()).finish_non_exhaustive()
    }
}

impl AsyncTokioStream for SmtpWire {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        match self.stream.get_ref() {
            SmtpStream::Plain(tcp) | SmtpStream::BeforeTls(tcp) => tcp.peer_addr(),
            SmtpStream::Tls(tls) => tls.get_ref().0.peer_addr(),
        }
    }
}

impl AsyncRead for SmtpWire {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let wire = self.get_mut();
        let before = buf.filled().len();
        ready!(Pin::new(&mut wire.stream).poll_read(cx, buf))?;
        wire.heard.note(&buf.filled()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for SmtpWire {
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
pub(super) enum SmtpStream {
    Plain(TcpStream),
    /// In the clear until the answer to STARTTLS: read line by line.
    BeforeTls(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl fmt::Debug for SmtpStream {
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

impl AsyncRead for SmtpStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_read(cx, buf),
            Self::BeforeTls(tcp) => poll_read_line(tcp, cx, buf),
            Self::Tls(tls) => Pin::new(tls).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for SmtpStream {
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
