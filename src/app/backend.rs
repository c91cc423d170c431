//! How a command reaches the store: through the daemon that owns it, or directly.

use std::sync::Arc;

use super::App;
use crate::clock::Clock;
use crate::config::Config;
use crate::control::{Ask, Client, ClientError, ProgressReporter, StoreOwner};
use crate::domain::text::error_chain;
use crate::store::StoreError;

/// The way to the store.
#[derive(Debug)]
pub enum Backend {
    /// This process owns it.
    Here(Box<App>),
    /// A daemon does.
    Daemon(Client),
}

impl Backend {
    /// Finds the daemon of this configuration; where none runs, opens the store.
    ///
    /// # Errors
    /// A daemon that cannot be spoken to, or a store that cannot be opened.
    pub async fn open(config: Config, clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        let socket = config.daemon.socket.clone();
        let nobody = match Client::connect(&socket, &StoreOwner::of(&config.store)).await {
            Ok(Some(client)) => return Ok(Self::Daemon(client)),
            Ok(None) => {
                format!(
                    "no daemon answers on {}; restart one of an earlier version, which listens elsewhere",
                    socket.display()
                )
            }
            // Another installation's daemon has nothing to do with this one's store.
            Err(foreign @ ClientError::Foreign { .. }) => foreign.to_string(),
            Err(error) => return Err(error.into()),
        };
        // Every command's future holds this one: on the heap, so that none is large.
        let opened = Box::pin(App::open(config, clock)).await;
        let is_locked = |error: &anyhow::Error| {
            matches!(error.downcast_ref::<StoreError>(), Some(StoreError::Locked { .. }))
        };
        match opened {
            Ok(app) => Ok(Self::Here(Box::new(app))),
            Err(error) if is_locked(&error) => Err(anyhow::anyhow!("{error}; {nobody}")),
            Err(error) => Err(error),
        }
    }

    /// Finds the daemon of a configuration; `None` where none runs.
    ///
    /// # Errors
    /// A daemon that cannot be spoken to.
    pub async fn of_daemon(config: &Config) -> Result<Option<Client>, ClientError> {
        match Client::connect(&config.daemon.socket, &StoreOwner::of(&config.store)).await {
            Err(ClientError::Foreign { .. }) => Ok(None),
            found => found,
        }
    }

    /// Executes a command and closes the door. Readings are sent to `progress` as they come.
    ///
    /// # Errors
    /// A refusal of the command in the service's words, or a broken connection.
    pub async fn execute<A: Ask>(self, ask: A, progress: ProgressReporter) -> anyhow::Result<A::Reply> {
        match self {
            Self::Daemon(client) => Ok(client.execute(ask, &progress).await?),
            Self::Here(app) => {
                let outcome = app.service().execute(ask, &progress).await;
                app.close().await?;
                // In the words in which a daemon would say it.
                outcome.map_err(|error| anyhow::anyhow!(error_chain(&error)))
            }
        }
    }
}
