//! Bytes → text, by what the answer declares its encoding to be.

use std::borrow::Cow;
use std::sync::LazyLock;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use regex::Regex;
use regex::bytes::Regex as BytesRegex;

use super::Page;

/// As far into a body declarations are looked for; the HTML standard asks for 1,024 bytes,
/// but site templates put scripts before them.
const DECLARATION_BYTES: usize = 4096;

#[expect(clippy::expect_used, reason = "the pattern is a constant, exercised by every test")]
static HEADER: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"(?i);\s*charset\s*=\s*["']?([^\s"';]+)"#).expect("constant pattern"));

#[expect(clippy::expect_used, reason = "the pattern is a constant, exercised by every test")]
static XML: LazyLock<BytesRegex> = LazyLock::new(|| {
    BytesRegex::new(r#"^\s*<\?xml\s[^>]*?\bencoding\s*=\s*["']([A-Za-z0-9._:-]+)"#).expect("constant pattern")
});

#[expect(clippy::expect_used, reason = "the pattern is a constant, exercised by every test")]
static META: LazyLock<BytesRegex> = LazyLock::new(|| {
    BytesRegex::new(r#"(?i-u)<meta\s[^>]*?\bcharset\s*=\s*["']?\s*([a-z0-9._:-]+)"#)
        .expect("constant pattern")
});

/// The body as text, without a byte order mark. Malformed bytes become U+FFFD.
///
/// The first of these decides: byte order mark, `Content-Type`, XML declaration,
/// `<meta>`. Undeclared text is UTF-8 where it is valid UTF-8, since other text
/// hardly ever is, and else windows-1252, as the HTML standard has it.
pub(super) fn decode<'a>(page: &Page<'a>) -> Cow<'a, str> {
    // `decode` itself gives the byte order mark precedence over the encoding it is called on.
    encoding(page).decode(page.body).0
}

fn encoding(page: &Page<'_>) -> &'static Encoding {
    if let Some((encoding, _)) = Encoding::for_bom(page.body) {
        return encoding;
    }
    let head = &page.body[..page.body.len().min(DECLARATION_BYTES)];
    let in_header =
        || page.content_type.and_then(|value| HEADER.captures(value)).map(|found| found[1].to_owned());
    let in_head = |pattern: &BytesRegex| {
        pattern.captures(head).map(|found| String::from_utf8_lossy(&found[1]).into_owned())
    };
    let known = |label: &String| Encoding::for_label(label.as_bytes());
    if let Some(encoding) = in_header().as_ref().and_then(known) {
        return encoding;
    }
    let is_utf_8 = || std::str::from_utf8(page.body).is_ok();
    match in_head(&XML).or_else(|| in_head(&META)).as_ref().and_then(known) {
        // A declaration that could be read as ASCII cannot stand in UTF-16.
        Some(encoding) if encoding == UTF_16LE || encoding == UTF_16BE => UTF_8,
        // A browser saves a page as UTF-8 and leaves in it what it declared before.
        Some(encoding) if encoding == WINDOWS_1252 && in_head(&XML).is_none() && is_utf_8() => UTF_8,
        Some(encoding) => encoding,
        None if is_utf_8() => UTF_8,
        None => WINDOWS_1252,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(body: &[u8], content_type: Option<&str>, expected: &str) {
        let url = "https://agency.test/".parse().unwrap();
        assert_eq!(decode(&Page { body, content_type, url: &url }), expected);
    }

    #[test]
    fn the_strongest_declaration_decides() {
        check(b"\xef\xbb\xbf\xc3\xa9", Some("text/html; charset=iso-8859-1"), "é");
        check(b"\xff\xfeA\0", None, "A");
        check(b"\xe9", Some("text/html; Charset=\"ISO-8859-1\""), "é");
        check(b"\xc3\xa9", Some("text/html;charset=utf-8"), "é");
        check(
            b"<?xml version='1.0' encoding='ISO-8859-1'?><a>\xe9</a>",
            Some("text/xml"),
            "<?xml version='1.0' encoding='ISO-8859-1'?><a>é</a>",
        );
        check(b"<META charset=gbk>\xba\xa3", None, "<META charset=gbk>海");
        check(
            b"<meta http-equiv=\"Content-Type\" content=\"text/html; charset=big5\">\xae\xfc",
            None,
            "<meta http-equiv=\"Content-Type\" content=\"text/html; charset=big5\">海",
        );
    }

    #[test]
    fn a_page_that_was_saved_as_utf_8_is_read_as_such() {
        check("<meta charset=iso-8859-1>“é”".as_bytes(), None, "<meta charset=iso-8859-1>“é”");
        check(b"<meta charset=iso-8859-1>\xe9", None, "<meta charset=iso-8859-1>é");
        check("é".as_bytes(), Some("text/html; charset=iso-8859-1"), "Ã©");
    }

    #[test]
    fn undeclared_text_is_utf_8_where_it_can_be() {
        check("“é”".as_bytes(), None, "“é”");
        check(b"\x93\xe9\x94", None, "“é”");
        check(b"", None, "");
    }

    #[test]
    fn unknown_and_impossible_declarations_are_passed_over() {
        check(b"<meta charset=klingon>\xc3\xa9", None, "<meta charset=klingon>é");
        check(
            b"<meta charset=utf-16>\xc3\xa9",
            Some("text/html; charset=nonsense"),
            "<meta charset=utf-16>é",
        );
    }

    #[test]
    fn malformed_bytes_do_not_spoil_the_rest() {
        check(b"a\xffb", Some("text/html; charset=utf-8"), "a\u{fffd}b");
    }
}
