//! A body in the form in which its extractor reads it: a file out of a ZIP, the text of a PDF.

use bytes::Bytes;

use super::extraction::in_time;
use crate::convert::{member_of, pdf_text};
use crate::domain::source::{Source, SourceKind};
use crate::domain::text::error_chain;
use crate::domain::verdict::Unreadable;

/// Why there is no such form.
pub(super) enum Unconverted {
    /// The body is at fault.
    Body(Unreadable),
    /// This machine is.
    Machine(String),
}

/// A packed file may be larger than its ZIP; a source whose `max_body` is more may hold more.
const MAX_UNPACKED_BYTES: usize = 64 << 20;

/// The body as its extractor reads it, and its content type where that still says something.
pub(super) async fn readable(
    source: &Source,
    body: Bytes,
    content_type: Option<String>,
) -> Result<(Bytes, Option<String>), Unconverted> {
    let (body, content_type) = match &source.request.member {
        Some(pattern) => (unpacked(source, body, pattern).await?, None),
        None => (body, content_type),
    };
    match &source.kind {
        SourceKind::PdfText(_) => {
            let text = pdf_text(&body).await.map_err(|error| {
                let said = error_chain(&error);
                if error.is_of_body() { of_body("a PDF", said) } else { Unconverted::Machine(said) }
            })?;
            Ok((text, Some("text/plain; charset=utf-8".to_owned())))
        }
        _ => Ok((body, content_type)),
    }
}

async fn unpacked(source: &Source, body: Bytes, pattern: &str) -> Result<Bytes, Unconverted> {
    let limit = source.request.max_body_bytes.unwrap_or_default().max(MAX_UNPACKED_BYTES);
    let wanted = pattern.to_owned();
    let found = in_time(move || member_of(&body, &wanted, limit)).await.map_err(Unconverted::Machine)?;
    found.map(Bytes::from).map_err(|error| of_body(&format!("a ZIP with {pattern:?}"), error_chain(&error)))
}

fn of_body(expected: &str, found: String) -> Unconverted {
    Unconverted::Body(Unreadable::Unexpected { what: format!("the body (expected {expected})"), found })
}
