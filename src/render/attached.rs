//! The evidence of a mail's changes as a file: whole hashes and times in UTC, for whoever has no page to look at.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use super::notice::{Notice, ReportedChange};
use super::rendered::{Attachment, RenderError};
use crate::domain::change::Evidence;

/// The name of the file with the evidence.
pub(super) const EVIDENCE_FILE: &str = "evidence.json";

#[derive(Serialize)]
struct AttachedProof<'a> {
    change: &'a str,
    kind: String,
    source: &'a str,
    source_title: &'a str,
    entry: &'a str,
    found_at: String,
    now: AttachedState<'a>,
    #[serde(rename = "before")]
    earlier: AttachedState<'a>,
}

#[derive(Serialize)]
struct AttachedState<'a> {
    url: &'a str,
    read_at: String,
    http_status: u16,
    sha256: &'a str,
}

/// The evidence of all that a mail tells; nothing for a mail that tells nothing.
///
/// # Errors
/// What serialising says.
pub(super) fn evidence(notice: &Notice) -> Result<Option<Attachment>, RenderError> {
    if notice.told.is_empty() {
        return Ok(None);
    }
    let proofs: Vec<AttachedProof> = notice.told.iter().map(proof).collect();
    let mut bytes = serde_json::to_vec_pretty(&serde_json::json!({ "changes": proofs }))?;
    bytes.push(b'\n');
    Ok(Some(Attachment { name: EVIDENCE_FILE, media_type: "application/json", bytes }))
}

fn proof<'a>(told: &'a ReportedChange) -> AttachedProof<'a> {
    let change = told.change;
    AttachedProof {
        change: change.id.as_str(),
        kind: change.entry.kind.to_string(),
        source: change.source.as_str(),
        source_title: &change.source_title,
        entry: &change.entry.title,
        found_at: utc(change.found_at),
        now: state(&change.evidence),
        earlier: state(&change.previous),
    }
}

fn state(evidence: &Evidence) -> AttachedState<'_> {
    AttachedState {
        url: &evidence.url,
        read_at: utc(evidence.read_at),
        http_status: evidence.status,
        sha256: evidence.sha256.as_str(),
    }
}

fn utc(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
