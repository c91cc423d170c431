//! The browser's only way into the network: a proxy on this machine that looks at every address.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;
use url::{Host, Url};

use crate::fetch::address::AddressGuard;
use crate::fetch::error::FetchError;

/// No request's head is longer.
const MAX_HEAD_BYTES: usize = 64 * 1024;

/// For the head to arrive, and for each connection out.
const PATIENCE: Duration = Duration::from_secs(10);

/// So many connections may be open at once; pages open dozens.
const MAX_CONNECTIONS: usize = 256;

/// An open passage; it closes when it is dropped.
#[derive(Debug)]
pub(super) struct EgressProxy {
    address: SocketAddr,
    refused: Arc<Mutex<Option<BlockedHost>>>,
    _task: JoinSet<()>,
}

/// A host that led into a private network.
#[derive(Debug, Clone)]
pub(super) struct BlockedHost {
    host: String,
    address: IpAddr,
}

impl BlockedHost {
    /// Whether it is the host of an address.
    pub(super) fn is_host_of(&self, url: &Url) -> bool {
        url.host_str() == Some(&self.host)
    }

    /// The error of a read of `url` that led there.
    pub(super) fn into_error(self, url: &Url) -> FetchError {
        FetchError::PrivateAddress { url: url.to_string(), address: self.address }
    }
}

impl EgressProxy {
    /// Opens a passage on a free port of the loopback address.
    pub(super) async fn open(guard: AddressGuard) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let refused = Arc::new(Mutex::new(None));
        let mut task = JoinSet::new();
        task.spawn(serve(listener, Guide { guard, refused: Arc::clone(&refused) }));
        Ok(Self { address, refused, _task: task })
    }

    /// Where it is open.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The host that was refused last.
    pub(super) fn refused(&self) -> Option<BlockedHost> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn serve(listener: TcpListener, guide: Guide) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        while connections.len() >= MAX_CONNECTIONS {
            connections.join_next().await;
        }
        while connections.try_join_next().is_some() {}
        let guide = guide.clone();
        connections.spawn(async move {
            // A connection that breaks is the browser's to notice.
            let _ = guide.lead(stream).await;
        });
    }
}

/// Leads connections to where they may go.
#[derive(Debug, Clone)]
struct Guide {
    guard: AddressGuard,
    refused: Arc<Mutex<Option<BlockedHost>>>,
}

/// A request as far as a proxy must understand it.
struct ProxyRequest {
    method: String,
    target: String,
    /// The other lines, without those that are meant for the proxy.
    lines: Vec<String>,
    /// What came behind it already.
    rest: Vec<u8>,
}

impl Guide {
    async fn lead(&self, mut browser: TcpStream) -> io::Result<()> {
        let Ok(Ok(head)) = timeout(PATIENCE, read_head(&mut browser)).await else {
            return refuse(&mut browser, BAD_REQUEST).await;
        };
        let outcome = if head.method == "CONNECT" {
            self.tunnel(&mut browser, &head).await
        } else {
            self.forward(&mut browser, &head).await
        };
        match outcome {
            Ok(()) => Ok(()),
            Err(status) => refuse(&mut browser, status).await,
        }
    }

    /// Bytes both ways, unread: what is encrypted is between the browser and the host.
    async fn tunnel(&self, browser: &mut TcpStream, head: &ProxyRequest) -> Result<(), &'static str> {
        let (host, port) = head.target.rsplit_once(':').ok_or(BAD_REQUEST)?;
        let port = port.parse().map_err(|_| BAD_REQUEST)?;
        let mut server = self.connect(host, port).await?;
        let opened = browser.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await;
        if opened.is_ok() && server.write_all(&head.rest).await.is_ok() {
            let _ = copy_bidirectional(browser, &mut server).await;
        }
        Ok(())
    }

    /// One request and its answer. The next one may be for another host and has to come anew.
    async fn forward(&self, browser: &mut TcpStream, head: &ProxyRequest) -> Result<(), &'static str> {
        let url = Url::parse(&head.target).ok().filter(|url| url.scheme() == "http").ok_or(BAD_REQUEST)?;
        let host = url.host_str().ok_or(BAD_REQUEST)?;
        let mut server = self.connect(host, url.port().unwrap_or(80)).await?;
        let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
        let lines: String = head.lines.iter().map(|line| format!("{line}\r\n")).collect();
        let request = format!("{} {path} HTTP/1.1\r\n{lines}connection: close\r\n\r\n", head.method);
        if server.write_all(request.as_bytes()).await.is_ok() {
            let length = content_length(&head.lines);
            let sent = head.rest.len().min(usize::try_from(length).unwrap_or(usize::MAX));
            let _ = exchange(browser, &mut server, &head.rest[..sent], length).await;
        }
        Ok(())
    }

    /// Connects to an address of the host that may be connected to.
    async fn connect(&self, host: &str, port: u16) -> Result<TcpStream, &'static str> {
        let host = Host::parse(host).map_err(|_| BAD_REQUEST)?;
        let addresses = match self.guard.addresses_of(&host, port).await {
            Ok(Ok(addresses)) => addresses,
            Ok(Err(private)) => {
                let refused = BlockedHost { host: host.to_string(), address: private.0 };
                *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(refused);
                return Err("403 Forbidden");
            }
            Err(_) => return Err(BAD_GATEWAY),
        };
        match timeout(PATIENCE, TcpStream::connect(&addresses[..])).await {
            Ok(Ok(server)) => Ok(server),
            _ => Err(BAD_GATEWAY),
        }
    }
}

const BAD_REQUEST: &str = "400 Bad Request";
const BAD_GATEWAY: &str = "502 Bad Gateway";

async fn refuse(browser: &mut TcpStream, status: &str) -> io::Result<()> {
    let text = format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
    browser.write_all(text.as_bytes()).await
}

/// Sends the rest of a request's body and passes the answer on, until the server is done or the
/// browser says something that belongs to another request.
async fn exchange(
    browser: &mut TcpStream,
    server: &mut TcpStream,
    begun: &[u8],
    length: u64,
) -> io::Result<()> {
    let (mut from_browser, mut to_browser) = browser.split();
    let (mut from_server, mut to_server) = server.split();
    to_server.write_all(begun).await?;
    copy(&mut (&mut from_browser).take(length - begun.len() as u64), &mut to_server).await?;
    tokio::select! {
        answered = copy(&mut from_server, &mut to_browser) => answered.map(|_| ()),
        _ = from_browser.read_u8() => Ok(()),
    }
}

fn content_length(lines: &[String]) -> u64 {
    let length = lines.iter().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    length.unwrap_or_default()
}

async fn read_head(browser: &mut TcpStream) -> io::Result<ProxyRequest> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if bytes.len() > MAX_HEAD_BYTES || browser.read_buf(&mut bytes).await? == 0 {
            return Err(io::ErrorKind::InvalidData.into());
        }
    };
    let rest = bytes.split_off(end + 4);
    let text = String::from_utf8(bytes).map_err(|_| io::ErrorKind::InvalidData)?;
    let mut lines = text.lines().filter(|line| !line.is_empty());
    let mut request = lines.next().unwrap_or_default().split(' ').map(str::to_owned);
    let (method, target) = (request.next(), request.next());
    let (Some(method), Some(target)) = (method, target) else {
        return Err(io::ErrorKind::InvalidData.into());
    };
    let is_for_us = |line: &&str| {
        let name = line.split(':').next().unwrap_or_default().to_ascii_lowercase();
        name.starts_with("proxy-") || matches!(name.as_str(), "connection" | "keep-alive" | "te" | "trailer")
    };
    let lines = lines.filter(|line| !is_for_us(line)).map(str::to_owned).collect();
    Ok(ProxyRequest { method, target, lines, rest })
}
