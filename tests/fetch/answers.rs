//! What is taken in: statuses, encodings, redirects, conditional answers.

use axum::Router;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Redirect;
use axum::routing::get;
use regwatch::domain::snapshot::Validators;
use regwatch::fetch::FetchError;

use crate::server::{only, serve};
use crate::{read, read_known, settings, source};

const BODY: &str = "<rss><channel/></rss>";

#[tokio::test]
async fn every_encoding_we_ask_for_is_undone() {
    for encoding in ["gzip", "br", "zstd", "deflate"] {
        let long = BODY.repeat(100);
        let sent = long.clone();
        let router = Router::new().route("/", get(move || async move { sent })).layer(only(encoding));
        let server = serve(router).await;
        let answer = read(&server.url).await.unwrap();
        assert_eq!(answer.body.bytes(), long, "{encoding}");
        assert_eq!(answer.header("vary"), Some("accept-encoding"), "{encoding} was not used");
    }
}

#[tokio::test]
async fn known_validators_are_sent_and_304_is_an_answer() {
    async fn page(headers: HeaderMap) -> (StatusCode, &'static str) {
        let knows = headers.get(header::IF_NONE_MATCH).is_some_and(|etag| etag == "\"a1\"")
            && headers.get(header::IF_MODIFIED_SINCE).is_some_and(|at| at == "Mon, 02 Nov 2026 10:00:00 GMT");
        if knows { (StatusCode::NOT_MODIFIED, "") } else { (StatusCode::OK, BODY) }
    }
    let server = serve(Router::new().route("/", get(page))).await;
    let validators = Validators {
        etag: Some("\"a1\"".into()),
        last_modified: Some("Mon, 02 Nov 2026 10:00:00 GMT".into()),
        ..Validators::default()
    };
    let source = source(&server.url);
    assert_eq!(read_known(settings(), &source, Some(&validators)).await.unwrap().status, 304);
    assert_eq!(read_known(settings(), &source, None).await.unwrap().status, 200);
}

#[tokio::test]
async fn errors_of_the_server_are_answers_with_their_bodies() {
    let router = Router::new().route("/", get(|| async { (StatusCode::FORBIDDEN, "Access Denied") }));
    let server = serve(router).await;
    let answer = read(&server.url).await.unwrap();
    assert_eq!((answer.status, &answer.body[..]), (403, &b"Access Denied"[..]));
}

#[tokio::test]
async fn redirects_are_followed_and_the_last_address_is_told() {
    let router = Router::new()
        .route("/old", get(|| async { Redirect::permanent("/older#part") }))
        .route("/older", get(|| async { Redirect::to("new?x=1") }))
        .route("/new", get(|| async { BODY }))
        .route("/loop", get(|| async { Redirect::to("/loop") }));
    let server = serve(router).await;
    let answer = read(&format!("{}/old", server.url)).await.unwrap();
    assert_eq!(answer.url.as_str(), format!("{}/new?x=1", server.url));
    let endless = read(&format!("{}/loop", server.url)).await;
    assert!(matches!(endless, Err(FetchError::TooManyRedirects { limit: 3, .. })), "{endless:?}");
}

#[tokio::test]
async fn a_redirect_into_a_private_network_is_refused() {
    for private in [
        "http://127.0.0.2:1/",
        "//127.0.0.2:1/",
        "http://agency.test@127.0.0.2:1/",
        "http://0x7f000002:1/",
        "http://2130706434:1/",
        "http://127.2:1/",
        "http://0.0.0.0:1/",
        "http://[::ffff:10.0.0.1]/",
        "http://[64:ff9b::10.0.0.1]/",
        "http://169.254.169.254/latest",
    ] {
        let router = Router::new().route("/", get(move || async move { Redirect::to(private) }));
        let server = serve(router).await;
        let refused = read(&server.url).await;
        assert!(matches!(refused, Err(FetchError::PrivateAddress { .. })), "{private}: {refused:?}");
    }
}

#[tokio::test]
async fn a_name_that_leads_only_into_a_private_network_is_refused() {
    let mut settings = settings();
    settings.allow_private.clear();
    let refused = crate::read_with(settings, &source("http://localhost:9/")).await;
    assert!(matches!(refused, Err(FetchError::PrivateAddress { .. })), "{refused:?}");
}
