//! The command line's end of the control socket.

use std::io;
use std::path::Path;

use bytes::{Bytes, BytesMut};
use tokio::net::UnixStream;
use tokio::sync::mpsc;

use super::command::{Command, Event, Reply};
use super::server::VERSION_HEADER;
use crate::check::Reading;

/// A connection to a daemon that lives.
#[derive(Debug)]
pub struct Client {
    http: reqwest::Client,
}

/// The daemon did not answer as it should.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The socket is there and cannot be opened.
    #[error("cannot open the control socket {path}")]
    Socket {
        /// Its path.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// The connection broke.
    #[error("the daemon did not answer")]
    Connection(#[from] reqwest::Error),
    /// The daemon does not know the command, or answered in other words.
    #[error("the daemon is version {daemon}, this is version {}; restart the daemon", env!("CARGO_PKG_VERSION"))]
    Version {
        /// The daemon's version.
        daemon: String,
    },
    /// Something else listens there.
    #[error("the control socket answered {status}, expected a regwatch daemon")]
    NotADaemon {
        /// The HTTP status.
        status: u16,
    },
    /// The answer is not in the words of the protocol.
    #[error("the daemon's answer cannot be read")]
    Garbled(#[from] serde_json::Error),
    /// The daemon ended while it worked.
    #[error("the daemon ended before it was done")]
    Ended,
}

impl Client {
    /// Connects to the daemon that listens on `socket`; `None` where none does: no file, or the file
    /// of one that has gone.
    ///
    /// # Errors
    /// A client that cannot be set up, or a socket that may not be opened.
    pub async fn connect(socket: &Path) -> Result<Option<Self>, ClientError> {
        if let Err(source) = UnixStream::connect(socket).await {
            let is_nobody_there =
                matches!(source.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused);
            let path = socket.display().to_string();
            return if is_nobody_there { Ok(None) } else { Err(ClientError::Socket { path, source }) };
        }
        // The client needs a provider even where nothing is encrypted.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().unix_socket(socket).no_proxy().build()?;
        Ok(Some(Self { http }))
    }

    /// Has a command executed. Readings are sent to `progress` as they come.
    ///
    /// # Errors
    /// [`ClientError`]; whether the command was done is then unknown.
    pub async fn execute(
        &self,
        command: &Command,
        progress: &mpsc::Sender<Reading>,
    ) -> Result<Reply, ClientError> {
        let mut response = self.http.post("http://regwatch/command").json(command).send().await?;
        check_version(&response)?;
        let mut lines = Lines::default();
        while let Some(part) = response.chunk().await? {
            for line in lines.push(&part) {
                match serde_json::from_slice(&line)? {
                    Event::Reading(reading) => {
                        let _ = progress.send(*reading).await;
                    }
                    Event::Done(reply) => return Ok(*reply),
                }
            }
        }
        Err(ClientError::Ended)
    }
}

fn check_version(response: &reqwest::Response) -> Result<(), ClientError> {
    let version = response.headers().get(VERSION_HEADER).and_then(|value| value.to_str().ok());
    match version {
        Some(version) if version != env!("CARGO_PKG_VERSION") => {
            Err(ClientError::Version { daemon: version.to_owned() })
        }
        Some(_) if response.status().is_success() => Ok(()),
        _ => Err(ClientError::NotADaemon { status: response.status().as_u16() }),
    }
}

/// Puts lines together from parts.
#[derive(Debug, Default)]
struct Lines(BytesMut);

impl Lines {
    /// The lines that are whole now, without their ends.
    fn push(&mut self, part: &[u8]) -> Vec<Bytes> {
        self.0.extend_from_slice(part);
        let mut lines = Vec::new();
        while let Some(end) = self.0.iter().position(|byte| *byte == b'\n') {
            lines.push(self.0.split_to(end + 1).freeze().slice(..end));
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_put_together_from_parts() {
        let mut lines = Lines::default();
        assert!(lines.push(b"ab").is_empty());
        assert_eq!(lines.push(b"c\nd\ne"), [&b"abc"[..], b"d"]);
        assert_eq!(lines.push(b"f\n"), [&b"ef"[..]]);
    }
}
