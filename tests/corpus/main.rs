//! The extractors against captures of the real sources.
//!
//! The captures are not part of the repository: most belong to others. They are
//! looked for beside it, or where `REGWATCH_CORPUS` says; without them these
//! tests pass with a note, except in CI, which must have them.

#![expect(clippy::unwrap_used, reason = "a capture that cannot be read is a failed test")]
#![expect(clippy::print_stdout, reason = "how much was read, and how far it agrees, is a figure to be shown")]

mod backtest;
mod blocked;
mod configured;
mod docket;
mod docket_feed;
mod fcc;
mod labelled;
#[path = "../left_out/mod.rs"]
mod left_out;
mod lists;
mod page_versions;
mod rules;

use std::path::PathBuf;

use chrono::DateTime;
use regwatch::domain::id::BodyHash;
use regwatch::domain::noise::Noise;
use regwatch::domain::response::ResponseMeta;
use regwatch::domain::source::{RequestSettings, Source, SourceKind};
use url::Url;

use self::left_out::left_out;

/// The folder of captures, if it is there.
///
/// # Panics
/// Where `CI` is `true` and it is not.
fn corpus() -> Option<PathBuf> {
    let folder = std::env::var_os("REGWATCH_CORPUS").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/corpus")),
        PathBuf::from,
    );
    if folder.is_dir() {
        return Some(folder);
    }
    left_out("captures of the real sources", &format!("{} is not a folder", folder.display()));
    None
}

/// A source of the given kind with that kind's defaults.
fn source(kind: SourceKind, url: &str) -> Source {
    Source {
        id: "source".parse().unwrap(),
        title: "A source".to_owned(),
        url: url.parse().unwrap(),
        schedule: "@hourly".parse().unwrap(),
        timezone: chrono_tz::UTC,
        companies: Vec::new(),
        guard: kind.default_guard(),
        noise: Noise::of(kind.default_noise()),
        request: RequestSettings::default(),
        stale_after: None,
        quiet_after: None,
        misses: None,
        catalogue: regwatch::domain::catalogue::Catalogue::default(),
        listing: None,
        kind,
    }
}

/// The facts of an answer, as far as comparing needs them.
fn read_of(url: &Url, status: u16, body: &[u8]) -> ResponseMeta {
    ResponseMeta {
        read_at: DateTime::UNIX_EPOCH,
        url: url.to_string(),
        status,
        headers: Vec::new(),
        sha256: BodyHash::of(body),
        body_bytes: body.len() as u64,
    }
}
