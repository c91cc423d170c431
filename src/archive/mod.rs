//! Dated captures of a source, as others keep them: a folder, a WARC, a history in Git.
//!
//! Reads files and asks no site. What a capture means is for [`crate::check`] to find out, as of any answer.

mod folder;
mod git;
mod table;
mod warc;

use std::path::{Path, PathBuf};

use chrono::{DateTime, NaiveDate, Utc};
use url::Url;

use crate::domain::source::Source;

/// An answer as it was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchivedAnswer {
    /// The address that answered.
    pub url: Url,
    /// The HTTP status.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body after transfer and content decoding.
    pub body: Vec<u8>,
}

/// What a source said at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capture {
    /// When.
    pub at: DateTime<Utc>,
    /// What it is called in its archive.
    pub label: String,
    /// The answer of the source's own address.
    pub answer: ArchivedAnswer,
    /// Answers of other addresses that its document may need.
    pub further: Vec<ArchivedAnswer>,
}

/// Why an archive gives no captures.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// A file cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// Which.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// There is nothing dated in it.
    #[error("{path} holds no capture, expected {expected}")]
    Empty {
        /// Which.
        path: String,
        /// What was looked for.
        expected: String,
    },
    /// It is not what it seems to be.
    #[error("{path}: {reason}")]
    Broken {
        /// Which.
        path: String,
        /// What is wrong.
        reason: String,
    },
}

/// Which captures are wanted.
#[derive(Debug, Clone, Default)]
pub struct CaptureFilter {
    /// Of a history in Git, the file.
    pub path: Option<PathBuf>,
    /// From this day on (UTC). The last capture before it is what the first is compared with.
    pub from: Option<NaiveDate>,
    /// Until this day, inclusive.
    pub to: Option<NaiveDate>,
}

/// The captures of a source in an archive, the oldest first.
///
/// # Errors
/// [`ArchiveError`]; also where there is none.
pub fn read(place: &Path, source: &Source, wanted: &CaptureFilter) -> Result<Vec<Capture>, ArchiveError> {
    let mut captures = if wanted.path.is_some() {
        git::read(place, wanted.path.as_deref(), source)?
    } else if place.is_dir() {
        match folder::read(place, source)? {
            captures if captures.is_empty() && git::is_repository(place) => git::read(place, None, source)?,
            captures => captures,
        }
    } else {
        let body = std::fs::read(place).map_err(|error| unread(place, error))?;
        if warc::is_warc(&body) { warc::read(place, &body, source)? } else { git::read_file(place, source)? }
    };
    captures.sort_by(|a, b| (a.at, &a.label).cmp(&(b.at, &b.label)));
    let day = |capture: &Capture| capture.at.date_naive();
    captures.retain(|capture| wanted.to.is_none_or(|to| day(capture) <= to));
    let early =
        captures.iter().take_while(|capture| wanted.from.is_some_and(|from| day(capture) < from)).count();
    captures.drain(..early.saturating_sub(1));
    if captures.is_empty() {
        let expected = "files named YYYY-MM-DD.*, a WARC, or a Git repository with the file's history";
        return Err(ArchiveError::Empty { path: place.display().to_string(), expected: expected.to_owned() });
    }
    Ok(captures)
}

fn unread(path: &Path, source: std::io::Error) -> ArchiveError {
    ArchiveError::Read { path: path.display().to_string(), source }
}

fn broken(path: &Path, reason: impl Into<String>) -> ArchiveError {
    ArchiveError::Broken { path: path.display().to_string(), reason: reason.into() }
}

/// A body of which nothing is known but where it was read and how its file is called. Rows of a page's table that were
/// kept as CSV are a table again.
fn kept(source: &Source, place: &Path, name: &str, body: Vec<u8>) -> Result<ArchivedAnswer, ArchiveError> {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension).to_ascii_lowercase();
    let (extension, body) = match extension.as_str() {
        "csv" if table::is_shown_as_table(&source.kind) => ("html", table::as_table(place, &body)?),
        extension => (extension, body),
    };
    let content_type = match extension {
        "html" | "htm" => Some("text/html"),
        "csv" => Some("text/csv"),
        "json" => Some("application/json"),
        "xml" | "rss" | "atom" => Some("application/xml"),
        "pdf" => Some("application/pdf"),
        "xlsx" => Some("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        "txt" => Some("text/plain"),
        _ => None,
    };
    let headers = content_type.map(|kind| ("content-type".to_owned(), kind.to_owned()));
    Ok(ArchivedAnswer { url: source.url.clone(), status: 200, headers: headers.into_iter().collect(), body })
}
