//! The web server, and who may do what there.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use secrecy::SecretString;
use url::Url;

use super::PasswordHash;

/// The web server to which mail's links lead.
#[derive(Debug, Clone)]
pub struct WebSettings {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Under which address people reach it: https, or http on this machine; its path ends with a slash.
    pub base_url: Url,
    /// Whose word is taken on who asks, in `X-Forwarded-For`.
    pub trusted_proxies: Vec<IpAddr>,
    /// Requests of one client in a minute.
    pub client_rate: u32,
    /// Requests in a minute, of all.
    pub total_rate: u32,
    /// Connections at once.
    pub max_connections: usize,
    /// What anybody may read without a log-in.
    pub public: Vec<OpenSection>,
    /// Who may log in.
    pub operators: Vec<OperatorLogin>,
    /// The proxy whose word on who asks is taken.
    pub proxy_login: Option<ProxyLogin>,
}

/// A part of the pages that may be opened to everybody. Those with addresses of people are none of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenSection {
    /// How the service stands.
    Overview,
    /// What changed.
    Changes,
    /// The sources and their reads.
    Sources,
    /// The companies and where they are listed.
    Companies,
    /// What was watched in a time.
    Coverage,
}

impl OpenSection {
    /// Each with its name, which is also where it stands.
    pub const ALL: [(&'static str, Self); 5] = [
        ("overview", Self::Overview),
        ("changes", Self::Changes),
        ("sources", Self::Sources),
        ("companies", Self::Companies),
        ("coverage", Self::Coverage),
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, section)| *section == self).map_or("", |(name, _)| name)
    }
}

/// What somebody who logged in may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// See everything but addresses of people.
    Reader,
    /// See everything, and act.
    Operator,
}

/// Somebody who may log in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatorLogin {
    /// By which name.
    pub name: String,
    /// As what.
    pub role: Role,
    /// The hash of the password; without one only a proxy can say that it is them.
    pub password: Option<PasswordHash>,
    /// Where it stands.
    pub password_file: Option<PathBuf>,
}

/// A proxy that knows who asks and says so in a header, with a secret that proves it is the proxy.
#[derive(Debug, Clone)]
pub struct ProxyLogin {
    /// The header that names an operator, in small letters.
    pub header: String,
    /// The header that holds the secret, in small letters.
    pub secret_header: String,
    /// The secret.
    pub secret: SecretString,
    /// Where it stands.
    pub secret_file: PathBuf,
}
