//! What ends a read that would not end well by itself.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::response::Redirect;
use axum::routing::get;
use regwatch::fetch::{FetchError, ReadPhase};
use tokio::io::AsyncReadExt as _;
use tokio_util::io::ReaderStream;

use crate::server::{answer_endlessly, answer_raw, only, serve};
use crate::{read, read_with, settings, source};

/// Between two bytes of a body that drips.
const DROP: Duration = Duration::from_millis(20);

#[track_caller]
fn check_timeout(error: FetchError, expected: ReadPhase) {
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
    check_timeout(read_with(settings, &source(&server.url)).await.unwrap_err(), ReadPhase::Header);
}

#[tokio::test]
async fn a_body_that_stands_still_is_given_up() {
    let (server, _asked) = answer_raw(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc", true).await;
    let mut settings = settings();
    settings.idle_timeout = Duration::from_millis(200);
    check_timeout(read_with(settings, &source(&server.url)).await.unwrap_err(), ReadPhase::Idle);
}

#[tokio::test]
async fn the_whole_read_has_a_limit_of_its_own() {
    let (server, _asked) = answer_raw(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc", true).await;
    let mut settings = settings();
    settings.total_timeout = Duration::from_millis(200);
    check_timeout(read_with(settings, &source(&server.url)).await.unwrap_err(), ReadPhase::Total);
}

#[tokio::test]
async fn a_source_may_have_limits_of_its_own() {
    let large = Router::new().route("/", get(|| async { vec![b'a'; 2 << 20] }));
    let server = serve(large).await;
    let mut generous = source(&server.url);
    assert!(matches!(read(&server.url).await, Err(FetchError::TooLarge { .. })));
    generous.request.max_body_bytes = Some(2 << 20);
    assert_eq!(read_with(settings(), &generous).await.unwrap().body.len(), 2 << 20);
    generous.request.max_body_bytes = Some((2 << 20) - 1);
    let error = read_with(settings(), &generous).await.unwrap_err();
    assert!(matches!(error, FetchError::TooLarge { limit: 2_097_151, .. }), "{error:?}");

    let (still, _asked) = answer_raw(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc", true).await;
    let mut hasty = source(&still.url);
    hasty.request.total_timeout = Some(Duration::from_millis(200));
    check_timeout(read_with(settings(), &hasty).await.unwrap_err(), ReadPhase::Total);
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
async fn a_small_body_that_unpacks_to_a_huge_one_is_refused_in_every_encoding() {
    for encoding in ["gzip", "br", "zstd", "deflate"] {
        // Piece by piece: what is refused after a megabyte need not be compressed to its end.
        let zeros = || async { Body::from_stream(ReaderStream::new(tokio::io::repeat(0).take(64 << 20))) };
        let server = serve(Router::new().route("/", get(zeros)).layer(only(encoding))).await;
        let error = read(&server.url).await.unwrap_err();
        assert!(matches!(error, FetchError::TooLarge { limit: 1_048_576, .. }), "{encoding}: {error:?}");
    }
}

#[tokio::test]
async fn a_body_without_an_end_is_refused_whatever_length_it_claims() {
    let endless = || async { Body::from_stream(ReaderStream::new(tokio::io::repeat(b' '))) };
    let server = serve(Router::new().route("/", get(endless))).await;
    let error = read(&server.url).await.unwrap_err();
    assert!(matches!(error, FetchError::TooLarge { limit: 1_048_576, .. }), "{error:?}");
    let (server, _asked) =
        answer_endlessly(b"HTTP/1.1 200 OK\r\ncontent-length: 2147483648\r\n\r\n", b"<li>item", None).await;
    let error = read(&server.url).await.unwrap_err();
    assert!(matches!(error, FetchError::TooLarge { limit: 1_048_576, .. }), "{error:?}");
}

#[tokio::test]
async fn a_header_without_an_end_is_refused() {
    for line in [&b"x-more: and more\r\n"[..], b"and more ", b"\r\n"] {
        let (server, _asked) = answer_endlessly(b"HTTP/1.1 200 OK\r\nx-first: ", line, None).await;
        let error = read(&server.url).await;
        if line == b"\r\n" {
            // The header ends, and the line feeds are the body.
            assert!(matches!(error, Err(FetchError::TooLarge { .. })), "{error:?}");
        } else {
            assert!(matches!(error, Err(FetchError::Unreachable { .. })), "{error:?}");
        }
    }
}

#[tokio::test]
async fn a_body_of_single_bytes_is_given_up_when_the_time_is_over() {
    let (server, _asked) = answer_endlessly(b"HTTP/1.1 200 OK\r\n\r\n", b"x", Some(DROP)).await;
    let mut settings = settings();
    settings.total_timeout = Duration::from_millis(300);
    check_timeout(read_with(settings, &source(&server.url)).await.unwrap_err(), ReadPhase::Total);
}

#[tokio::test]
async fn redirects_without_an_end_are_followed_a_few_times() {
    let next = |Path(number): Path<u64>| async move { Redirect::to(&format!("/{}", number + 1)) };
    let server = serve(Router::new().route("/{number}", get(next))).await;
    let error = read(&format!("{}/0", server.url)).await.unwrap_err();
    assert!(matches!(error, FetchError::TooManyRedirects { limit: 3, .. }), "{error:?}");
}

#[tokio::test]
async fn nobody_there_is_told_with_the_address() {
    let free = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap().local_addr().unwrap();
    let error = read(&format!("http://{free}/list")).await.unwrap_err();
    let expected = format!("http://{free}/list could not be reached: Connection refused (os error 111)");
    assert_eq!(error.to_string(), expected);
}
