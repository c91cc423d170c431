//! TLS with the certificates that this machine trusts.

use std::sync::Arc;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use rustls_platform_verifier::BuilderVerifierExt as _;
use tokio_rustls::TlsConnector;

/// What TLS to one server needs: the connector, and the name its certificate must bear.
pub(super) struct Tls {
    pub connector: TlsConnector,
    pub server: ServerName<'static>,
}

impl Tls {
    /// Prepares TLS to `host`; nothing is contacted.
    pub(super) fn to(host: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_platform_verifier()?
            .with_no_client_auth();
        let server = ServerName::try_from(host.to_owned())?;
        Ok(Self { connector: TlsConnector::from(Arc::new(config)), server })
    }
}
