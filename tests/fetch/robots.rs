//! What a host's robots.txt allows is read, and nothing else.

use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Redirect;
use axum::routing::get;
use regwatch::domain::source::Source;
use regwatch::fetch::{FetchError, Fetcher};
use regwatch::settings::FetchSettings;

use crate::server::{Server, serve};
use crate::{settings, source};

/// A source that heeds robots.txt.
fn heeding(url: &str) -> Source {
    let mut source = source(url);
    source.request.ignores_robots = None;
    source
}

async fn read_by(fetcher: &Fetcher, source: &Source) -> Result<u16, FetchError> {
    fetcher.read(source, None, chrono::DateTime::UNIX_EPOCH).await.map(|answer| answer.status)
}

async fn read(source: &Source) -> Result<u16, FetchError> {
    read_by(&Fetcher::new(settings()), source).await
}

const RULES: &str = "User-agent: *\nDisallow: /private\n";

/// A host whose robots.txt answers as told; how often it was asked for is counted.
async fn host(status: &Arc<AtomicU16>, asked: &Arc<AtomicUsize>) -> Server {
    let (status, asked) = (Arc::clone(status), Arc::clone(asked));
    let robots = move || async move {
        asked.fetch_add(1, Ordering::SeqCst);
        (StatusCode::from_u16(status.load(Ordering::SeqCst)).unwrap(), RULES)
    };
    serve(Router::new().route("/robots.txt", get(robots)).route("/{*path}", get(|| async { "page" }))).await
}

async fn host_answering(status: u16) -> Server {
    host(&Arc::new(AtomicU16::new(status)), &Arc::default()).await
}

#[tokio::test]
async fn a_page_that_is_disallowed_is_not_asked_for_and_the_line_is_told() {
    let server = host_answering(200).await;
    assert_eq!(read(&heeding(&format!("{}/list", server.url))).await.unwrap(), 200);
    let error = read(&heeding(&format!("{}/private/list?x=1", server.url))).await.unwrap_err();
    let expected = format!(
        "{0}/private/list?x=1 is not to be read by programs, says {0}/robots.txt in line 2: Disallow: /private; \
         the source's robots = {{ ignore = true, because = \"…\" }} ignores it",
        server.url
    );
    assert_eq!(error.to_string(), expected);
}

#[tokio::test]
async fn who_says_why_passes_over_it_and_does_not_even_ask() {
    let asked = Arc::new(AtomicUsize::new(0));
    let server = host(&Arc::new(AtomicU16::new(200)), &asked).await;
    let mut source = heeding(&format!("{}/private", server.url));
    source.request.ignores_robots = Some("the host publishes it for programs".into());
    assert_eq!(read(&source).await.unwrap(), 200);
    assert_eq!(asked.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_host_without_rules_forbids_nothing_and_one_that_cannot_tell_them_everything() {
    for (status, is_read) in [(404, true), (403, true), (410, true), (500, false), (503, false)] {
        let server = host_answering(status).await;
        let read = read(&heeding(&format!("{}/private", server.url))).await;
        assert_eq!(read.is_ok(), is_read, "{status}: {read:?}");
        if !is_read {
            assert!(matches!(read, Err(FetchError::RobotsUnread { .. })), "{read:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_rules_are_kept_for_a_day_and_the_last_copy_while_the_host_is_down() {
    let (status, asked) = (Arc::new(AtomicU16::new(200)), Arc::new(AtomicUsize::new(0)));
    let server = host(&status, &asked).await;
    let fetcher = Fetcher::new(FetchSettings { host_burst: 100, ..settings() });
    let (page, private) =
        (heeding(&format!("{}/list", server.url)), heeding(&format!("{}/private", server.url)));
    for _ in 0..3 {
        read_by(&fetcher, &page).await.unwrap();
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1, "asked once");
    status.store(500, Ordering::SeqCst);
    tokio::time::advance(std::time::Duration::from_secs(86_401)).await;
    read_by(&fetcher, &page).await.unwrap();
    assert!(matches!(read_by(&fetcher, &private).await, Err(FetchError::Robots { .. })));
    assert_eq!(asked.load(Ordering::SeqCst), 2, "asked again after a day, then left alone for an hour");
    status.store(404, Ordering::SeqCst);
    tokio::time::advance(std::time::Duration::from_secs(3_601)).await;
    read_by(&fetcher, &private).await.unwrap();
}

#[tokio::test]
async fn a_redirect_leads_under_the_rules_of_the_host_it_leads_to() {
    let other = host_answering(200).await;
    let target = format!("{}/private/list", other.url);
    let router = Router::new()
        .route("/away", get(move || async move { Redirect::to(&target) }))
        .route("/within", get(|| async { Redirect::to("/private") }))
        .route("/robots.txt", get(|| async { RULES }));
    let server = serve(router).await;
    for path in ["away", "within"] {
        let refused = read(&heeding(&format!("{}/{path}", server.url))).await;
        assert!(matches!(refused, Err(FetchError::Robots { .. })), "{path}: {refused:?}");
    }
}

#[tokio::test]
async fn two_hosts_that_lead_to_each_other_do_not_hold_each_other_up() {
    /// A host whose pages lead to the other one, but for its end.
    async fn leading(to: Arc<OnceLock<String>>) -> Server {
        let away = move || async move { Redirect::to(to.get().unwrap()) };
        serve(Router::new().route("/end", get(|| async { "end" })).route("/away", get(away))).await
    }
    let (homeward, outward) = (Arc::new(OnceLock::new()), Arc::new(OnceLock::new()));
    let (here, there) = (leading(Arc::clone(&outward)).await, leading(Arc::clone(&homeward)).await);
    homeward.set(format!("{}/end", here.url)).unwrap();
    outward.set(format!("{}/end", there.url)).unwrap();
    let fetcher = Arc::new(Fetcher::new(settings()));
    let mut reads = tokio::task::JoinSet::new();
    for url in [&here.url, &there.url].repeat(8) {
        let (fetcher, source) = (Arc::clone(&fetcher), heeding(&format!("{url}/away")));
        reads.spawn(async move { read_by(&fetcher, &source).await.unwrap() });
    }
    assert_eq!(reads.join_all().await, [200; 16]);
}

#[tokio::test]
async fn a_robots_txt_may_stand_elsewhere_be_huge_and_gets_no_secrets() {
    async fn rules(headers: HeaderMap) -> String {
        assert!(headers.get("x-api-key").is_none() && headers.get(header::USER_AGENT).is_some());
        format!("{RULES}{}", "# nothing more\n".repeat(1 << 17))
    }
    let router = Router::new()
        .route("/robots.txt", get(|| async { Redirect::to("/rules/of/this/host") }))
        .route("/rules/of/this/host", get(rules))
        .route("/{*path}", get(|| async { "page" }));
    let server = serve(router).await;
    let mut page = heeding(&format!("{}/list", server.url));
    page.request.headers.insert("x-api-key".into(), "s3cret".into());
    assert_eq!(read(&page).await.unwrap(), 200);
    assert!(read(&heeding(&format!("{}/private", server.url))).await.is_err());
}
