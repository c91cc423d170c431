//! Servers that behave, and servers that do not.

use axum::Router;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

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
