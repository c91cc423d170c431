//! Servers that behave, and servers that do not.

use std::time::Duration;

use axum::Router;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tower_http::compression::CompressionLayer;

/// A server on a free port; it ends when it is dropped.
pub struct Server {
    pub url: String,
    _task: JoinSet<()>,
}

/// Serves a router.
pub async fn serve(router: Router) -> Server {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let mut task = JoinSet::new();
    task.spawn(async move { axum::serve(listener, router).await.unwrap() });
    Server { url, _task: task }
}

/// Answers every connection with these bytes and then closes it, or holds it open. What was asked
/// comes out of the channel.
pub async fn answer_raw(bytes: &'static [u8], holds_open: bool) -> (Server, mpsc::Receiver<String>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (asked, requests) = mpsc::channel(16);
    let mut task = JoinSet::new();
    task.spawn(async move {
        let mut held = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 8192];
            let length = stream.read(&mut request).await.unwrap_or_default();
            let _ = asked.send(String::from_utf8_lossy(&request[..length]).into_owned()).await;
            let _ = stream.write_all(bytes).await;
            if holds_open {
                held.push(stream);
            }
        }
    });
    (Server { url, _task: task }, requests)
}

/// Answers every connection with a beginning and then the same bytes again and again, for as long as
/// anybody takes them: as many as there is room for, or one piece at a time.
pub async fn answer_endlessly(
    beginning: &'static [u8],
    again: &'static [u8],
    every: Option<Duration>,
) -> (Server, mpsc::Receiver<String>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (asked, requests) = mpsc::channel(16);
    let mut task = JoinSet::new();
    task.spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 8192];
            let length = stream.read(&mut request).await.unwrap_or_default();
            let _ = asked.send(String::from_utf8_lossy(&request[..length]).into_owned()).await;
            let mut clock = every.map(tokio::time::interval);
            let piece = again.repeat(if clock.is_some() { 1 } else { 4096 });
            let mut written = stream.write_all(beginning).await;
            while written.is_ok() {
                if let Some(clock) = &mut clock {
                    clock.tick().await;
                }
                written = stream.write_all(&piece).await;
            }
        }
    });
    (Server { url, _task: task }, requests)
}

/// Compresses in this encoding alone.
pub fn only(encoding: &str) -> CompressionLayer {
    let all = CompressionLayer::new();
    match encoding {
        "gzip" => all.no_br().no_zstd().no_deflate(),
        "br" => all.no_gzip().no_zstd().no_deflate(),
        "zstd" => all.no_br().no_gzip().no_deflate(),
        _ => all.no_br().no_gzip().no_zstd(),
    }
}
