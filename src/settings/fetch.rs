//! How pages are asked for.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use crate::domain::redact;

/// How pages are asked for.
///
/// `Debug` hides secrets.
#[derive(Clone)]
pub struct FetchSettings {
    /// Whom a site's operator can write to; part of the User-Agent.
    pub contact: String,
    /// Why nobody but this machine and the private addresses below may be asked: whom a request is from, or mail,
    /// is still nobody.
    pub only_here: Option<String>,
    /// Private addresses that may be read all the same.
    pub allow_private: Vec<IpAddr>,
    /// For the TCP and TLS handshakes.
    pub connect_timeout: Duration,
    /// From the request to the answer's header.
    pub header_timeout: Duration,
    /// Between two parts of the body.
    pub idle_timeout: Duration,
    /// For the whole read, redirects included.
    pub total_timeout: Duration,
    /// The largest body, after transfer decoding.
    pub max_body_bytes: usize,
    /// The most redirects followed.
    pub max_redirects: usize,
    /// Sources read at once.
    pub concurrency: usize,
    /// In which the right to one more request to a host comes back.
    pub host_interval: Duration,
    /// So many requests to one host may follow each other after a silence.
    pub host_burst: u32,
    /// The longest that a page may put off its next read by saying how long it stays fresh.
    pub max_freshness: Duration,
    /// After so many unconditional-free reads in a row a full one is asked for, since some servers lie.
    pub full_read_every: u32,
    /// Headers sent with every request unless a source replaces them.
    pub headers: BTreeMap<String, String>,
    /// The outgoing proxy of every source that names none.
    pub proxy: Option<Url>,
    /// Who may vouch for servers beside those whom the system trusts.
    pub authorities: Option<Authorities>,
    /// The browser that shows pages which scripts put together.
    pub browser: Option<BrowserSettings>,
}

/// Certificates of authorities beside those that the system trusts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorities {
    /// The file that they came from.
    pub file: PathBuf,
    /// The certificates, in DER.
    pub certificates: Vec<Vec<u8>>,
}

/// A browser without a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrowserSettings {
    /// Its program, Chromium or one of its kin.
    pub program: PathBuf,
    /// For a page, from the start of the browser to its end.
    pub timeout: Duration,
    /// The most memory it may use, all its processes together.
    pub max_memory_bytes: usize,
}

impl fmt::Debug for FetchSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { headers, proxy, authorities, .. } = self;
        f.debug_struct("FetchSettings")
            .field("contact", &self.contact)
            .field("only_here", &self.only_here)
            .field("allow_private", &self.allow_private)
            .field("connect_timeout", &self.connect_timeout)
            .field("header_timeout", &self.header_timeout)
            .field("idle_timeout", &self.idle_timeout)
            .field("total_timeout", &self.total_timeout)
            .field("max_body_bytes", &self.max_body_bytes)
            .field("max_redirects", &self.max_redirects)
            .field("concurrency", &self.concurrency)
            .field("host_interval", &self.host_interval)
            .field("host_burst", &self.host_burst)
            .field("max_freshness", &self.max_freshness)
            .field("full_read_every", &self.full_read_every)
            .field("headers", &redact::headers(headers))
            .field("proxy", &proxy.as_ref().map(redact::proxy))
            .field("authorities", &authorities.as_ref().map(|authorities| &authorities.file))
            .field("browser", &self.browser)
            .finish()
    }
}
