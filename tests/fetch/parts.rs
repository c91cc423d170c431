//! Further parts of a document: under the same rules, with the same secret, to nobody else.

use axum::Router;
use axum::extract::RawQuery;
use axum::http::HeaderMap;
use axum::response::Redirect;
use axum::routing::get;
use regwatch::domain::source::Source;
use regwatch::domain::token::SourceToken;
use regwatch::fetch::{FetchError, FetchResponse, Fetcher};

use crate::server::serve;
use crate::{settings, source};

const SECRET: &str = "geheim+1";

/// Says how it was asked, the secret spelled so that it is not hidden.
async fn echo(RawQuery(query): RawQuery, headers: HeaderMap) -> String {
    let header = headers.get("authorization").map_or("", |value| value.to_str().unwrap());
    format!("{} {header}", query.unwrap_or_default()).replace("geheim", "GEHEIM")
}

fn with_token(url: &str, place: &str) -> Source {
    let mut source = source(url);
    source.request.token = Some(SourceToken::new(SECRET.into(), place.parse().unwrap()));
    source
}

async fn further(source: &Source, url: &str, read_bytes: usize) -> Result<FetchResponse, FetchError> {
    let (url, now) = (url.parse().unwrap(), "2026-11-23T10:00:00Z".parse().unwrap());
    Fetcher::new(settings()).read_further(source, &url, read_bytes, now).await
}

#[tokio::test]
async fn a_token_stands_in_its_header_or_parameter_and_in_no_address_told() {
    let server = serve(Router::new().route("/{*path}", get(echo))).await;
    let url = format!("{}/list?a=1", server.url);
    let source = with_token(&url, "?api_key={}");
    let answer = further(&source, &url, 0).await.unwrap();
    assert_eq!(answer.body.bytes(), "a=1&api_key=GEHEIM%2B1 ");
    assert_eq!(answer.url.as_str(), url);
    let source = with_token(&url, "Authorization: Token {}");
    assert_eq!(further(&source, &url, 0).await.unwrap().body.bytes(), "a=1 Token GEHEIM+1");
}

#[tokio::test]
async fn a_token_is_not_sent_to_another_host() {
    let other = serve(Router::new().route("/{*path}", get(echo))).await;
    let away = format!("{}/away", other.url);
    let router = Router::new()
        .route("/list", get(echo))
        .route("/leave", get(move || async move { Redirect::to(&away) }));
    let server = serve(router).await;
    for place in ["?api_key={}", "Authorization: Token {}"] {
        let source = with_token(&format!("{}/list", server.url), place);
        for url in [format!("{}/companion", other.url), format!("{}/leave", server.url)] {
            assert_eq!(further(&source, &url, 0).await.unwrap().body.bytes(), " ", "{place} {url}");
        }
    }
}

#[tokio::test]
async fn a_server_that_repeats_the_token_does_not_get_it_kept() {
    let repeat = |RawQuery(query): RawQuery| async move {
        Redirect::to(&format!("/list?page=1&{}", query.unwrap_or_default()))
    };
    let page = |RawQuery(query): RawQuery| async move {
        let query = query.unwrap_or_default();
        ([("x-asked", query.clone())], format!("{query} {SECRET}"))
    };
    let server = serve(Router::new().route("/", get(repeat)).route("/list", get(page))).await;
    let source = with_token(&format!("{}/", server.url), "?api_key={}");
    let answer = further(&source, source.url.as_str(), 0).await.unwrap();
    assert_eq!(answer.url.as_str(), format!("{}/list?page=1", server.url));
    assert_eq!(answer.header("x-asked"), Some("page=1&api_key=[redacted]"));
    assert_eq!(answer.body.bytes(), "page=1&api_key=[redacted] [redacted]");
}

#[tokio::test]
async fn an_error_does_not_tell_the_token() {
    let free = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap().local_addr().unwrap();
    let source = with_token(&format!("http://{free}/list"), "?api_key={}");
    let error = further(&source, source.url.as_str(), 0).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("http://{free}/list could not be reached: Connection refused (os error 111)")
    );
    assert!(!format!("{error:?}{source:?}").contains("geheim"), "{error:?}");
}

#[tokio::test]
async fn the_parts_of_a_document_share_one_limit() {
    let server = serve(Router::new().route("/", get(|| async { "x".repeat(1000) }))).await;
    let source = source(&server.url);
    let limit = settings().max_body_bytes;
    assert!(further(&source, source.url.as_str(), limit - 1000).await.is_ok());
    let refused = further(&source, source.url.as_str(), limit - 999).await;
    assert!(matches!(refused, Err(FetchError::TooLarge { limit: 1_048_576, .. })), "{refused:?}");
}
