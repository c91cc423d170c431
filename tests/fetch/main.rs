//! Asking real servers on this machine: what is sent, what is taken, what is refused.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod answers;
mod browser;
#[path = "../left_out/mod.rs"]
mod left_out;
mod limits;
mod manners;
mod parts;
mod robots;
mod server;

use std::collections::BTreeMap;
use std::time::Duration;

use regwatch::domain::noise::Noise;
use regwatch::domain::snapshot::Validators;
use regwatch::domain::source::{RequestSettings, Source, SourceKind};
use regwatch::fetch::{FetchError, FetchResponse, Fetcher};
use regwatch::settings::FetchSettings;

/// Limits short enough to be met in a test, with this machine allowed.
fn settings() -> FetchSettings {
    FetchSettings {
        contact: "ops@tracker.example".into(),
        only_here: None,
        allow_private: vec!["127.0.0.1".parse().unwrap()],
        connect_timeout: Duration::from_secs(2),
        header_timeout: Duration::from_secs(5),
        idle_timeout: Duration::from_secs(5),
        total_timeout: Duration::from_secs(10),
        max_body_bytes: 1 << 20,
        max_redirects: 3,
        concurrency: 4,
        host_interval: Duration::ZERO,
        host_burst: 1,
        max_freshness: Duration::from_secs(3600),
        full_read_every: 24,
        headers: BTreeMap::new(),
        proxy: None,
        authorities: None,
        browser: None,
    }
}

/// A source that is asked for without a look at the host's rules first.
fn source(url: &str) -> Source {
    let kind = SourceKind::Feed;
    Source {
        id: "under-test".parse().unwrap(),
        title: "Under test".into(),
        url: url.parse().unwrap(),
        guard: kind.default_guard(),
        kind,
        schedule: "* * * * *".parse().unwrap(),
        timezone: chrono_tz::UTC,
        companies: Vec::new(),
        noise: Noise::default(),
        request: RequestSettings {
            ignores_robots: Some("a test of something else".into()),
            ..RequestSettings::default()
        },
        stale_after: None,
        quiet_after: None,
        misses: None,
        catalogue: regwatch::domain::catalogue::Catalogue::default(),
        listing: None,
    }
}

async fn read_with(settings: FetchSettings, source: &Source) -> Result<FetchResponse, FetchError> {
    read_known(settings, source, None).await
}

async fn read_known(
    settings: FetchSettings,
    source: &Source,
    validators: Option<&Validators>,
) -> Result<FetchResponse, FetchError> {
    let now = "2026-11-23T10:00:00Z".parse().unwrap();
    Fetcher::new(settings).read(source, validators, now).await
}

async fn read(url: &str) -> Result<FetchResponse, FetchError> {
    read_with(settings(), &source(url)).await
}
