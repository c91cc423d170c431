//! HTTP clients, one for each way out.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::{Certificate, Client, Proxy, redirect};
use url::Url;

use super::address::AddressGuard;
use super::error::FetchError;

/// Builds clients when they are first needed and keeps them with their connections.
#[derive(Debug)]
pub(super) struct Clients {
    connect_timeout: Duration,
    guard: AddressGuard,
    authorities: Vec<Certificate>,
    by_way: Mutex<HashMap<Way, Client>>,
}

/// A way out.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Way {
    proxy: Option<Url>,
    /// Whether certificates may have to be verified. A machine without root certificates can still
    /// read what is not encrypted.
    may_be_encrypted: bool,
}

/// Regulators are read hours apart; a connection kept longer than this has been closed by them.
const POOL_IDLE: Duration = Duration::from_secs(30);

impl Clients {
    /// Trusts the certificates in `authorities`, in DER, beside those that the system trusts.
    pub(super) fn new(connect_timeout: Duration, guard: AddressGuard, authorities: &[Vec<u8>]) -> Self {
        // Somebody else may have chosen a provider for this process; any will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let authorities = authorities.iter().filter_map(|der| Certificate::from_der(der).ok()).collect();
        Self { connect_timeout, guard, authorities, by_way: Mutex::default() }
    }

    /// The client that asks for `url` through `proxy`, or directly.
    pub(super) fn through(&self, proxy: Option<&Url>, url: &Url) -> Result<Client, FetchError> {
        let may_be_encrypted = proxy.is_some() || url.scheme() != "http";
        let way = Way { proxy: proxy.cloned(), may_be_encrypted };
        let mut clients = self.by_way.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(&way) {
            return Ok(client.clone());
        }
        let client = self.build(&way).map_err(FetchError::Client)?;
        clients.insert(way, client.clone());
        Ok(client)
    }

    fn build(&self, way: &Way) -> Result<Client, reqwest::Error> {
        let mut builder = Client::builder()
            .connect_timeout(self.connect_timeout)
            .pool_idle_timeout(POOL_IDLE)
            .redirect(redirect::Policy::none())
            .referer(false)
            // Proxies come from the configuration, never from the environment.
            .no_proxy();
        if !way.may_be_encrypted {
            builder = builder.tls_certs_only([]);
        } else if !self.authorities.is_empty() {
            builder = builder.tls_certs_merge(self.authorities.iter().cloned());
        }
        match &way.proxy {
            // The proxy looks names up, and may itself stand in a private network.
            Some(proxy) => builder.proxy(Proxy::all(proxy.clone())?),
            None => builder.dns_resolver(Arc::new(self.guard.clone())),
        }
        .build()
    }
}
