//! An outgoing proxy that answers for every host itself, under a certificate of its own maker.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// What is answered to one address.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Bytes,
}

impl Reply {
    pub fn of(content_type: &str, body: impl Into<Bytes>) -> Self {
        Self { status: 200, headers: vec![("content-type", content_type.to_owned())], body: body.into() }
    }

    pub fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Bytes::from_static(b"no such page") }
    }
}

type Replies = Arc<Mutex<HashMap<String, Reply>>>;

/// It runs in a thread of its own and ends with the test.
#[derive(Debug, Clone)]
pub struct Proxy {
    pub url: String,
    pub authority: PathBuf,
    replies: Replies,
}

fn openssl(folder: &Path, arguments: &[&str]) {
    let made = Command::new("openssl").args(arguments).current_dir(folder).stderr(Stdio::null()).status();
    assert!(made.unwrap().success(), "openssl {arguments:?}");
}

/// A certificate for these hosts and that of its maker.
fn certificates(folder: &Path, hosts: &BTreeSet<String>) {
    let key = ["-newkey", "rsa:2048", "-nodes"];
    let maker = ["req", "-x509", "-days", "2", "-subj", "/CN=A test", "-keyout", "ca.key", "-out", "ca.pem"];
    openssl(folder, &[&maker[..], &key].concat());
    let request = ["req", "-new", "-subj", "/CN=hosts", "-keyout", "host.key", "-out", "host.csr"];
    openssl(folder, &[&request[..], &key].concat());
    let names: Vec<String> = hosts.iter().map(|host| format!("DNS:{host}")).collect();
    let extensions = format!("basicConstraints=critical,CA:FALSE\nsubjectAltName={}\n", names.join(","));
    std::fs::write(folder.join("host.ext"), extensions).unwrap();
    let signed = ["x509", "-req", "-in", "host.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "2"];
    let more = ["-CAcreateserial", "-extfile", "host.ext", "-out", "host.pem"];
    openssl(folder, &[&signed[..], &more].concat());
}

fn acceptor(folder: &Path) -> TlsAcceptor {
    let chain = CertificateDer::pem_file_iter(folder.join("host.pem")).unwrap().map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_file(folder.join("host.key")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    TlsAcceptor::from(Arc::new(config.with_no_client_auth().with_single_cert(chain, key).unwrap()))
}

impl Proxy {
    /// Starts it for these hosts; its certificates stand in the folder.
    pub fn start(folder: &Path, hosts: &BTreeSet<String>) -> Self {
        certificates(folder, hosts);
        let acceptor = acceptor(folder);
        let replies = Replies::default();
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::clone(&replies);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = TcpListener::from_std(listener).unwrap();
                while let Ok((stream, _)) = listener.accept().await {
                    #[expect(clippy::disallowed_methods, reason = "it ends with the test's runtime")]
                    tokio::spawn(tunnel(stream, acceptor.clone(), Arc::clone(&shared)));
                }
            });
        });
        Self { url, authority: folder.join("ca.pem"), replies }
    }

    /// From now on an address is answered so; what is in no list is 404.
    pub fn answer(&self, address: &str, reply: Reply) {
        self.replies.lock().unwrap().insert(address.to_owned(), reply);
    }
}

/// The head of a message; nothing where the connection ends before it.
async fn head(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
        assert!(head.len() < 64 << 10, "a head without end");
    }
    Some(String::from_utf8_lossy(&head).into_owned())
}

async fn tunnel(mut stream: TcpStream, acceptor: TlsAcceptor, replies: Replies) -> Option<()> {
    let asked = head(&mut stream).await?;
    let host = asked.strip_prefix("CONNECT ")?.split(':').next()?.to_owned();
    stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.ok()?;
    let mut stream = tokio::io::BufStream::new(acceptor.accept(stream).await.ok()?);
    loop {
        let asked = head(&mut stream).await?;
        let length = asked.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
        });
        let mut question = vec![0; length.unwrap_or_default()];
        stream.read_exact(&mut question).await.ok()?;
        let path = asked.split(' ').nth(1)?;
        let address = format!("https://{host}{path}");
        let reply = replies.lock().unwrap().get(&address).cloned();
        write(&mut stream, &reply.unwrap_or_else(|| Reply::status(404))).await.ok()?;
    }
}

async fn write(stream: &mut (impl AsyncWrite + Unpin), reply: &Reply) -> std::io::Result<()> {
    let mut head = format!("HTTP/1.1 {} Said\r\ncontent-length: {}\r\n", reply.status, reply.body.len());
    for (name, value) in &reply.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(b"\r\n").await?;
    stream.write_all(&reply.body).await?;
    stream.flush().await
}
