//! JSON answers.

use serde::de::DeserializeOwned;

use super::charset::decode;
use super::xml::unexpected;
use super::{RawDocument, limits, list, title};
use crate::domain::text::shorten;
use crate::domain::verdict::Unreadable;

/// So much of an answer that is no JSON is told.
const MAX_SHOWN_CHARS: usize = 40;

/// Reads an answer as JSON of a certain form; the parser itself bounds its depth.
///
/// # Errors
/// Where it is not JSON, with what came in its place, or does not have the form.
pub(super) fn parse<T: DeserializeOwned>(page: &RawDocument<'_>) -> Result<T, Unreadable> {
    let text = decode(page);
    let text = text.trim_start_matches('\u{feff}').trim();
    if !text.starts_with(['{', '[']) {
        return Err(unexpected("the JSON", &found(page, text)));
    }
    limits::check_parts("values", list::json::values(text))?;
    serde_json::from_str(text).map_err(|error| unexpected("the JSON", &error))
}

/// JSON addresses answer with HTML where something is wrong.
fn found(page: &RawDocument<'_>, text: &str) -> String {
    match title(page) {
        Some(title) => format!("an HTML page titled {:?}", shorten(&title, MAX_SHOWN_CHARS)),
        None if text.is_empty() => "nothing".to_owned(),
        None => format!("{:?}", shorten(text, MAX_SHOWN_CHARS)),
    }
}
