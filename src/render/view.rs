//! Small texts that several mails have in common, already inert.

use super::flow::{Indent, wrap};
use crate::domain::text::{one_line, shorten};

/// What an operator says of a source's gaps is one line.
const MAX_MISSED_CHARS: usize = 300;

/// A line of a list in plain text.
pub(super) fn item(text: &str) -> String {
    wrap(text, Indent { first: "  * ", rest: "    " })
}

/// A list in plain text.
pub(super) fn items(lines: &[String]) -> String {
    lines.iter().map(|line| item(line)).collect::<Vec<_>>().join("\n")
}

/// The lines of a postal address, blank ones left out.
pub(super) fn postal_lines(address: Option<&str>) -> Vec<String> {
    address.unwrap_or_default().lines().map(one_line).filter(|line| !line.is_empty()).collect()
}

/// What never appears in a source, after its name.
pub(super) fn missed_on(source_title: &str, missed: &str) -> String {
    format!("{}: {}", shorten(&one_line(source_title), 80), shorten(&one_line(missed), MAX_MISSED_CHARS))
}
