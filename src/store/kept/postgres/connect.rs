//! Connections: how they are made, and how many.

use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Pool, RecyclingMethod, Runtime, Timeouts};
use rustls::ClientConfig;
use rustls_platform_verifier::BuilderVerifierExt;
use tokio_postgres::Config;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::statements;

/// Steps and looks at once; what comes more waits.
const CONNECTIONS: usize = 12;

/// Whoever waits longer for a connection is told that there is none.
const WAIT: Duration = Duration::from_secs(30);

/// A server that does not answer for so long is not there.
const CONNECT: Duration = Duration::from_secs(10);

/// After so long without a word, the system asks whether the other end is still there.
const KEEPALIVE: Duration = Duration::from_secs(30);

/// A connection that nobody used for so long is asked whether it still is one.
const TRUSTED: Duration = Duration::from_secs(2);

/// TLS with the certificates that this machine trusts.
///
/// # Errors
/// Certificates that cannot be read.
pub(super) fn tls() -> Result<MakeRustlsConnect, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(BuilderVerifierExt::with_platform_verifier)
        .map_err(|error| error.to_string())?
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

/// An address with the limits that hold where it names none.
///
/// # Errors
/// What is wrong with the address.
pub(super) fn config(url: &str) -> Result<Config, String> {
    let mut config: Config =
        url.parse().map_err(|error: tokio_postgres::Error| crate::domain::text::error_chain(&error))?;
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT);
    }
    config.keepalives_idle(KEEPALIVE);
    Ok(config)
}

/// A pool of connections that are set up as steps need them. Nothing is contacted.
///
/// # Errors
/// The pool's.
pub(super) fn pool(config: &Config, tls: MakeRustlsConnect) -> Result<Pool, String> {
    let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let manager = Manager::from_config(config.clone(), tls, recycling);
    let set_up = Hook::async_fn(|client: &mut deadpool_postgres::ClientWrapper, _| {
        Box::pin(async move { client.batch_execute(statements::SET_UP).await.map_err(HookError::Backend) })
    });
    let ask = Hook::async_fn(|client: &mut deadpool_postgres::ClientWrapper, metrics| {
        Box::pin(async move {
            if metrics.last_used() > TRUSTED {
                client.simple_query("").await.map_err(HookError::Backend)?;
            }
            Ok(())
        })
    });
    Pool::builder(manager)
        .max_size(CONNECTIONS)
        .timeouts(Timeouts { wait: Some(WAIT), create: Some(CONNECT), recycle: Some(CONNECT) })
        .runtime(Runtime::Tokio1)
        .post_create(set_up)
        .pre_recycle(ask)
        .build()
        .map_err(|error| error.to_string())
}
