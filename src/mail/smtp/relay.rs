//! Where a relay is, and how a connection to it is made: TCP without delay, plain or in TLS.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::TlsParameters;
use lettre::transport::smtp::extension::ClientId;
use rustls::pki_types::ServerName;
use secrecy::ExposeSecret;
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;

use super::reply::{DeliveryFault, DeliveryPhase};
use super::wire::{SmtpStream, SmtpWire};
use crate::mail::MailError;
use crate::mail::tls::Tls;
use crate::settings::{SmtpSecurity, SmtpSettings};

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
    StartTls { parameters: TlsParameters, need: TlsNeed },
    /// None.
    None,
}

/// What becomes of a session without STARTTLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TlsNeed {
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
            tracing::warn!(
                relay = self.name,
                "relay {} offers no TLS; mail goes to it in the clear",
                self.name
            );
        }
    }

    /// Connects, each step within `timeout`.
    pub(super) async fn connect(&self, timeout: Duration) -> Result<SmtpWire, DeliveryFault> {
        let addresses: Vec<SocketAddr> =
            within(timeout, lookup_host((self.host.as_str(), self.port))).await?.collect();
        let tcp = reach(&addresses, timeout).await?;
        // A long message and its final dot are several writes: with Nagle's algorithm and delayed
        // acknowledgement each would wait 40 ms.
        tcp.set_nodelay(true).map_err(|error| DeliveryFault::broken(DeliveryPhase::Connect, error))?;
        Ok(SmtpWire::over(match &self.protection {
            Protection::Tls { connector, server } => {
                let tls = within(timeout, connector.connect(server.clone(), tcp)).await?;
                SmtpStream::Tls(Box::new(tls))
            }
            Protection::StartTls { .. } => SmtpStream::BeforeTls(tcp),
            Protection::None => SmtpStream::Plain(tcp),
        }))
    }
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

fn protection(settings: &SmtpSettings) -> Result<Protection, BoxError> {
    Ok(match settings.security {
        SmtpSecurity::None => Protection::None,
        SmtpSecurity::StartTls => {
            let parameters = TlsParameters::new_rustls(settings.host.clone())?;
            Protection::StartTls { parameters, need: TlsNeed::Required }
        }
        SmtpSecurity::Opportunistic => {
            let any = TlsParameters::builder(settings.host.clone())
                .dangerous_accept_invalid_certs(true)
                .dangerous_accept_invalid_hostnames(true);
            Protection::StartTls { parameters: any.build_rustls()?, need: TlsNeed::Opportunistic }
        }
        SmtpSecurity::Tls => {
            let Tls { connector, server } = Tls::to(&settings.host)?;
            Protection::Tls { connector, server }
        }
    })
}

async fn within<T>(timeout: Duration, step: impl Future<Output = io::Result<T>>) -> Result<T, DeliveryFault> {
    match tokio::time::timeout(timeout, step).await {
        Ok(result) => result.map_err(|error| DeliveryFault::broken(DeliveryPhase::Connect, error)),
        Err(_) => Err(DeliveryFault::timed_out(DeliveryPhase::Connect)),
    }
}

/// The first address that answers, all within one timeout.
async fn reach(addresses: &[SocketAddr], timeout: Duration) -> Result<TcpStream, DeliveryFault> {
    let attempts = async {
        let mut last = DeliveryFault::broken(DeliveryPhase::Connect, "the name has no address");
        for address in addresses {
            match TcpStream::connect(address).await {
                Ok(tcp) => return Ok(tcp),
                Err(error) => last = DeliveryFault::broken(DeliveryPhase::Connect, error),
            }
        }
        Err(last)
    };
    tokio::time::timeout(timeout, attempts)
        .await
        .unwrap_or_else(|_| Err(DeliveryFault::timed_out(DeliveryPhase::Connect)))
}
