//! The daemon's end of the control socket.

use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::HeaderValue;
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use tokio::io::{AsyncWriteExt, DuplexStream};
use tokio::net::UnixListener;
use tokio::sync::mpsc;
use tokio_util::io::ReaderStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::command::{Command, Event};
use super::service::Service;
use crate::domain::text::error_chain;

/// A socket that is listened on. Its file goes when it is dropped.
#[derive(Debug)]
pub struct Server {
    listener: UnixListener,
    path: PathBuf,
}

/// The socket cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on the control socket {path}")]
pub struct ListenError {
    path: String,
    source: io::Error,
}

/// The version both ends must speak.
pub(super) const VERSION_HEADER: &str = "regwatch-version";

impl Server {
    /// Listens on `path`, which only this user may open. Whatever stands there is replaced: whoever
    /// calls this owns the store, so nobody can be listening.
    ///
    /// # Errors
    /// [`ListenError`] naming the path.
    pub fn bind(path: &Path) -> Result<Self, ListenError> {
        let listener = bind_privately(path)
            .map_err(|source| ListenError { path: path.display().to_string(), source })?;
        Ok(Self { listener, path: path.to_owned() })
    }

    /// Answers commands until stopped. A command under way is finished, whether or not its client waits.
    ///
    /// # Errors
    /// The listener's error.
    pub async fn serve(
        self,
        service: Arc<Service>,
        tasks: TaskTracker,
        stop: CancellationToken,
    ) -> io::Result<()> {
        let router = Router::new()
            .route("/command", post(answer))
            .layer(map_response(stamp))
            .layer(DefaultBodyLimit::max(MAX_COMMAND_BYTES))
            .with_state(Shared { service, tasks });
        // axum takes the listener; the file is removed when `self.path` goes out of scope here.
        let path = RemovedOnDrop(self.path);
        let served = axum::serve(self.listener, router)
            .with_graceful_shutdown(async move { stop.cancelled().await })
            .await;
        drop(path);
        served
    }
}

struct RemovedOnDrop(PathBuf);

impl Drop for RemovedOnDrop {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Makes the socket inside a folder nobody else may enter, then moves it to its place, so that
/// there is no moment at which another user could connect.
fn bind_privately(path: &Path) -> io::Result<UnixListener> {
    let parent = path.parent().ok_or_else(|| io::Error::other("expected a path with a folder"))?;
    std::fs::create_dir_all(parent)?;
    let private = parent.join(format!(".sock-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&private);
    std::fs::DirBuilder::new().mode(0o700).create(&private)?;
    let made = bind_within(&private, path);
    let _ = std::fs::remove_dir_all(&private);
    made
}

fn bind_within(private: &Path, path: &Path) -> io::Result<UnixListener> {
    let first = private.join("s");
    let listener = UnixListener::bind(&first)?;
    std::fs::set_permissions(&first, std::fs::Permissions::from_mode(0o600))?;
    std::fs::rename(&first, path)?;
    Ok(listener)
}

#[derive(Debug, Clone)]
struct Shared {
    service: Arc<Service>,
    tasks: TaskTracker,
}

/// A mail that came in and a file of subscribers are commands too; only the owner of the socket sends any.
const MAX_COMMAND_BYTES: usize = 256 << 20;

/// Readings waiting for a slow client before the work waits for it.
const BUFFERED_READINGS: usize = 64;

/// Bytes of events waiting for a slow client.
const BUFFERED_BYTES: usize = 64 * 1024;

/// Executes a command in a task of its own and streams what it tells, one JSON object a line.
async fn answer(State(shared): State<Shared>, Json(command): Json<Command>) -> Response {
    let (mut events, lines) = tokio::io::duplex(BUFFERED_BYTES);
    shared.tasks.clone().spawn(async move {
        let (progress, mut readings) = mpsc::channel(BUFFERED_READINGS);
        let work = async {
            let reply = shared.service.execute(command, &progress).await;
            drop(progress);
            reply
        };
        let forward = async {
            while let Some(reading) = readings.recv().await {
                send(&mut events, &Event::Reading(Box::new(reading))).await;
            }
            events
        };
        let (reply, mut events) = tokio::join!(work, forward);
        send(&mut events, &Event::Done(Box::new(reply))).await;
    });
    let headers = [("content-type", "application/x-ndjson")];
    (headers, Body::from_stream(ReaderStream::new(lines))).into_response()
}

/// Every answer says which version gave it, a refusal most of all.
async fn stamp(mut response: Response) -> Response {
    response.headers_mut().insert(VERSION_HEADER, HeaderValue::from_static(env!("CARGO_PKG_VERSION")));
    response
}

/// A client that has gone does not stop the work.
async fn send(events: &mut DuplexStream, event: &Event) {
    match serde_json::to_vec(event) {
        Ok(mut line) => {
            line.push(b'\n');
            let _ = events.write_all(&line).await;
        }
        Err(error) => tracing::error!(error = error_chain(&error), "an event cannot be written"),
    }
}
