//! Reads as a WARC file (ISO 28500, WARC/1.1), for the programs that replay the web. Part of form 1: it follows from
//! the other members.
//!
//! A body is kept as it was after transfer and content decoding, so headers that say how it was sent are renamed, as
//! archives do: a reader would decode it again. A document of several answers is one record an answer, of which only
//! the body is known.

use std::fmt::Write as _;
use std::io::{self, Write};

use crate::domain::bundle;
use crate::domain::evidence::{ChainLine, ChainVerdict};
use crate::domain::id::BodyHash;

/// Headers that are not true any more of a body that was decoded.
const OF_TRANSFER: [&str; 3] = ["transfer-encoding", "content-encoding", "content-length"];

/// One read with what was received.
#[derive(Debug, Clone, Copy)]
pub(super) struct WarcRecord<'a> {
    /// Its line.
    pub(super) line: &'a ChainLine,
    /// Its headers' text.
    pub(super) headers: &'a str,
    /// The body.
    pub(super) body: &'a [u8],
}

impl WarcRecord<'_> {
    /// Whether a line is of a read that belongs into the file: an answer with a body of its own.
    pub(super) fn is_of(line: &ChainLine) -> bool {
        let has_body = matches!(line.verdict, ChainVerdict::Good | ChainVerdict::Suspect);
        has_body && line.status.is_some() && line.headers.is_some() && line.body.is_some()
    }

    /// Writes it.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        if let Some(Ok(parts)) = bundle::decode(self.body) {
            for (number, part) in parts.iter().enumerate() {
                let content_type = part.content_type.as_deref().unwrap_or("application/octet-stream");
                let head = self.head("resource", part.url.as_str(), &one_line(content_type), number);
                record(out, &head, &[], part.body)?;
            }
            return Ok(());
        }
        let mut http = format!("HTTP/1.1 {} \r\n", self.line.status.unwrap_or_default());
        for header in self.headers.lines() {
            let (name, value) = header.split_once(": ").unwrap_or((header, ""));
            let renamed = if OF_TRANSFER.contains(&name) { "x-archive-orig-" } else { "" };
            let _ = write!(http, "{renamed}{name}: {value}\r\n");
        }
        let _ = write!(http, "content-length: {}\r\n\r\n", self.body.len());
        let head = self.head("response", &self.line.url, "application/http; msgtype=response", 0);
        record(out, &head, http.as_bytes(), self.body)
    }

    fn head(&self, kind: &str, url: &str, content_type: &str, number: usize) -> String {
        let id = BodyHash::of(format!("{}/{number}", self.line.hash()).as_bytes());
        let id = id.as_str();
        let [a, b, c, d] = [&id[..8], &id[8..12], &id[13..16], &id[17..20]];
        format!(
            "WARC/1.1\r\nWARC-Type: {kind}\r\nWARC-Record-ID: <urn:uuid:{a}-{b}-8{c}-8{d}-{}>\r\n\
             WARC-Date: {}\r\nWARC-Target-URI: {}\r\nContent-Type: {content_type}\r\n",
            &id[20..32],
            self.line.at.format("%Y-%m-%dT%H:%M:%SZ"),
            one_line(url),
        )
    }
}

/// Writes the record that says what the file is.
///
/// # Errors
/// The system's.
pub(super) fn write_info(out: &mut dyn Write, first: &ChainLine) -> io::Result<()> {
    let line = WarcRecord { line: first, headers: "", body: b"" };
    let text = b"software: regwatch\r\nformat: WARC File Format 1.1\r\n";
    let head = line.head("warcinfo", "", "application/warc-fields", usize::MAX);
    let head: String = head.lines().filter(|line| !line.starts_with("WARC-Target-URI")).fold(
        String::new(),
        |mut head, line| {
            head.push_str(line);
            head.push_str("\r\n");
            head
        },
    );
    record(out, &head, &[], text)
}

fn record(out: &mut dyn Write, head: &str, block: &[u8], payload: &[u8]) -> io::Result<()> {
    let digest = BodyHash::of(payload);
    write!(
        out,
        "{head}WARC-Payload-Digest: sha256:{digest}\r\nContent-Length: {}\r\n\r\n",
        block.len() + payload.len()
    )?;
    out.write_all(block)?;
    out.write_all(payload)?;
    out.write_all(b"\r\n\r\n")
}

fn one_line(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).collect()
}
