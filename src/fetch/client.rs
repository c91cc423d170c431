//! HTTP clients, one for each way out.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::{Client, Proxy, redirect};
use url::Url;

use super::address::AddressGuard;
use super::error::FetchError;

/// Builds clients when they are first needed and keeps them with their connections.
#[derive(Debug)]
pub(super) struct Clients {
    connect_timeout: Duration,
    guard: AddressGuard,
    by_proxy: Mutex<HashMap<Option<Url>, Client>>,
}

/// Regulators are read hours apart; a connection kept longer than this has been closed by them.
const POOL_IDLE: Duration = Duration::from_secs(30);

impl Clients {
    pub(super) fn new(connect_timeout: Duration, guard: AddressGuard) -> Self {
        // Somebody else may have chosen a provider for this process; any will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self { connect_timeout, guard, by_proxy: Mutex::default() }
    }

    /// The client that goes out through `proxy`, or directly.
    pub(super) fn through(&self, proxy: Option<&Url>) -> Result<Client, FetchError> {
        let mut clients = self.by_proxy.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(&proxy.cloned()) {
            return Ok(client.clone());
        }
        let client = self.build(proxy).map_err(FetchError::Client)?;
        clients.insert(proxy.cloned(), client.clone());
        Ok(client)
    }

    fn build(&self, proxy: Option<&Url>) -> Result<Client, reqwest::Error> {
        let builder = Client::builder()
            .connect_timeout(self.connect_timeout)
            .pool_idle_timeout(POOL_IDLE)
            .redirect(redirect::Policy::none())
            .referer(false)
            // Proxies come from the configuration, never from the environment.
            .no_proxy();
        match proxy {
            // The proxy looks names up, and may itself stand in a private network.
            Some(proxy) => builder.proxy(Proxy::all(proxy.clone())?),
            None => builder.dns_resolver(Arc::new(self.guard.clone())),
        }
        .build()
    }
}
