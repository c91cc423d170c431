//! One hostile source among good ones: its read fails, within bounded memory and time, and the others
//! are read as ever.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::response::Redirect;
use axum::routing::get;
use tokio_util::io::ReaderStream;
use tower_http::compression::CompressionLayer;

use super::home::{list_source, run};
use super::{HIKVISION, HUAWEI, Home, Site, ZTE, covered_list};

/// So much address space is enough for everything honest, and less than any bomb wants.
const ADDRESS_SPACE_KIB: &str = "3000000";

const ITEM: &str = "<item/>";

/// What is wrong with each hostile page, by its path and the kind that reads it, and how its read ends.
const HOSTILE: &[(&str, &str, &str)] = &[
    ("bomb", "feed", "is larger than"),
    ("endless", "feed", "is larger than"),
    ("raw", "feed", "structure"),
    ("away/0", "feed", "redirects"),
    ("dripping", "feed", "within"),
    ("nested", "page-text", "nested"),
    ("nested-feed", "feed", "nested"),
    ("entities", "feed", "entities"),
    ("million", "feed", "items"),
    ("attributes", "page-text", "tag"),
];

fn feed(items: &str) -> String {
    format!("<?xml version='1.0'?><rss version='2.0'><channel><title>t</title>{items}</channel></rss>")
}

/// Entities that stand for four of the one before, thirty times over.
fn entities() -> String {
    let levels = (1..30).map(|level| {
        let below = level - 1;
        format!("<!ENTITY e{level} '&e{below};&e{below};&e{below};&e{below};'>")
    });
    let kind = format!("<!DOCTYPE rss [<!ENTITY e0 'boom'>{}]>", levels.collect::<String>());
    kind + &feed("<item><guid>1</guid><title>x &e29;</title></item>")
}

/// One byte at a time, for ever.
fn dripping() -> Body {
    let (mut drops, body) = tokio::io::duplex(1);
    let mut task = tokio::task::JoinSet::new();
    task.spawn(async move {
        let mut clock = tokio::time::interval(Duration::from_millis(50));
        while tokio::io::AsyncWriteExt::write_all(&mut drops, b"x").await.is_ok() {
            clock.tick().await;
        }
    });
    task.detach_all();
    Body::from_stream(ReaderStream::new(body))
}

fn hostile() -> Router {
    let html = |body: String| move || async move { ([(CONTENT_TYPE, "text/html")], body) };
    let xml = |body: String| move || async move { ([(CONTENT_TYPE, "application/xml")], body) };
    Router::new()
        .route("/bomb", get(|| async { vec![b' '; 256 << 20] }))
        .layer(CompressionLayer::new())
        .route("/endless", get(|| async { Body::from_stream(ReaderStream::new(tokio::io::repeat(b' '))) }))
        // Twice encoded: what is not undone is no feed.
        .route("/raw", get(|| async { ([(CONTENT_ENCODING, "gzip, gzip")], vec![0x1f_u8; 4096]) }))
        .route(
            "/away/{number}",
            get(|Path(number): Path<u64>| async move { Redirect::to(&format!("/away/{}", number + 1)) }),
        )
        .route("/dripping", get(|| async { dripping() }))
        .route("/nested", get(html("<div>".repeat(40_000))))
        .route("/nested-feed", get(xml(feed(&"<x>".repeat(40_000)))))
        .route("/entities", get(xml(entities())))
        .route("/million", get(xml(feed(&ITEM.repeat(1_000_000)))))
        .route(
            "/attributes",
            get(html(format!("<p {}>", (0..200_000).map(|n| format!("a{n} ")).collect::<String>()))),
        )
}

fn source(origin: &str, path: &str, kind: &str) -> String {
    let id = path.replace('/', "-");
    let keep = if kind == "page-text" { "keep = [\"body\"]\n" } else { "" };
    format!(
        "[[source]]\nid = \"{id}\"\nkind = \"{kind}\"\ntitle = \"{id}\"\nurl = \"{origin}/{path}\"\nschedule = \"@daily\"\n{keep}\n"
    )
}

#[test]
fn a_hostile_source_fails_alone_within_bounded_memory_and_time() {
    let site = Site::start();
    site.page("/list", covered_list(&[HUAWEI, ZTE, HIKVISION]));
    let origin = Site::serve(hostile());
    let hostile: String = HOSTILE.iter().map(|(path, kind, _)| source(&origin, path, kind)).collect();
    let home = Home::with_sources(&format!("{hostile}{}", list_source(&site.url)));
    home.amend(
        "host_interval = \"0s\"",
        "host_interval = \"0s\"\ntotal_timeout = \"3s\"\nmax_body = \"8 MiB\"",
    );
    let mut limited = std::process::Command::new("sh");
    limited.args(["-c", &format!("ulimit -v {ADDRESS_SPACE_KIB}; exec \"$@\""), "sh"]);
    let program = home.program();
    limited.arg(program.get_program()).args(program.get_args()).env("NO_COLOR", "1");
    let began = std::time::Instant::now();
    let report = run(limited.args(["check", "now", "--json"])).expect(4).json();
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
    let reports = report["sources"].as_array().unwrap();
    for ((path, _, words), report) in HOSTILE.iter().zip(reports) {
        let (verdict, reason) = (&report["verdict"], report["reason"].as_str().unwrap_or_default());
        assert_ne!(verdict, "good", "{path}: {report}");
        assert!(reason.contains(words), "{path}: {report}");
    }
    let good = &reports[HOSTILE.len()];
    assert_eq!((&good["verdict"], &good["entries"]), (&"good".into(), &3.into()), "{good}");
}
