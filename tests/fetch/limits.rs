//! What ends a read that would not end well by itself.

use std::time::Duration;

use axum::Router;
use axum::routing::get;
use regwatch::fetch::{FetchError, Phase};
use tower_http::compression::CompressionLayer;

use crate::server::{answer_raw, serve};
use crate::{read, read_with, settings, source};

#[track_caller]
fn check_timeout(error: FetchError, expected: Phase) {
    match error {
        FetchError::Timeout { phase, .. } => assert_eq!(phase, expected),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up() {
    let (server, _asked) = answer_raw(b"", true).await;
    let mut settings = settings();
    settings.header_timeout = Duration::from_millis(200);
    check_timeout(read_with(settings, &source(&server.url)).await.unwrap_err(), Phase::Header);
}

#[tokio::test]
async fn a_body_that_stands_still_is_given_up() {
    let (server, _asked) = answer_raw(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc", true).await;
    let mut settings = settings();
    settings.idle_timeout = Duration::from_millis(200);
    check_timeout(read_with(settings, &source(&server.url)).await.unwrap_err(), Phase::Idle);
}

#[tokio::test]
async fn the_whole_read_has_a_limit_of_its_own() {
    let (server, _asked) = answer_raw(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc", true).await;
    let mut settings = settings();
    settings.total_timeout = Duration::from_millis(200);
    check_timeout(read_with(settings, &source(&server.url)).await.unwrap_err(), Phase::Total);
}

#[tokio::test]
async fn a_body_that_breaks_off_is_no_body() {
    for bytes in [
        &b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n<table><tr>"[..],
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nabcde\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\nabcd",
    ] {
        let (server, _asked) = answer_raw(bytes, false).await;
        let error = read(&server.url).await.unwrap_err();
        assert!(matches!(error, FetchError::Body { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn a_small_body_that_unpacks_to_a_huge_one_is_refused() {
    let zeros = || async { vec![0u8; 64 << 20] };
    let router = Router::new().route("/", get(zeros)).layer(CompressionLayer::new());
    let server = serve(router).await;
    let error = read(&server.url).await.unwrap_err();
    assert!(matches!(error, FetchError::TooLarge { limit: 1_048_576, .. }), "{error:?}");
}

#[tokio::test]
async fn nobody_there_is_told_with_the_address() {
    let free = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap().local_addr().unwrap();
    let error = read(&format!("http://{free}/list")).await.unwrap_err();
    let expected = format!("http://{free}/list could not be reached: Connection refused (os error 111)");
    assert_eq!(error.to_string(), expected);
}
