//! How a command reaches the store: through the daemon that owns it, or directly.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::App;
use crate::check::Reading;
use crate::clock::Clock;
use crate::config::Config;
use crate::control::{Client, Command, Reply};

/// The way to the store.
#[derive(Debug)]
pub enum Door {
    /// This process owns it.
    Here(Box<App>),
    /// A daemon does.
    Daemon(Client),
}

impl Door {
    /// Finds the daemon of this configuration; where none runs, opens the store.
    ///
    /// # Errors
    /// A daemon that cannot be spoken to, or a store that cannot be opened.
    pub async fn open(config: Config, clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        match Client::connect(&config.daemon.socket).await? {
            Some(client) => Ok(Self::Daemon(client)),
            None => Ok(Self::Here(Box::new(App::open(config, clock).await?))),
        }
    }

    /// Executes a command and closes the door. Readings are sent to `progress` as they come.
    ///
    /// # Errors
    /// A refusal of the command in the service's words, or a broken connection.
    pub async fn execute(self, command: Command, progress: mpsc::Sender<Reading>) -> anyhow::Result<Reply> {
        let reply = match self {
            Self::Daemon(client) => client.execute(&command, &progress).await?,
            Self::Here(app) => {
                let reply = app.service().execute(command, &progress).await;
                app.close().await?;
                reply
            }
        };
        match reply {
            Reply::Refused(reason) => Err(anyhow::anyhow!(reason)),
            reply => Ok(reply),
        }
    }
}
