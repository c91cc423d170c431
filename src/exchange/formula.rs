//! Cells that no spreadsheet takes for a formula (OWASP, CSV injection): texts of others go out in tables.
//!
//! What begins like one gets an apostrophe before it, which spreadsheets show as nothing; what comes in loses it.

/// With these a formula begins, or what some programs make one of.
const BEGINNINGS: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// A text as it may stand in a cell.
pub(super) fn safe(text: &str) -> String {
    if is_guarded(text.trim_start_matches('\'')) { format!("'{text}") } else { text.to_owned() }
}

/// The text of a cell that went out by [`safe`].
pub(super) fn restored(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(text) if is_guarded(text.trim_start_matches('\'')) => text,
        _ => cell,
    }
}

/// Whether a text would be taken for a formula, its apostrophes apart.
fn is_guarded(text: &str) -> bool {
    text.starts_with(BEGINNINGS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_like_a_formula_is_none_in_a_cell_and_comes_back() {
        for (text, cell) in [
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-", "'-"),
            ("@x", "'@x"),
            ("\t=1", "'\t=1"),
            ("'=1", "''=1"),
            ("'Aisha", "'Aisha"),
            ("", ""),
            ("a=b", "a=b"),
        ] {
            assert_eq!((safe(text).as_str(), restored(cell)), (cell, text));
        }
    }
}
