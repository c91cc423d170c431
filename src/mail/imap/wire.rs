//! The bytes between us and a server: plain or in TLS, and never more than one answer may have.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use async_imap::Client;
use async_imap::imap_proto::{Response, Status};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::{CONNECT, Imap, ImapError};
use crate::mail::MAX_MESSAGE_BYTES;
use crate::settings::ImapSecurity;

/// What a server may send in answer to one command: the largest message, or the list of what waits
/// in a mailbox that nobody cleared for years.
const MAX_ANSWER_BYTES: usize = 8 * MAX_MESSAGE_BYTES;

/// A connection. It gives out bytes up to a limit that every command sets anew.
pub(super) struct ImapWire {
    stream: ImapStream,
    left: usize,
}

enum ImapStream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl ImapWire {
    fn new(stream: ImapStream) -> Self {
        Self { stream, left: MAX_ANSWER_BYTES }
    }

    /// Grants the next command its answer.
    pub(super) fn grant(&mut self) {
        self.left = MAX_ANSWER_BYTES;
    }
}

/// Connects, in TLS where that is wanted, and takes the server's greeting.
pub(super) async fn connect(imap: &Imap) -> Result<Client<ImapWire>, ImapError> {
    let refused = |reason: String| ImapError::Connect { server: imap.server(), reason };
    match tokio::time::timeout(CONNECT * 3, connected(imap)).await {
        Ok(connected) => connected.map_err(refused),
        Err(_) => Err(refused("it did not answer in time".to_owned())),
    }
}

async fn connected(imap: &Imap) -> Result<Client<ImapWire>, String> {
    let address = (imap.settings.host.as_str(), imap.settings.port);
    let tcp = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
    tcp.set_nodelay(true).map_err(|error| error.to_string())?;
    let stream = match (&imap.tls, imap.settings.security) {
        (Some(_), ImapSecurity::Tls) => in_tls(imap, tcp).await?,
        _ => ImapStream::Plain(tcp),
    };
    let mut client = Client::new(ImapWire::new(stream));
    greet(&mut client).await?;
    if imap.settings.security != ImapSecurity::StartTls {
        return Ok(client);
    }
    client
        .run_command_and_check_ok("STARTTLS", None)
        .await
        .map_err(|error| format!("it does not offer STARTTLS: {}", super::session::in_words(&error)))?;
    // What somebody on the way slipped in behind the answer goes with the client's buffer.
    match client.into_inner().stream {
        ImapStream::Plain(tcp) => Ok(Client::new(ImapWire::new(in_tls(imap, tcp).await?))),
        ImapStream::Tls(_) => Err("it is in TLS already".to_owned()),
    }
}

async fn in_tls(imap: &Imap, tcp: TcpStream) -> Result<ImapStream, String> {
    let tls = imap.tls.as_ref().ok_or("TLS was not prepared")?;
    let stream = tls.connector.connect(tls.server.clone(), tcp).await.map_err(|error| error.to_string())?;
    Ok(ImapStream::Tls(Box::new(stream)))
}

async fn greet(client: &mut Client<ImapWire>) -> Result<(), String> {
    let greeting = client.read_response().await.map_err(|_| "its greeting cannot be read".to_owned())?;
    let greeting = greeting.ok_or("it closed the connection")?;
    match greeting.parsed() {
        Response::Data { status: Status::Ok, .. } => Ok(()),
        _ => Err("its greeting is none that lets somebody log in".to_owned()),
    }
}

impl fmt::Debug for ImapWire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire").field("left", &self.left).finish_non_exhaustive()
    }
}

impl AsyncRead for ImapWire {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        ready!(match &mut this.stream {
            ImapStream::Plain(tcp) => Pin::new(tcp).poll_read(cx, buf),
            ImapStream::Tls(tls) => Pin::new(tls).poll_read(cx, buf),
        })?;
        let Some(left) = this.left.checked_sub(buf.filled().len() - before) else {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::FileTooLarge, "an answer is too large")));
        };
        this.left = left;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for ImapWire {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().stream {
            ImapStream::Plain(tcp) => Pin::new(tcp).poll_write(cx, bytes),
            ImapStream::Tls(tls) => Pin::new(tls).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().stream {
            ImapStream::Plain(tcp) => Pin::new(tcp).poll_flush(cx),
            ImapStream::Tls(tls) => Pin::new(tls).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().stream {
            ImapStream::Plain(tcp) => Pin::new(tcp).poll_shutdown(cx),
            ImapStream::Tls(tls) => Pin::new(tls).poll_shutdown(cx),
        }
    }
}
