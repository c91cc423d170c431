//! How we ask: who we say we are, how often, and what we tell to whom.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Redirect;
use axum::routing::{get, post};
use regwatch::fetch::{FetchError, Fetcher};

use crate::server::{answer_raw, serve};
use crate::{read_with, settings, source};

/// Gives the request's headers back, one a line.
async fn echo(headers: HeaderMap) -> String {
    let lines =
        headers.iter().map(|(name, value)| [name.as_str(), ": ", value.to_str().unwrap(), "\n"].concat());
    lines.collect()
}

#[tokio::test]
async fn we_say_who_we_are_and_a_source_may_say_more() {
    let server = serve(Router::new().route("/", get(echo))).await;
    let mut settings = settings();
    settings.headers.insert("accept-language".into(), "de".into());
    let mut source = source(&server.url);
    source.request.headers.insert("Accept".into(), "text/csv".into());
    let body = read_with(settings, &source).await.unwrap().body;
    let asked = String::from_utf8_lossy(&body);
    assert!(asked.contains("user-agent: regwatch/"), "{asked}");
    assert!(asked.contains("+ops@tracker.example"), "{asked}");
    assert!(asked.contains("accept-language: de\n"), "{asked}");
    assert!(asked.contains("accept: text/csv\n"), "{asked}");
    assert!(asked.contains("zstd"), "{asked}");
}

#[tokio::test]
async fn secrets_stay_with_the_host_they_are_meant_for() {
    let other = serve(Router::new().route("/", get(echo))).await;
    let target = other.url.clone();
    let server = serve(Router::new().route("/", get(move || async move { Redirect::to(&target) }))).await;
    let mut source = source(&server.url);
    for (name, value) in [("authorization", "Token s3cret"), ("x-api-key", "s3cret"), ("accept", "text/xml")]
    {
        source.request.headers.insert(name.into(), value.into());
    }
    let body = read_with(settings(), &source).await.unwrap().body;
    let asked = String::from_utf8_lossy(&body);
    assert!(!asked.contains("s3cret"), "{asked}");
    assert!(asked.contains("accept: text/xml\n"), "{asked}");
}

#[tokio::test]
async fn a_question_is_posted_as_json_and_goes_nowhere_else() {
    async fn answered(headers: HeaderMap, body: String) -> String {
        format!("{} {body}", headers["content-type"].to_str().unwrap())
    }
    let server = serve(Router::new().route("/search", post(answered))).await;
    let mut asking = source(&format!("{}/search", server.url));
    asking.request.question = Some("{\"query\":\"x\"}".into());
    let body = read_with(settings(), &asking).await.unwrap().body;
    assert_eq!(body.bytes(), "application/json {\"query\":\"x\"}");

    let target = format!("{}/search", server.url);
    let moved = Router::new().route("/", post(move || async move { Redirect::temporary(&target) }));
    let moved = serve(moved).await;
    asking.url = moved.url.parse().unwrap();
    let error = read_with(settings(), &asking).await.unwrap_err();
    assert!(matches!(error, FetchError::Redirect { .. }), "{error:?}");
}

#[tokio::test]
async fn a_host_is_asked_one_thing_at_a_time() {
    let (under_way, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (now, peak) = (Arc::clone(&under_way), Arc::clone(&most));
    let page = move || async move {
        peak.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        tokio::task::yield_now().await;
        now.fetch_sub(1, Ordering::SeqCst);
        "page"
    };
    let server = serve(Router::new().route("/{*path}", get(page))).await;
    let fetcher = Arc::new(Fetcher::new(settings()));
    let mut reads = tokio::task::JoinSet::new();
    for index in 0..8 {
        let (fetcher, source) = (Arc::clone(&fetcher), source(&format!("{}/{index}", server.url)));
        reads.spawn(async move { fetcher.read(&source, None, chrono::DateTime::UNIX_EPOCH).await.unwrap() });
    }
    assert_eq!(reads.join_all().await.len(), 8);
    assert_eq!(most.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_host_that_asks_for_time_gets_it() {
    let busy = || async { (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "120")], "busy") };
    let server = serve(Router::new().route("/", get(busy))).await;
    let fetcher = Fetcher::new(settings());
    let source = source(&server.url);
    let answer = fetcher.read(&source, None, chrono::DateTime::UNIX_EPOCH).await.unwrap();
    assert_eq!(answer.retry_after, Some(Duration::from_secs(120)));
    let paused = fetcher.read(&source, None, chrono::DateTime::UNIX_EPOCH).await;
    assert!(matches!(paused, Err(FetchError::Paused { .. })), "{paused:?}");
}

#[tokio::test]
async fn a_source_with_a_proxy_is_asked_for_through_it() {
    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 7\r\nconnection: close\r\n\r\nproxied";
    let (proxy, mut asked) = answer_raw(answer, false).await;
    let mut source = source("http://agency.test/list");
    source.request.proxy = Some(proxy.url.parse().unwrap());
    assert_eq!(read_with(settings(), &source).await.unwrap().body.bytes(), "proxied");
    assert!(asked.recv().await.unwrap().starts_with("GET http://agency.test/list HTTP/1.1\r\n"));
}
