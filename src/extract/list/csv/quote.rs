//! Whether every quoted field of delimited text ends where a field ends (RFC 4180).
//!
//! A quote that is never closed swallows rows until another field's quote seems to close it. The parser
//! goes on from there without a word, and the rows between are one cell.

use super::MAX_SHOWN_CHARS;
use crate::domain::text::{one_line, shorten};
use crate::domain::verdict::Unreadable;

/// # Errors
/// Names the line on which a quoted field begins that ends in the middle of a text.
pub(in crate::extract::list) fn check(
    text: &str,
    delimiter: u8,
    lines_above: usize,
) -> Result<(), Unreadable> {
    let bytes = text.as_bytes();
    let (mut at, mut line) = (0, lines_above + 1);
    while at < bytes.len() {
        if bytes[at] == b'"' {
            let (begins, first_line) = (at, line);
            at = end_of_quoted(bytes, at + 1, &mut line);
            if !is_end_of_field(bytes, at, delimiter) {
                return Err(stray(&text[begins..], first_line));
            }
        }
        // To the next field, or the next row, which some files end with CR alone.
        let is_inside = |byte: u8| byte != delimiter && !matches!(byte, b'\n' | b'\r');
        while at < bytes.len() && is_inside(bytes[at]) {
            at += 1;
        }
        let is_alone = bytes.get(at) == Some(&b'\r') && bytes.get(at + 1) != Some(&b'\n');
        line += usize::from(is_alone || bytes.get(at) == Some(&b'\n'));
        at += 1;
    }
    Ok(())
}

/// Where the text behind the closing quote begins.
fn end_of_quoted(bytes: &[u8], mut at: usize, line: &mut usize) -> usize {
    while at < bytes.len() {
        match bytes[at] {
            b'"' if bytes.get(at + 1) == Some(&b'"') => at += 2,
            b'"' => return at + 1,
            byte => {
                *line += usize::from(byte == b'\n');
                at += 1;
            }
        }
    }
    at
}

/// Whether nothing but blanks stands between here and the end of the field.
fn is_end_of_field(bytes: &[u8], at: usize, delimiter: u8) -> bool {
    let next = bytes[at..].iter().find(|byte| **byte == delimiter || !matches!(byte, b' ' | b'\t'));
    next.is_none_or(|byte| *byte == delimiter || matches!(byte, b'\r' | b'\n'))
}

fn stray(field: &str, line: usize) -> Unreadable {
    Unreadable::Unexpected {
        what: format!("the quoted field that begins on line {line} (expected it to end where a field ends)"),
        found: format!("{:?}", shorten(&one_line(field), MAX_SHOWN_CHARS)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_field_ends_where_a_field_ends() {
        for text in [
            "",
            "a,b\n",
            "\"a\",\"b, c\"\r\n\"d \"\"e\"\"\"\n",
            "a 5\" pipe,b\n",
            "\"a\" ,b",
            "\"a\nb\",c",
            "\"a",
        ] {
            assert_eq!(check(text, b',', 0), Ok(()), "{text:?}");
        }
    }

    #[test]
    fn a_quote_that_was_never_closed_is_named_by_its_line() {
        let error = check("Name,Country\nA,X\n\"B,X\nC,X\n\"D, Ltd\",X\n", b',', 1).unwrap_err().to_string();
        assert!(error.contains("begins on line 4") && error.contains("B,X C,X"), "{error}");
        assert!(check("\"a \\\"b\\\"\",c\n", b',', 0).is_err(), "a backslash escapes nothing here");
        assert!(check("a;\"b\";c\n\"d\"e;f\n", b';', 0).is_err());
    }
}
