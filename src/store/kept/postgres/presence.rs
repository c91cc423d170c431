//! What an opening holds at the server for as long as it is there: its number, by which others see that its process is
//! alive. It is a session's lock on a connection of its own, which the server gives free when the connection ends, and
//! which is taken again where only the connection was lost.

use std::pin::Pin;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio_postgres::Config;

use super::fault::ServerFault;
use super::link::ServerLink;
use super::{connect, statements};
use crate::store::error::StoreError;

/// Another try to connect is made after this.
const AGAIN: Duration = Duration::from_millis(500);

impl ServerLink {
    /// Holds the number of this opening, see [`Trees::may_be_alive`](crate::store::kept::trees::Trees::may_be_alive).
    pub(super) async fn hold_opening(&self) -> Result<(), StoreError> {
        let (config, number) = (self.config.clone(), self.opening().number());
        let mut held = hold(&config, number).await?;
        self.keep_up(async move {
            loop {
                held.await;
                held = loop {
                    match hold(&config, number).await {
                        Ok(again) => break again,
                        Err(_) => tokio::time::sleep(AGAIN).await,
                    }
                };
            }
        });
        Ok(())
    }

    /// Does something beside the steps, until this is closed.
    pub(super) fn keep_up(&self, presence: impl Future<Output = ()> + Send + 'static) {
        let presence = self.handle().spawn(presence);
        self.presence.lock().unwrap_or_else(PoisonError::into_inner).push(presence);
    }

    /// Gives free what this opening holds at the server.
    pub(super) fn leave(&self) {
        for presence in self.presence.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            presence.abort();
        }
    }
}

/// Ends when a connection does, and with it what was held by it. Dropped, it ends the connection.
type SessionGuard = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A connection of its own, and what ends with it.
async fn apart(config: &Config) -> Result<(Arc<tokio_postgres::Client>, SessionGuard), StoreError> {
    let tls = connect::tls().map_err(|reason| StoreError::from(ServerFault::other(reason)))?;
    let connected = config.connect(tls).await;
    let (client, connection) = connected.map_err(|error| StoreError::from(ServerFault::of(&error)))?;
    let client = Arc::new(client);
    #[expect(clippy::disallowed_methods, reason = "it ends with the connection, which ends with the store")]
    let driven = tokio::spawn(connection);
    let kept = Arc::clone(&client);
    let held = Box::pin(async move {
        let _ = driven.await;
        drop(kept);
    });
    Ok((client, held))
}

/// Holds an opening at the server.
async fn hold(config: &Config, opening: u64) -> Result<SessionGuard, StoreError> {
    let (client, held) = apart(config).await?;
    let holding = client.execute(statements::HOLD_OPENING, &[&opening.cast_signed()]).await;
    holding.map_err(|error| StoreError::from(ServerFault::of(&error)))?;
    Ok(held)
}
