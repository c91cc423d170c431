//! Pages in a real browser: what scripts make of them is read, and the browser is kept apart.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::Query;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, Redirect};
use axum::routing::get;
use regwatch::fetch::{FetchError, FetchResponse, ReadPhase};
use regwatch::settings::{BrowserSettings, FetchSettings};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::left_out::left_out;
use crate::server::serve;
use crate::{read_with, settings, source};

/// A Chromium, if there is one.
fn chromium() -> Option<PathBuf> {
    let found = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]
        .into_iter()
        .map(PathBuf::from)
        .find(|program| program.is_file());
    if found.is_none() {
        left_out("pages in a browser", "no Chromium is installed");
    }
    found
}

fn with(program: PathBuf) -> FetchSettings {
    let timeout = Duration::from_secs(60);
    FetchSettings {
        browser: Some(BrowserSettings { program, timeout, max_memory_bytes: 2 << 30 }),
        ..settings()
    }
}

async fn show(settings: FetchSettings, url: &str) -> Result<FetchResponse, FetchError> {
    let mut source = source(url);
    source.request.in_browser = true;
    read_with(settings, &source).await
}

fn text(answer: &FetchResponse) -> String {
    String::from_utf8_lossy(&answer.body).into_owned()
}

/// A page of these scripts.
fn scripted(script: &str) -> Html<String> {
    Html(format!(
        "<!DOCTYPE html><title>Scripts</title><body><p>Loading…</p><script>{script}</script></body>"
    ))
}

/// A page that asks for its rows and is done when they are there.
const ROWS: &str = "alert('Cookies?'); fetch('/rows').then(answer => answer.json()).then(rows => \
    document.body.innerHTML = '<table>' + rows.map(row => `<tr><td>${row}</td></tr>`).join('') + '</table>')";

#[tokio::test]
async fn what_scripts_make_of_a_page_is_read() {
    let Some(program) = chromium() else { return };
    let router = Router::new()
        .route("/old", get(|| async { Redirect::to("/list") }))
        .route("/list", get(|| async { ([("x-served-by", "agency"), ("etag", "\"1\"")], scripted(ROWS)) }))
        .route("/rows", get(|| async { r#"["Hangzhou Hikvision", "海康威视"]"# }));
    let server = serve(router).await;
    let answer = show(with(program), &format!("{}/old", server.url)).await.unwrap();
    assert!(
        text(&answer).contains("<td>Hangzhou Hikvision</td></tr><tr><td>海康威视</td>"),
        "{}",
        text(&answer)
    );
    assert_eq!((answer.status, answer.url.as_str()), (200, format!("{}/list", server.url).as_str()));
    assert_eq!(answer.header("x-served-by"), Some("agency"));
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(answer.header("etag"), None, "it is not of what scripts made of the page");
}

#[tokio::test]
async fn status_and_manners_are_those_of_any_read() {
    async fn refuse(headers: HeaderMap) -> (StatusCode, Html<String>) {
        let text =
            |name| headers.get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
        let said = format!("<p>{}</p><p>{}</p>", text("user-agent"), text("accept-language"));
        (StatusCode::FORBIDDEN, Html(said))
    }
    let Some(program) = chromium() else { return };
    let server = serve(Router::new().route("/", get(refuse))).await;
    let answer = show(with(program), &server.url).await.unwrap();
    assert_eq!(answer.status, 403);
    assert!(text(&answer).contains("Chrome/"), "{}", text(&answer));
    assert!(text(&answer).contains("regwatch/") && text(&answer).contains("+ops@tracker.example"));
    assert!(text(&answer).contains("<p>en-US"), "{}", text(&answer));
}

/// A server at an address that is not allowed; it counts who comes.
async fn trap() -> (u16, Arc<AtomicUsize>, JoinSet<()>) {
    let listener = TcpListener::bind(("127.0.0.2", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let caught = Arc::new(AtomicUsize::new(0));
    let (count, mut task) = (Arc::clone(&caught), JoinSet::new());
    task.spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            drop(stream);
        }
    });
    (port, caught, task)
}

#[tokio::test]
async fn nothing_on_a_page_leads_the_browser_into_a_private_network() {
    let Some(program) = chromium() else { return };
    let (port, caught, _task) = trap().await;
    let page = format!(
        "<!DOCTYPE html><title>Lure</title><link rel=preconnect href='http://127.0.0.2:{port}'>\
         <link rel=stylesheet href='http://127.0.0.2:{port}/a.css'><script src='//0x7f000002:{port}/a.js'></script>\
         <iframe src='http://2130706434:{port}/'></iframe><embed src='http://[::ffff:127.0.0.2]:{port}/'>\
         <script>\
         const places = ['http://127.0.0.2:{port}/', 'https://127.0.0.2:{port}/', 'http://localhost:{port}/', 'http://169.254.169.254/latest'];\
         new WebSocket('ws://127.0.0.2:{port}/'); navigator.sendBeacon(places[0], 'x');\
         const peer = new RTCPeerConnection({{iceServers: [{{urls: 'turn:127.0.0.2:{port}?transport=tcp', username: 'a', credential: 'b'}}]}});\
         peer.createDataChannel('x'); peer.createOffer().then(offer => peer.setLocalDescription(offer));\
         Promise.allSettled(places.map(place => fetch(place, {{mode: 'no-cors'}}))).then(all => \
             document.body.append(all.map(one => one.status).join(' ')));\
         </script><body></body>"
    );
    let server = serve(Router::new().route("/", get(move || async move { Html(page) }))).await;
    let answer = show(with(program.clone()), &server.url).await.unwrap();
    // The passage answers what is not encrypted itself: a refusal is an answer.
    assert!(text(&answer).contains("fulfilled rejected"), "{}", text(&answer));
    assert_eq!(caught.load(Ordering::SeqCst), 0);
    let mut allowing = with(program);
    allowing.allow_private.push("127.0.0.2".parse().unwrap());
    show(allowing, &server.url).await.unwrap();
    assert_ne!(caught.load(Ordering::SeqCst), 0, "the trap itself works");
}

#[tokio::test]
async fn a_page_that_leads_into_a_private_network_is_a_failed_read() {
    let Some(program) = chromium() else { return };
    let (port, caught, _task) = trap().await;
    let to = |Query(query): Query<std::collections::HashMap<String, String>>| async move {
        Redirect::to(&query["to"])
    };
    let go = move || async move { scripted(&format!("location.href = 'http://127.0.0.2:{port}/'")) };
    let server = serve(Router::new().route("/redirect", get(to)).route("/script", get(go))).await;
    for path in [
        format!("redirect?to=http://127.0.0.2:{port}/"),
        format!("redirect?to=https://127.0.0.2:{port}/"),
        "redirect?to=http://169.254.169.254/latest".to_owned(),
        "script".to_owned(),
    ] {
        let refused = show(with(program.clone()), &format!("{}/{path}", server.url)).await;
        assert!(matches!(refused, Err(FetchError::PrivateAddress { .. })), "{path}: {refused:?}");
    }
    let typed = show(with(program), &format!("http://127.0.0.2:{port}/")).await;
    assert!(matches!(typed, Err(FetchError::PrivateAddress { .. })), "{typed:?}");
    assert_eq!(caught.load(Ordering::SeqCst), 0);
}

/// Processes of a browser whose profile is gone, so that nobody will end them any more.
fn left_behind() -> Vec<String> {
    let processes = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let commands = processes.filter_map(|process| std::fs::read(process.path().join("cmdline")).ok());
    let profile = |command: Vec<u8>| {
        let command = String::from_utf8_lossy(&command).into_owned();
        let (_, profile) = command.split_once("--user-data-dir=")?;
        let profile = profile.split('\0').next()?.to_owned();
        (profile.contains("regwatch-browser-") && !PathBuf::from(&profile).exists()).then_some(profile)
    };
    commands.filter_map(profile).collect()
}

/// The same, once the system has had time to clear away what was killed a moment ago, here or in a
/// test beside this one.
fn left_behind_for_good() -> Vec<String> {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        let left = left_behind();
        if left.is_empty() || Instant::now() > end {
            return left;
        }
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

#[tokio::test]
async fn a_page_that_never_rests_or_takes_too_much_is_ended_with_all_its_processes() {
    let Some(program) = chromium() else { return };
    let router = Router::new()
        .route("/spinning", get(|| async { scripted("while (true) {}") }))
        .route(
            "/growing",
            get(|| async { scripted("const all = []; while (true) all.push(new Uint8Array(1e7).fill(1))") }),
        )
        .route("/writing", get(|| async { scripted("document.body.textContent = 'x'.repeat(5e6)") }));
    let server = serve(router).await;
    let mut settings = with(program);
    let limits = |timeout, max_memory_bytes, settings: &mut FetchSettings| {
        let browser = settings.browser.as_mut().unwrap();
        (browser.timeout, browser.max_memory_bytes) = (Duration::from_secs(timeout), max_memory_bytes);
    };
    limits(5, 2 << 30, &mut settings);
    let spinning = show(settings.clone(), &format!("{}/spinning", server.url)).await;
    assert!(matches!(spinning, Err(FetchError::Timeout { phase: ReadPhase::Total, .. })), "{spinning:?}");
    limits(60, 600 << 20, &mut settings);
    let growing = show(settings.clone(), &format!("{}/growing", server.url)).await.unwrap_err().to_string();
    assert!(growing.contains("fetch.browser_max_memory") || growing.contains("broke it"), "{growing}");
    let writing = show(settings, &format!("{}/writing", server.url)).await;
    assert!(matches!(writing, Err(FetchError::TooLarge { limit: 1_048_576, .. })), "{writing:?}");
    assert_eq!(left_behind_for_good(), Vec::<String>::new());
}

#[tokio::test]
async fn a_page_that_goes_on_asking_is_taken_as_it_stands_after_a_while() {
    let Some(program) = chromium() else { return };
    let script = "document.body.append('done'); const ask = () => fetch('/rows').then(ask); ask(); ask();";
    let router = Router::new()
        .route("/", get(move || async move { scripted(script) }))
        .route("/rows", get(|| async { "[]" }));
    let server = serve(router).await;
    let answer = show(with(program), &server.url).await.unwrap();
    assert!(text(&answer).contains("done"), "{}", text(&answer));
}

#[tokio::test]
async fn what_is_no_browser_is_told() {
    let server = serve(Router::new().route("/", get(|| async { "page" }))).await;
    let ended = show(with("/bin/true".into()), &server.url).await.unwrap_err().to_string();
    assert!(ended.contains("the browser could not show") && ended.contains("ended unexpectedly"), "{ended}");
    let none = show(settings(), &server.url).await.unwrap_err().to_string();
    assert!(none.contains("fetch.browser"), "{none}");
}
