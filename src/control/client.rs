//! The command line's end of the control socket.

use std::io;
use std::path::Path;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::net::UnixStream;

use super::ask::{Ask, CommandOutcome, ControlEvent, ProgressReporter};
use super::command::Command;
use super::owner::{Introduction, PROTOCOL, StoreOwner};
use super::server::{PROTOCOL_HEADER, READINGS_HEADER, VERSION_HEADER};
use super::socket::is_private;

/// A daemon says within this time whose it is, whatever else it does.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);

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
    #[error("the daemon is version {daemon}, this is version {}; restart the daemon with this program", env!("CARGO_PKG_VERSION"))]
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
    /// Somebody listens and says nothing.
    #[error(
        "{} listens on the control socket {path} and does not answer within {} s: it is stopped or hangs; continue it (kill -CONT), or end and restart it",
        process.map_or_else(|| "a process".to_owned(), |process| format!("process {process}")),
        ANSWERS_WITHIN.as_secs()
    )]
    Silent {
        /// The socket's path.
        path: String,
        /// Who, as far as that can be known.
        process: Option<i32>,
    },
    /// A daemon that does not know whose it is.
    #[error(
        "the daemon on the control socket {path} has an earlier version, which does not name its store; restart it with this program"
    )]
    Earlier {
        /// The socket's path.
        path: String,
    },
    /// The daemon of another installation.
    #[error("the daemon on the control socket {path} has the store {theirs}, this configuration's is {ours}")]
    Foreign {
        /// The socket's path.
        path: String,
        /// The daemon's store.
        theirs: String,
        /// The one that is meant.
        ours: String,
    },
    /// The answer is not in the words of the protocol.
    #[error("the daemon's answer cannot be read")]
    Garbled(#[from] serde_json::Error),
    /// The command could not be done.
    #[error("{0}")]
    Refused(String),
    /// The daemon ended while it worked.
    #[error("the daemon stopped before the command was done")]
    Ended,
}

impl Client {
    /// Connects to the daemon that listens on `socket` and has the store of `owner`; `None` where nobody
    /// listens: no file, or the file of one that has gone.
    ///
    /// # Errors
    /// [`ClientError::Foreign`] where it has another store; [`ClientError::Silent`]; one of another version; a
    /// client that cannot be set up, or a socket that may not be opened.
    pub async fn connect(socket: &Path, owner: &StoreOwner) -> Result<Option<Self>, ClientError> {
        let path = socket.display().to_string();
        if !socket.parent().is_some_and(is_private) {
            return Ok(None);
        }
        let process = match UnixStream::connect(socket).await {
            Ok(stream) => stream.peer_cred().ok().and_then(|peer| peer.pid()),
            Err(source) => {
                return match source.kind() {
                    io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => Ok(None),
                    // Nobody takes what waits to be taken in.
                    io::ErrorKind::WouldBlock => Err(ClientError::Silent { path, process: None }),
                    _ => Err(ClientError::Socket { path, source }),
                };
            }
        };
        // The client needs a provider even where nothing is encrypted.
        let _ = rustls::crypto::ring::default_provider().install_default();
        // Nor are the system's certificates worth reading for that.
        let http = reqwest::Client::builder().unix_socket(socket).no_proxy().tls_certs_only([]).build()?;
        let client = Self { http };
        let theirs = client.introduced(&path, process).await?;
        if !theirs.is(owner) {
            return Err(ClientError::Foreign { path, theirs: theirs.store, ours: owner.store.clone() });
        }
        Ok(Some(client))
    }

    /// Whose daemon it is.
    async fn introduced(&self, path: &str, process: Option<i32>) -> Result<StoreOwner, ClientError> {
        let path = || path.to_owned();
        let silent = |error: reqwest::Error| {
            if error.is_timeout() {
                ClientError::Silent { path: path(), process }
            } else {
                ClientError::Connection(error)
            }
        };
        let asked = self.http.get("http://regwatch/owner").timeout(ANSWERS_WITHIN).send().await;
        let response = asked.map_err(silent)?;
        let is_of_ours = response.headers().contains_key(VERSION_HEADER);
        match response.status().as_u16() {
            200 => {}
            404 if is_of_ours => return Err(ClientError::Earlier { path: path() }),
            status => return Err(ClientError::NotADaemon { status }),
        }
        let bytes = response.bytes().await.map_err(silent)?;
        let version = response_version(&bytes);
        match serde_json::from_slice::<Introduction>(&bytes) {
            Ok(said) if said.protocol == PROTOCOL => Ok(said.owner),
            _ => Err(ClientError::Version { daemon: version }),
        }
    }

    /// Has a command executed. Readings are sent to `progress` as they come.
    ///
    /// # Errors
    /// [`ClientError::Refused`] if it could not be done; after any other, whether it was done is unknown.
    pub async fn execute<A: Ask>(
        &self,
        ask: A,
        progress: &ProgressReporter,
    ) -> Result<A::Reply, ClientError> {
        let command: Command = ask.into();
        let mut request = self.http.post("http://regwatch/command").header(PROTOCOL_HEADER, PROTOCOL);
        if !progress.checks.is_closed() {
            request = request.header(READINGS_HEADER, "each");
        }
        let mut response = request.json(&command).send().await?;
        check_version(&response)?;
        let mut lines = LineReader::default();
        while let Some(part) = response.chunk().await? {
            for line in lines.push(&part) {
                match serde_json::from_slice(&line)? {
                    ControlEvent::Reading(reading) => {
                        let _ = progress.checks.send(*reading).await;
                    }
                    ControlEvent::Percent(percent) => progress.meter.reach(percent),
                    ControlEvent::Done(CommandOutcome::Reply(reply)) => return Ok(reply),
                    ControlEvent::Done(CommandOutcome::Refused(reason)) => {
                        return Err(ClientError::Refused(reason));
                    }
                }
            }
        }
        Err(ClientError::Ended)
    }
}

/// The version that an introduction names, whatever else it says.
fn response_version(introduction: &[u8]) -> String {
    let said: serde_json::Value = serde_json::from_slice(introduction).unwrap_or_default();
    let (version, protocol) = (said["version"].as_str().unwrap_or("unknown"), &said["protocol"]);
    format!("{version} (protocol {protocol})")
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
struct LineReader {
    bytes: BytesMut,
    /// So much of them holds no end of a line: one may be very long, and come in many parts.
    searched: usize,
}

impl LineReader {
    /// The lines that are whole now, without their ends.
    fn push(&mut self, part: &[u8]) -> Vec<Bytes> {
        self.bytes.extend_from_slice(part);
        let mut lines = Vec::new();
        while let Some(end) = self.bytes[self.searched..].iter().position(|byte| *byte == b'\n') {
            let end = self.searched + end;
            lines.push(self.bytes.split_to(end + 1).freeze().slice(..end));
            self.searched = 0;
        }
        self.searched = self.bytes.len();
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_put_together_from_parts() {
        let mut lines = LineReader::default();
        assert!(lines.push(b"ab").is_empty());
        assert_eq!(lines.push(b"c\nd\ne"), [&b"abc"[..], b"d"]);
        assert_eq!(lines.push(b"f\n"), [&b"ef"[..]]);
    }

    #[test]
    fn of_a_long_line_every_byte_is_looked_at_once() {
        let mut lines = LineReader::default();
        for part in 1..=4 {
            assert!(lines.push(&[b'x'; 1000]).is_empty());
            assert_eq!(lines.searched, part * 1000);
        }
        assert_eq!(lines.push(b"\nrest")[0].len(), 4000);
        assert_eq!((lines.searched, lines.bytes.len()), (4, 4));
    }
}
