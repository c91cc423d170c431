//! The least that a program can do to know whether pages changed: ask, hash, compare. A measure for
//! `benches/peers.py`, which runs it as `bare URLS STATE`; it says which addresses gave another body than last time.

#![allow(clippy::expect_used, clippy::print_stdout, reason = "a measure, not a part of the program")]

use std::collections::HashMap;
use std::fmt::Write as _;

use futures_util::{StreamExt as _, stream};
use sha2::{Digest as _, Sha256};

/// What is known of an address: its tag and the hash of its body.
type Known = HashMap<String, (String, String)>;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [urls, state] = &arguments[..] else {
        println!("this is run by benches/peers.py");
        return;
    };
    let urls = std::fs::read_to_string(urls).expect("a file of addresses");
    let before = known(&std::fs::read_to_string(state).unwrap_or_default());
    // There must be one, although nothing here is encrypted.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().expect("a client");
    let read = stream::iter(urls.lines())
        .map(|url| read(&client, url, before.get(url)))
        .buffer_unordered(20)
        .collect::<Vec<_>>()
        .await;
    let mut lines = String::new();
    for (url, tag, hash) in read {
        if before.get(url).is_some_and(|(_, known)| *known != hash) {
            println!("{url}");
        }
        writeln!(lines, "{url}\t{tag}\t{hash}").expect("a string");
    }
    std::fs::write(state, lines).expect("the state is written");
}

fn known(state: &str) -> Known {
    let lines = state.lines().map(|line| line.splitn(3, '\t').map(str::to_owned).collect::<Vec<_>>());
    lines
        .filter_map(|line| <[String; 3]>::try_from(line).ok())
        .map(|[url, tag, hash]| (url, (tag, hash)))
        .collect()
}

async fn read<'a>(
    client: &reqwest::Client,
    url: &'a str,
    known: Option<&(String, String)>,
) -> (&'a str, String, String) {
    let mut request = client.get(url);
    if let Some((tag, _)) = known.filter(|(tag, _)| !tag.is_empty()) {
        request = request.header("if-none-match", tag);
    }
    let mut answer = request.send().await.expect("an answer");
    if let Some((tag, hash)) = known.filter(|_| answer.status() == 304) {
        return (url, tag.clone(), hash.clone());
    }
    let tag = answer.headers().get("etag").and_then(|tag| tag.to_str().ok()).unwrap_or_default().to_owned();
    let mut hasher = Sha256::new();
    while let Some(part) = answer.chunk().await.expect("a body") {
        hasher.update(&part);
    }
    let hash = hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    (url, tag, hash)
}
