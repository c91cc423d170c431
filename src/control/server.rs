//! The daemon's end of the control socket.

use std::io;
use std::path::Path;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use tokio::io::{AsyncWriteExt, DuplexStream};
use tokio::net::UnixListener;
use tokio::sync::{Notify, mpsc};
use tokio_util::io::ReaderStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::ask::{CommandOutcome, ControlEvent, ProgressReporter};
use super::command::Command;
use super::owner::{Introduction, PROTOCOL, StoreOwner};
use super::service::InUse;
use super::socket::{ControlSocketFile, ListenError};
use crate::domain::meter::Meter;

/// A socket that is listened on. Its file goes when it is dropped.
#[derive(Debug)]
pub struct ControlServer {
    listener: UnixListener,
    file: ControlSocketFile,
    owner: StoreOwner,
}

/// How often is sent how far long work has come.
const LOOKED_AT_EVERY: Duration = Duration::from_millis(100);

/// Stands where a client wants to hear of each read as it ends.
pub(super) const READINGS_HEADER: &str = "regwatch-readings";

/// The version both ends must speak.
pub(super) const VERSION_HEADER: &str = "regwatch-version";

/// The protocol that a command is written in.
pub(super) const PROTOCOL_HEADER: &str = "regwatch-protocol";

impl ControlServer {
    /// Listens on `path`, which only this user may open, for the store of `owner`. What a process left there
    /// that has gone is replaced; a socket on which somebody listens is not.
    ///
    /// # Errors
    /// [`ListenError`] naming the path.
    pub async fn bind(path: &Path, owner: StoreOwner) -> Result<Self, ListenError> {
        let (listener, file) = ControlSocketFile::bind(path).await?;
        Ok(Self { listener, file, owner })
    }

    /// Answers commands until stopped. A command under way is finished, whether or not its client waits.
    ///
    /// # Errors
    /// The listener's error.
    pub async fn serve(self, service: InUse, tasks: TaskTracker, stop: CancellationToken) -> io::Result<()> {
        let router = Router::new()
            .route("/command", post(answer))
            .route("/owner", get(introduce))
            .layer(map_response(stamp))
            .layer(DefaultBodyLimit::max(MAX_COMMAND_BYTES))
            .with_state(ServerParts { service, tasks, owner: self.owner });
        // axum takes the listener; the file goes here.
        let file = self.file;
        let served = axum::serve(self.listener, router)
            .with_graceful_shutdown(async move { stop.cancelled().await })
            .await;
        drop(file);
        served
    }
}

#[derive(Debug, Clone)]
struct ServerParts {
    service: InUse,
    tasks: TaskTracker,
    owner: StoreOwner,
}

/// A mail that came in and a file of subscribers are commands too; only the owner of the socket sends any.
const MAX_COMMAND_BYTES: usize = 256 << 20;

/// Readings waiting for a slow client before the work waits for it.
const BUFFERED_READINGS: usize = 64;

/// Bytes of events waiting for a slow client.
const BUFFERED_BYTES: usize = 64 * 1024;

/// Executes a command in a task of its own and streams what it tells, one JSON object a line.
///
/// Bodies of another program are not read as commands: the same words may mean something else.
async fn answer(State(shared): State<ServerParts>, headers: HeaderMap, body: Bytes) -> Response {
    let protocol = headers.get(PROTOCOL_HEADER).and_then(|value| value.to_str().ok()?.parse().ok());
    let command = match protocol {
        Some(PROTOCOL) => {
            serde_json::from_slice(&body).map_err(|error| format!("the command cannot be read: {error}"))
        }
        _ => Err(format!(
            "the daemon (process {}, version {}) is of another version than this program, which it cannot understand; use the same program as the daemon, or restart the daemon with this one",
            std::process::id(),
            env!("CARGO_PKG_VERSION")
        )),
    };
    match command {
        Ok(command) => execute(shared, command, headers.contains_key(READINGS_HEADER)),
        Err(refused) => one_line(ControlEvent::<()>::Done(CommandOutcome::Refused(refused)).line()),
    }
}

/// Says whose daemon it is.
async fn introduce(State(shared): State<ServerParts>) -> Response {
    let version = env!("CARGO_PKG_VERSION").to_owned();
    Json(Introduction { protocol: PROTOCOL, version, owner: shared.owner }).into_response()
}

fn one_line(line: Vec<u8>) -> Response {
    ([("content-type", "application/x-ndjson")], line).into_response()
}

fn execute(shared: ServerParts, command: Command, tells_readings: bool) -> Response {
    let (mut events, lines) = tokio::io::duplex(BUFFERED_BYTES);
    shared.tasks.clone().spawn(async move {
        let (checks, mut checked) = mpsc::channel(BUFFERED_READINGS);
        if !tells_readings {
            checked.close();
        }
        let (meter, done) = (Meter::default(), Notify::new());
        let progress = ProgressReporter { checks, meter: meter.clone() };
        let service = shared.service.current();
        let work = async {
            let outcome = command.execute(&service, &progress).await;
            done.notify_one();
            outcome
        };
        let reading = |reading| ControlEvent::<()>::Reading(Box::new(reading)).line();
        let forward = async {
            let (mut looks, mut told) = (tokio::time::interval(LOOKED_AT_EVERY), None);
            // Both ends wake for each part that is sent.
            let mut lines = Vec::new();
            loop {
                tokio::select! {
                    Some(found) = checked.recv() => lines.extend(reading(found)),
                    () = done.notified() => break,
                    _ = looks.tick() => {
                        if let Some(percent) = meter.percent().filter(|percent| Some(*percent) != told) {
                            told = Some(percent);
                            lines.extend(ControlEvent::<()>::Percent(percent).line());
                        }
                        send(&mut events, &lines).await;
                        lines.clear();
                    }
                }
            }
            while let Ok(found) = checked.try_recv() {
                lines.extend(reading(found));
            }
            (events, lines)
        };
        let (outcome, (mut events, lines)) = tokio::join!(work, forward);
        send(&mut events, &[lines, outcome].concat()).await;
    });
    let headers = [("content-type", "application/x-ndjson")];
    (headers, Body::from_stream(ReaderStream::with_capacity(lines, BUFFERED_BYTES))).into_response()
}

/// Every answer says which version gave it, a refusal most of all.
async fn stamp(mut response: Response) -> Response {
    response.headers_mut().insert(VERSION_HEADER, HeaderValue::from_static(env!("CARGO_PKG_VERSION")));
    response
}

/// A client that has gone does not stop the work.
async fn send(events: &mut DuplexStream, line: &[u8]) {
    let _ = events.write_all(line).await;
}
